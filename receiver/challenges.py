"""Challenges: what Slack sends to see that the address is ours, and wants back."""

from receiver import strict_json
from registry.presets import SLACK
from registry.source import Source

KIND = "url_verification"


def challenge(source: Source, body: bytes) -> str | None:
    """Return the challenge in a body of Slack's, or None.

    Source: https://docs.slack.dev/reference/events/url_verification
    """
    if source.preset != SLACK or KIND.encode() not in body:
        return None
    try:
        value = strict_json.parse(strict_json.decode(body))
    except ValueError:
        return None
    if not (isinstance(value, dict) and value.get("type") == KIND):
        return None
    found = value.get("challenge")
    return found if isinstance(found, str) else None
