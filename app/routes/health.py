"""For those who run the store: does the process live, and can it sell?"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.db.errors import DATABASE_AWAY
from app.db.migrate import has_needed_schema
from app.flows.offers import current_offers
from app.orders.store import oldest_unsettled
from app.web.deps import deps_of


async def healthz(_request: Request) -> Response:
    """The process lives; says nothing of its neighbours."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database with its schema is there (else 503), and what is known of the rest."""
    deps = deps_of(request)
    try:
        is_current = await deps.db.read(has_needed_schema)
        oldest = await deps.db.read(oldest_unsettled) if is_current else None
    except DATABASE_AWAY:
        return JSONResponse({"status": "unavailable", "database": "away"}, status_code=503, headers=_RETRY)
    if not is_current:
        return JSONResponse({"status": "unavailable", "database": "older schema"}, status_code=503, headers=_RETRY)
    offers = await current_offers(deps)
    age = int((deps.clock.wall() - oldest).total_seconds()) if oldest else 0
    body = {
        "status": "ok",
        "database": "ok",
        "vendor": "ok" if offers.vendor_ok else "away",
        "catalog_read_at": offers.read_at.isoformat() if offers.read_at else None,
        "oldest_unsettled_order_seconds": age,
    }
    return JSONResponse(body)


_RETRY = {"Retry-After": "2"}
routes = [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
