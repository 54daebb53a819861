"""The settings of a source: completing what was given, and checking that it fits together."""

import re
from collections.abc import Mapping
from typing import Any

from registry.envelope_mappings import DEFAULT_LOCATIONS, KITLEDGER, envelope_mapping
from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS, SourceError
from registry.presets import CLOUDEVENTS, DEFAULTS, PRESETS
from registry.signature_forms import STANDARD, SignatureForm, hmac_form
from registry.source_parts import PARTS

FORM_PARTS = ("signed", "digest", "encoding", "header_form", "timestamp_header")
SIGNATURE = ("header", "prefix", *FORM_PARTS)
"""The settings of a signature of the scheme hmac-sha256."""


def completed(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return all settings of a source: those given, those of a preset that is given, and those of `before`.

    An empty text removes a part. What only the scheme hmac-sha256 has means this scheme, unless another is
    given too. Raises SourceError for settings that don't fit together.
    """
    given = {name: value for name, value in given.items() if value is not None}
    new = before is None
    if before is None or "preset" in given:
        preset = given.get("preset", KITLEDGER)
        if preset not in PRESETS:
            raise SourceError(f"there is no preset {preset}: {', '.join(PRESETS)}")
        before = {**dict.fromkeys(PARTS), **DEFAULTS, **PRESETS[preset].settings, "preset": preset}
    if given.keys() & set(SIGNATURE if new else FORM_PARTS):
        given = {"scheme": HMAC_SHA256, **given}
    if given.get("prefix") and "header_form" not in given:
        given["header_form"] = ""
    if given.get("scheme") == STANDARD_WEBHOOKS:
        before = {**before, **dict.fromkeys(FORM_PARTS)}
    settings = {**before, **given}
    settings.update({name: settings[name] or None for name in PARTS})
    check(settings)
    return settings


def check(settings: Mapping[str, Any]) -> None:
    """Refuse settings that don't fit together. Raises SourceError."""
    for name in ("header", "timestamp_header"):
        if settings[name] is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", settings[name]):
            raise SourceError("a header's name has letters, digits and dashes")
    parts = {name: settings[name] for name in PARTS if settings[name] is not None}
    if settings["preset"] == CLOUDEVENTS and parts.keys() & DEFAULT_LOCATIONS.keys():
        names = ", ".join(f"--{name.replace('_', '-')}" for name in DEFAULT_LOCATIONS)
        raise SourceError(f"CloudEvents say where their parts are: leave out {names}")
    try:
        signature_form(settings["scheme"], settings["header"], settings["prefix"], parts)
        envelope_mapping(parts)
    except ValueError as error:
        raise SourceError(str(error)) from error


def signature_form(
    scheme: str, header: str, prefix: str, parts: Mapping[str, str]
) -> SignatureForm:
    """Return the form of a source's signatures; raises ValueError for parts that don't fit."""
    given = {name: parts[name] for name in FORM_PARTS if name in parts}
    if scheme == STANDARD_WEBHOOKS:
        if given:
            raise ValueError(f"the scheme {STANDARD_WEBHOOKS} has no {', '.join(given)} to set")
        return STANDARD
    kind, _, place = parts.get("id_from", "").partition(":")
    id_header = place.lower() if kind == "header" else None
    return hmac_form(header, prefix, id_header=id_header, **given)
