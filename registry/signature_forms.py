"""Signature forms: how a sender signs, written as data, and read into what a verifier needs.

`signed` is a template of the signed bytes: text, with {id}, {timestamp} and {body}. `header_form` is one of
the header's value: text, with {signature}, and {timestamp} where the time is sent in the same header.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

DIGESTS = {"sha256": 32, "sha1": 20, "sha512": 64}
"""The sizes of digests in bytes."""
HEX, BASE64 = "hex", "base64"
LONGEST = 256
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TIMESTAMP = "([0-9]{1,12})"


@dataclass(frozen=True)
class SignatureForm:
    """How a sender signs.

    `names` are sets of headers, by what they hold: id, timestamp, signature; the first that is sent whole
    counts. `signatures` finds each signature in its header's value, `timestamps` the time if it is there.
    `signed` are the parts of the signed bytes: names of what is sent, and literal bytes. `encoding` and
    `template` say how a signature is written into the header.
    """

    names: tuple[Mapping[str, str], ...]
    signed: tuple[str | bytes, ...]
    signatures: re.Pattern[str]
    timestamps: re.Pattern[str] | None
    digest: str
    malformed: str
    encoding: str
    template: str

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Return the headers of its first set."""
        return tuple(self.names[0].values())

    @cached_property
    def has_time(self) -> bool:
        """Say whether a delivery says when it was sent."""
        return self.timestamps is not None or "timestamp" in self.names[0]


STANDARD = SignatureForm(
    names=tuple(
        {each: f"{prefix}-{each}" for each in ("id", "timestamp", "signature")}
        for prefix in ("webhook", "svix")
    ),
    signed=("id", b".", "timestamp", b".", "body"),
    signatures=re.compile(
        r"(?<![^ ])(?:v1,([A-Za-z0-9+/]{43}=)|v1a,([A-Za-z0-9+/]{86}==))(?![^ ])"
    ),
    timestamps=None,
    digest="sha256",
    malformed="holds no well-formed v1 or v1a signature",
    encoding=BASE64,
    template="v1,{signature}",
)
"""Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""


@lru_cache(maxsize=1024)
def hmac_form(
    header: str,
    prefix: str = "",
    *,
    signed: str | None = None,
    digest: str | None = None,
    encoding: str | None = None,
    header_form: str | None = None,
    timestamp_header: str | None = None,
) -> SignatureForm:
    """Return the form of an HMAC in a header; raises ValueError, with one line, for parts that don't fit.

    Without `header_form` the value is one signature or several, each of which `prefix` may precede.
    """
    digest, signed = digest or "sha256", signed or "{body}"
    names = {"signature": header}
    if timestamp_header:
        names["timestamp"] = timestamp_header
    parts = _signed(signed)
    value = _value(digest, encoding)
    if header_form is None:
        optional = rf"(?:{re.escape(prefix.strip())}[\s,]{{0,8}})?" if prefix.strip() else ""
        literals: dict[str, str] = {}
        signatures = _between(optional + value)
    else:
        literals = _literals(header_form)
        signatures = _between(literals["signature"] + value)
    timestamps = _between(literals["timestamp"] + _TIMESTAMP) if "timestamp" in literals else None
    if "timestamp" in parts and timestamps is None and not timestamp_header:
        raise ValueError(
            "{timestamp} is signed, but neither the header's form nor a timestamp header has it"
        )
    kind = {None: "neither a hex nor a base64", HEX: "no hex", BASE64: "no base64"}[encoding]
    malformed = f"is {kind} {digest.upper().replace('SHA', 'SHA-')} digest"
    if header_form is not None:
        malformed = f"holds no well-formed signature in the form {header_form}"
    template = prefix + "{signature}" if header_form is None else header_form
    return SignatureForm(
        (names,), parts, signatures, timestamps, digest, malformed, encoding or HEX, template
    )


def _signed(template: str) -> tuple[str | bytes, ...]:
    texts = _split(template, "what is signed", {"timestamp", "body"})
    if texts[1::2].count("body") != 1:
        raise ValueError("what is signed has {body} once")
    parts = [text if odd % 2 else text.encode() for odd, text in enumerate(texts)]
    return tuple(part for part in parts if part)


def _literals(template: str) -> dict[str, str]:
    """Return patterns of the text before each placeholder in a header's form."""
    texts = _split(template, "the header's form", {"timestamp", "signature"})
    names = texts[1::2]
    if names.count("signature") != 1 or names.count("timestamp") > 1:
        raise ValueError("the header's form has {signature} once, and {timestamp} at most once")
    return {
        name: re.escape(text.strip(" \t,")) for text, name in zip(texts[::2], names, strict=False)
    }


def _split(template: str, what: str, known: set[str]) -> list[str]:
    if len(template) > LONGEST or not (template.isprintable() and template.isascii()):
        raise ValueError(f"{what} has up to {LONGEST} printable ASCII characters")
    texts = _PLACEHOLDER.split(template)
    if unknown := [name for name in texts[1::2] if name not in known]:
        raise ValueError(f"{what} has no {{{unknown[0]}}}: it knows {', '.join(sorted(known))}")
    if any("{" in text or "}" in text for text in texts[::2]):
        raise ValueError(f"a brace in {what} belongs to no placeholder")
    return texts


def _value(digest: str, encoding: str | None) -> str:
    """Return the pattern of an encoded digest."""
    if digest not in DIGESTS or encoding not in {None, HEX, BASE64}:
        raise ValueError(f"a digest is {', '.join(DIGESTS)}; an encoding {HEX} or {BASE64}")
    size = DIGESTS[digest]
    padding = -size % 3
    forms = {
        HEX: f"[0-9A-Fa-f]{{{2 * size}}}",
        BASE64: f"[A-Za-z0-9+/]{{{(size + padding) // 3 * 4 - padding}}}{'=' * padding}",
    }
    return f"({forms[encoding]})" if encoding else f"({forms[HEX]}|{forms[BASE64]})"


def _between(pattern: str) -> re.Pattern[str]:
    """Return the pattern of an item of a list, whose items commas or blanks separate."""
    return re.compile(rf"(?<![^\s,]){pattern}(?![^\s,])", re.IGNORECASE | re.ASCII)
