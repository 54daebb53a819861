"""Logs: one JSON object a line on standard error, with the id of the request it belongs to."""

import logging
import logging.config
import sys
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from flask import g, has_request_context

_SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str) -> None:
    """Send our log lines and the libraries' to standard error, as JSON, from `level` on."""
    structlog.configure(
        processors=[
            _request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.BytesLoggerFactory(file=_Stderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(library_logging(level))


def library_logging(level: str) -> dict[str, Any]:
    """Give the standard library's logging configuration: gunicorn takes it, and so do we."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": max(level, "WARNING", key=_number), "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": ["stderr"], "propagate": False},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


class _Stderr:
    """Standard error, which may lead to a disk that is full: then lines are lost, and no request."""

    def write(self, line: bytes) -> None:
        """Write a line, if that can be."""
        with suppress(OSError):
            sys.stderr.buffer.write(line)

    def flush(self) -> None:
        """Let go of what was written; what can't be now may be with the next line."""
        with suppress(OSError):
            sys.stderr.buffer.flush()


def _json(fields: Any, **_: Any) -> bytes:
    return msgspec.json.encode(fields, enc_hook=repr)


def _request_id(_: Any, __: str, fields: Any) -> Any:
    """Add the id of the request that is being handled, if one is."""
    if has_request_context() and "request_id" in g:
        fields["request_id"] = g.request_id
    return fields


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]
