"""Logs: a JSON object per line on standard error, with the id of its request."""

import json
import logging
import logging.config
import sys
from contextlib import suppress
from typing import Any

import msgspec
import structlog

_SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str, *processors: Any) -> None:
    """Write log lines of `level` and above, the libraries' too, to standard error as JSON.

    `processors` are structlog's; they come before the others.
    """
    structlog.configure(
        processors=[
            *processors,
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
    """Return the configuration of the standard library's logging, which gunicorn uses too."""
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
    """Standard error; an error such as a full disk loses log lines, and fails no request."""

    def write(self, line: bytes) -> None:
        """Write a line, if possible."""
        with suppress(OSError):
            sys.stderr.buffer.write(line)

    def flush(self) -> None:
        """Flush the written lines, if possible."""
        with suppress(OSError):
            sys.stderr.buffer.flush()


def _json(fields: Any, **_: Any) -> bytes:
    line = msgspec.json.encode(fields, enc_hook=repr)
    if not line.isascii():
        # A log may be read on a terminal, which characters that somebody has sent could steer.
        line = json.dumps(msgspec.json.decode(line)).encode()
    return line.replace(b"\x7f", b"\\u007f")


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]
