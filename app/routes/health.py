"""For those who run the store: does the process live, can it sell, and what do its figures say?"""

from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.db.errors import DATABASE_AWAY
from app.flows.health import Health, read_health
from app.web.deps import deps_of
from app.web.prometheus import CONTENT_TYPE, Gauge, by_state, exposition, gauge


async def healthz(_request: Request) -> Response:
    """The process lives; says nothing of its neighbours."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database with its schema is there (else 503), and what is known of the rest."""
    try:
        found = await read_health(deps_of(request))
    except DATABASE_AWAY:
        return JSONResponse({"status": "unavailable", "database": "away"}, status_code=503, headers=_RETRY)
    if found is None:
        return JSONResponse({"status": "unavailable", "database": "older schema"}, status_code=503, headers=_RETRY)
    body = {
        "status": "ok",
        "database": "ok",
        "vendor": "ok" if found.vendor_ok else "away",
        "catalog_read_at": found.catalog_read_at.isoformat() if found.catalog_read_at else None,
        "worker": "ok" if found.is_worker_heard else "silent",
        "worker_heard_at": found.worker_heard_at.isoformat() if found.worker_heard_at else None,
        "changes_read_at": found.changes_read_at.isoformat() if found.changes_read_at else None,
        "changes_gap": [at.isoformat() for at in found.changes_gap] if found.changes_gap else None,
        "jobs_given_up": found.jobs.get("dead", 0),
        "oldest_unsettled_order_seconds": found.seconds_since(found.oldest_unsettled),
    }
    return JSONResponse(body)


async def metrics(request: Request) -> Response:
    """The figures, for whoever has the token; without one in the settings there is no such page."""
    token = deps_of(request).config.metrics_token
    if not token:
        raise HTTPException(404)
    given = request.headers.get("authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token}".encode()):
        return PlainTextResponse("A bearer token is needed.\n", status_code=401, headers=_ASK)
    try:
        found = await read_health(deps_of(request))
    except DATABASE_AWAY:
        found = None
    text = exposition(_figures(found, deps_of(request).selling)) if found else exposition([_DATABASE_AWAY])
    return Response(text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


def _figures(found: Health, vendor: str) -> list[Gauge]:
    return [
        gauge("kassa_database_up", "Whether the database answers with a schema that will do.", 1),
        gauge("kassa_vendor_up", "Whether the vendor answered when it was last asked.", found.vendor_ok, vendor=vendor),
        gauge("kassa_catalog_age_seconds", "Age of the prices shown.", found.seconds_since(found.catalog_read_at)),
        gauge("kassa_worker_up", "Whether a worker was heard from within a minute.", found.is_worker_heard),
        gauge(
            "kassa_oldest_unsettled_order_seconds",
            "Age of the oldest order that may still move money.",
            found.seconds_since(found.oldest_unsettled),
        ),
        gauge("kassa_oldest_job_seconds", "Age of the oldest job that waits.", found.seconds_since(found.oldest_job)),
        by_state("kassa_orders", "Orders by state.", found.orders),
        by_state("kassa_outbox_jobs", "Jobs that leave the store (mails, grants, events) by state.", found.jobs),
        by_state("kassa_inbox_messages", "Notifications of the vendor by state.", found.messages),
    ]


_DATABASE_AWAY = gauge("kassa_database_up", "Whether the database answers with a schema that will do.", 0)
_RETRY = {"Retry-After": "2"}
_ASK = {"WWW-Authenticate": "Bearer"}
routes = [
    Route("/healthz", healthz, methods=["GET"]),
    Route("/readyz", readyz, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
]
