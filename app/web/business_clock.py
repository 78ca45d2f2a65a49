"""Keeps a process of the demo at the business time that another process may have set."""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.db.engine import Database
from app.db.errors import DATABASE_AWAY

log = structlog.get_logger()


class FollowBusinessClock:
    """Reads the offset before each request; only the demo stands behind it."""

    def __init__(self, app: ASGIApp, db: Database, clock: SystemClock) -> None:
        self.app = app
        self.db = db
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                await follow(self.db, self.clock)
            except DATABASE_AWAY as error:
                log.warning("business clock not read", error=type(error).__name__)
        await self.app(scope, receive, send)
