"""What an adapter writes to the log during a check."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from structlog.typing import EventDict, WrappedLogger


@contextmanager
def logged() -> Iterator[list[Mapping[str, object]]]:
    """Collect every structlog event inside the context, whatever its level."""
    events: list[Mapping[str, object]] = []

    def keep(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        events.append(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[keep],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )
    try:
        yield events
    finally:
        structlog.configure(**before)
