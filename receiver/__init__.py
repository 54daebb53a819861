"""The edge: HTTP and the command line, the only home of Flask, marshmallow and click."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from receiver.composition import Parts
    from receiver.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the application; it connects to nothing before the first request.

    Raises SettingsError when the environment, read unless `settings` are given, can't be used.
    """
    # Imported here, not above: the parent of the workers imports this package too, and must not load
    # what gevent has yet to patch.
    from flask import Flask

    from receiver import composition, errors, health, logs, openapi, pages, requests, webhooks
    from receiver.resources import BLUEPRINTS
    from receiver.settings import Settings

    parts = composition.assemble(settings or Settings.from_environment())
    logs.configure(parts.settings.log_level)
    app = Flask("kitledger", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_BODY_BYTES"] = parts.settings.max_body_bytes
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    _share(app, parts)
    requests.register(app)
    errors.register(app)
    api = openapi.make_api(app)
    for blueprint in (webhooks.blueprint, *BLUEPRINTS, health.blueprint):
        api.register_blueprint(blueprint)
    openapi.serve(app, api)
    app.after_request(pages.conditional)
    return app


def preload(app: "Flask") -> None:
    """Read who may call before the first request comes: the store may be away by then."""
    from contextlib import suppress

    from store.trouble import UNAVAILABLE

    with suppress(*UNAVAILABLE):
        app.extensions["clients"].any()
        app.extensions["sources"].all()


def _share(app: "Flask", parts: "Parts") -> None:
    """Put the parts where routes find them, and let the store's commits be counted."""
    from receiver.bodies import Admission
    from receiver.metrics import observe_commit

    app.extensions["admission"] = Admission()
    for name in ("clients", "ledger", "sources", "views"):
        app.extensions[name] = getattr(parts, name)
    parts.ledger.recorder.group_commit.observe = observe_commit  # type: ignore[attr-defined]
