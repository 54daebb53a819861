"""The blueprint of every resource."""

import flask_smorest

from receiver.requests import StrictParser


class Blueprint(flask_smorest.Blueprint):
    """A blueprint with strict parsing of arguments."""

    ARGUMENTS_PARSER = StrictParser()
