"""Signature forms: how a sender signs, as what a verifier needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from registry.signature_templates import (
    BASE64,
    HEX,
    TIMESTAMP,
    between,
    check_places,
    item_patterns,
    signed_parts,
    value_pattern,
)


@dataclass(frozen=True)
class SignatureForm:
    """The way in which a sender signs.

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


_KINDS = {None: "neither a hex nor a base64", HEX: "no hex", BASE64: "no base64"}


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
    id_header: str | None = None,
) -> SignatureForm:
    """Return the form of an HMAC in a header; raises ValueError, with one line, for parts that don't fit.

    Without `header_form` the value is one signature or several, each of which `prefix` may precede.
    """
    digest, signed = digest or "sha256", signed or "{body}"
    names = {"signature": header}
    if timestamp_header:
        names["timestamp"] = timestamp_header
    parts = signed_parts(signed)
    if "id" in parts and id_header:
        names["id"] = id_header
    value = value_pattern(digest, encoding)
    if header_form is None:
        optional = rf"(?:{re.escape(prefix.strip())}[\s,]{{0,8}})?" if prefix.strip() else ""
        items = {"signature": between(optional + value)}
        malformed = f"is {_KINDS[encoding]} {digest.upper().replace('SHA', 'SHA-')} digest"
    else:
        items = item_patterns(header_form, {"signature": value, "timestamp": TIMESTAMP})
        malformed = f"holds no well-formed signature in the form {header_form}"
    check_places(parts, names, items)
    return SignatureForm(
        names=(names,),
        signed=parts,
        signatures=items["signature"],
        timestamps=items.get("timestamp"),
        digest=digest,
        malformed=malformed,
        encoding=encoding or HEX,
        template=prefix + "{signature}" if header_form is None else header_form,
    )
