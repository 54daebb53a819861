"""Presets: how known senders sign, and where their events say what. Each cites its documentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.envelope_mappings import KITLEDGER
from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS

CLOUDEVENTS, SLACK = "cloudevents", "slack"
DEFAULTS: dict[str, Any] = {
    "scheme": STANDARD_WEBHOOKS,
    "tolerance": 300,
    "header": "X-Hub-Signature-256",
    "prefix": "sha256=",
}
"""The settings of a source: `tolerance` of timestamps in seconds, `header` and `prefix` for hmac-sha256."""


@dataclass(frozen=True)
class Preset:
    """The settings of a source, and what its operator enters at the sender; `{url}` is the address."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    advice: str = (
        "Post to {url} with Content-Type: application/json, signed as Standard Webhooks say."
    )


PRESETS = {
    KITLEDGER: Preset(),
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    "standard-webhooks": Preset(
        {
            "id_from": "header:webhook-id",
            "type_from": "body:/type",
            "time_from": "body:/timestamp",
            "data_from": "body:/data",
        }
    ),
    # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
    CLOUDEVENTS: Preset(
        advice="Send CloudEvents 1.0 over HTTP to {url}: structured, binary or batched. They are signed"
        " as Standard Webhooks say; with the scheme hmac-sha256 by a digest of the body in X-Hub-Signature-256."
    ),
    # https://docs.github.com/en/webhooks/webhook-events-and-payloads
    "github": Preset(
        {
            "scheme": HMAC_SHA256,
            "header": "X-Hub-Signature-256",
            "prefix": "sha256=",
            "encoding": "hex",
            "id_from": "header:x-github-delivery",
            "type_from": "header:x-github-event",
            "data_from": "body:",
        },
        "At GitHub, Settings, Webhooks, Add webhook: the payload URL is {url}, the content type"
        " application/json, and the secret the one below.",
    ),
    # https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
    "shopify": Preset(
        {
            "scheme": HMAC_SHA256,
            "header": "X-Shopify-Hmac-SHA256",
            "prefix": "",
            "encoding": "base64",
            # X-Shopify-Event-Id is the same for webhooks of several topics, whose bodies differ.
            "id_from": "header:x-shopify-webhook-id",
            "type_from": "header:x-shopify-topic",
            "time_from": "header:x-shopify-triggered-at",
            "data_from": "body:",
        },
        "At Shopify, Settings, Notifications, Webhooks: the URL is {url}, the format JSON. Shopify makes"
        " the secret: if you did not give it, `kitledger sources rotate {name} --secret -` takes it.",
    ),
    # https://docs.stripe.com/webhooks#verify-manually
    "stripe": Preset(
        {
            "scheme": HMAC_SHA256,
            "header": "Stripe-Signature",
            "prefix": "",
            "signed": "{timestamp}.{body}",
            "encoding": "hex",
            "header_form": "t={timestamp},v1={signature}",
            "id_from": "body:/id",
            "type_from": "body:/type",
            "time_from": "body:/created",
            "data_from": "body:/data",
        },
        "At Stripe, Developers, Webhooks, Add endpoint: the URL is {url}. Stripe makes the secret: if you"
        " did not give it, `kitledger sources rotate {name} --secret -` takes it, whsec_ and all.",
    ),
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    SLACK: Preset(
        {
            "scheme": HMAC_SHA256,
            "header": "X-Slack-Signature",
            "prefix": "",
            "signed": "v0:{timestamp}:{body}",
            "encoding": "hex",
            "header_form": "v0={signature}",
            "timestamp_header": "X-Slack-Request-Timestamp",
            "id_from": "body:/event_id",
            "type_from": "body:/event/type",
            "time_from": "body:/event_time",
            "data_from": "body:/event",
        },
        "At Slack, your app, Basic Information, copy the signing secret: if you did not give it,"
        " `kitledger sources rotate {name} --secret -` takes it. Then Event Subscriptions: the Request URL is"
        " {url}.",
    ),
}
