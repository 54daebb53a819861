"""Challenges: what a sender asks back before it posts events."""

from receiver import strict_json


def slack_challenge(body: bytes) -> str | None:
    """Return the challenge in a request for verification of the address, which is to be sent back.

    Source: https://docs.slack.dev/reference/events/url_verification
    """
    if b"url_verification" not in body:
        return None
    try:
        value = strict_json.parse(strict_json.decode(body))
    except ValueError:
        return None
    if not (isinstance(value, dict) and value.get("type") == "url_verification"):
        return None
    challenge = value.get("challenge")
    return challenge if isinstance(challenge, str) else None
