"""Answers 503 until the database is there with the schema that this code needs; the process itself never waits."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.problems import ProblemId, problem
from app.db.engine import Database
from app.db.errors import DATABASE_AWAY
from app.db.migrate import has_needed_schema
from app.web.errors import problem_page

RETRY_AFTER = {"Retry-After": "2"}
_WITHOUT_DATABASE = ("/healthz", "/readyz", "/metrics", "/static/")


class SchemaGuard:
    """Looks at the schema before each request until it is current once; migrations only ever expand it."""

    def __init__(self, app: ASGIApp, db: Database) -> None:
        self.app = app
        self.db = db
        self.is_current = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_WITHOUT_DATABASE) and not await self._is_ready():
            answer = problem_page(Request(scope), problem(ProblemId.E_BUSY), headers=RETRY_AFTER)
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _is_ready(self) -> bool:
        if not self.is_current:
            try:
                self.is_current = await self.db.read(has_needed_schema)
            except DATABASE_AWAY:
                return False
        return self.is_current
