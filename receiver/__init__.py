"""The edge: HTTP and the command line, the only home of Flask, marshmallow and click."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from receiver.services import Services
    from receiver.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the application; it connects to the databases on the first request.

    Without `settings`, reads them from the environment; raises SettingsError for a bad value.
    """
    # Imported here: the parent of the workers imports this package too, and must not load modules
    # before gevent has patched them.
    from flask import Flask

    from receiver import answers, auditing, errors, health, openapi, paths, requests, webhooks
    from receiver.feed.routes import blueprint as feed
    from receiver.resources import all_resources
    from receiver.server import logs
    from receiver.services import assemble
    from receiver.settings import Settings
    from receiver.tlog.routes import blueprint as tlog

    services = assemble(settings or Settings.from_environment())
    logs.configure(services.settings.log_level, requests.add_request_id)
    app = Flask("kitledger", static_folder=None)
    # Flask asks of each view and hook whether it is async, at each request: none is.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_BODY_BYTES"] = services.settings.max_body_bytes
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    _share(app, services)
    requests.register(app)
    errors.register(app)
    api = openapi.make_api(app)
    resources = [each for resource in all_resources() for each in resource.make_blueprints()]
    others = (feed, tlog, health.blueprint)
    for blueprint in (webhooks.blueprint, *resources, *auditing.BLUEPRINTS, *others):
        api.register_blueprint(blueprint)
    prefix = services.settings.forwarded_prefix
    openapi.serve(app, api, prefix)
    app.wsgi_app = paths.prepare_paths(app.wsgi_app, prefix)  # type: ignore[method-assign]
    app.after_request(answers.conditional)
    return app


def preload(app: "Flask") -> None:
    """Read the registry at the start, since the store may be unreachable at the first request.

    A ledger without a source is warned about: it may be a new one, made in the wrong folder.
    """
    from contextlib import suppress

    import structlog

    from receiver.health import NO_SOURCE
    from store.errors import UNAVAILABLE

    services: Services = app.extensions["services"]
    with suppress(*UNAVAILABLE):
        services.clients.any()
        if not services.sources.may_send():
            files = [str(file.resolve()) for file in services.settings.files]
            structlog.get_logger().warning("no-source", detail=NO_SOURCE, files=files)


def _share(app: "Flask", services: "Services") -> None:
    """Add the services and the limits to the application, and count the store's commits."""
    from receiver.admission import MOST_BYTES, Admission, Arrivals
    from receiver.server.metrics import observe_commit

    room = max(MOST_BYTES, 2 * services.settings.max_body_bytes)
    app.extensions["admission"] = Admission(size=room)
    app.extensions["arrivals"] = Arrivals(room)
    app.extensions["services"] = services
    services.ledger.recorder.group_commit.observe = observe_commit  # type: ignore[attr-defined]
