"""JSON lines on standard output: one a request, and whatever the code notes in between, with the request's id."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from app.core.clock import Clock

# What may never stand in a line, whoever passed it: the value is dropped, the name shows that something was there.
SECRET_NAMES = frozenset(
    {
        "address",
        "authorization",
        "card",
        "client_secret",
        "code",
        "cookie",
        "email",
        "id_token",
        "nonce",
        "password",
        "secret",
        "state",
        "token",
        "url",
    }
)
HIDDEN = "(hidden)"


def configure_logs(clock: Clock, stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every structlog line to ``stream`` (standard output when not given) as JSON, with wall time."""

    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["at"] = clock.wall().isoformat(timespec="milliseconds")
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            stamp,
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank the values of names that hold secrets or personal data."""
    return {name: HIDDEN if name.lower() in SECRET_NAMES else value for name, value in event.items()}
