"""The blueprint that every resource is registered on."""

import flask_smorest

from receiver.requests import StrictParser


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = StrictParser()
