"""Signature templates: what is signed, and the form of the header, as patterns that a verifier uses.

`signed` is a template of the signed bytes: text, with {body}, {timestamp}, and {id} where the id is in a
header. `header_form` is one of the header's value: text, with {signature}, and {timestamp} where the time is
sent in the same header.
"""

import re
from collections.abc import Mapping
from typing import Any

DIGESTS = {"sha256": 32, "sha1": 20, "sha512": 64}
"""The sizes of digests in bytes."""
HEX, BASE64 = "hex", "base64"
LONGEST = 256
TIMESTAMP = "([0-9]{1,12})"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SEPARATORS = r"\s,;"


def signed_parts(template: str) -> tuple[str | bytes, ...]:
    texts = _split(template, "what is signed", {"id", "timestamp", "body"})
    if texts[1::2].count("body") != 1:
        raise ValueError("what is signed has {body} once")
    parts = [text if odd % 2 else text.encode() for odd, text in enumerate(texts)]
    return tuple(part for part in parts if part)


def check_places(
    signed: tuple[str | bytes, ...], names: Mapping[str, str], items: Mapping[str, Any]
) -> None:
    """Refuse a signed id or time that is sent nowhere or twice, and a time that is not signed."""
    places = ["timestamp" in names, "timestamp" in items]
    if "id" in signed and "id" not in names:
        raise ValueError("{id} is signed, but id-from names no header")
    if "timestamp" in signed and not any(places):
        raise ValueError(
            "{timestamp} is signed, but neither the header's form nor a timestamp header has it"
        )
    if all(places):
        raise ValueError("the time is in the header's form or in a timestamp header, not in both")
    if any(places) and "timestamp" not in signed:
        raise ValueError("a time that is not signed proves nothing: what is signed has {timestamp}")


def item_patterns(template: str, values: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """Return the pattern of the item that has each placeholder in a header's form."""
    texts = _split(template, "the header's form", set(values))
    names = texts[1::2]
    if names.count("signature") != 1 or names.count("timestamp") > 1:
        raise ValueError("the header's form has {signature} once, and {timestamp} at most once")
    ends = [re.split(f"[{_SEPARATORS}]", text) for text in texts[::2]]
    if any(len(end) == 1 for end in ends[1:-1]):
        raise ValueError("a comma, a semicolon or a blank parts the items of the header's form")
    around = zip(names, ends, ends[1:], strict=False)
    return {
        name: between(re.escape(before[-1]) + values[name] + re.escape(after[0]))
        for name, before, after in around
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


def value_pattern(digest: str, encoding: str | None) -> str:
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


def between(pattern: str) -> re.Pattern[str]:
    """Return the pattern of an item of a list, whose items commas, semicolons or blanks separate."""
    around = f"[^{_SEPARATORS}]"
    return re.compile(f"(?<!{around}){pattern}(?!{around})", re.IGNORECASE | re.ASCII)
