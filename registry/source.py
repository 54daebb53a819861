"""A source of webhooks, as verifying and reading its deliveries need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from registry.envelope_mappings import KITLEDGER, EnvelopeMapping, envelope_mapping
from registry.keys import Key
from registry.presets import CLOUDEVENTS
from registry.signature_forms import SignatureForm
from registry.source_settings import signature_form


@dataclass(frozen=True)
class Source:
    """A sender of webhooks: its live keys, and the `tolerance` of timestamps in seconds.

    `parts` are the settings that only some sources have: see source_parts.py.
    """

    name: str
    scheme: str
    keys: tuple[Key, ...]
    tolerance: int = 300
    header: str = "X-Hub-Signature-256"
    prefix: str = "sha256="
    retired: bool = False
    ignored: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def preset(self) -> str:
        """Return the name of the preset that it was made with."""
        return self.parts.get("preset", KITLEDGER)

    @cached_property
    def has_default_envelope(self) -> bool:
        """Say whether its webhooks have the default envelope."""
        return self.preset != CLOUDEVENTS and self.mapping is None

    @cached_property
    def form(self) -> SignatureForm:
        """Return how it signs."""
        return signature_form(self.scheme, self.header, self.prefix, self.parts)

    @cached_property
    def mapping(self) -> EnvelopeMapping | None:
        """Return where its events say what; None for the default envelope, and for CloudEvents."""
        return envelope_mapping(self.parts)
