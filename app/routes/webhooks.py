"""What vendors send: verified on the raw bytes, kept once, answered at once. Looking into it is the worker's."""

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.events import inbox
from app.vendor_adapters.errors import NotificationRejected
from app.vendor_adapters.types import NotificationKind
from app.web.deps import deps_of

log = structlog.get_logger()


async def receive(request: Request) -> Response:
    """Keep one message: 200 also when it was seen before or is about nothing of ours, 400 when it is not genuine."""
    deps, name = deps_of(request), request.path_params["vendor"]
    vendor = deps.vendors.get(name)
    if vendor is None:
        return PlainTextResponse("no such vendor", status_code=404)
    body, now = await request.body(), deps.clock.wall()
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        notification = vendor.read_notification(headers, body=body, received_at=now)
    except NotificationRejected as error:
        log.warning("notification refused", vendor=name, detail=error.detail)
        return PlainTextResponse("refused", status_code=400)
    if notification.kind is not NotificationKind.IGNORED:
        await deps.db.write(lambda connection: inbox.receive(connection, name, notification, now=now))
    return PlainTextResponse("ok")


routes = [Route("/webhooks/{vendor}", receive, methods=["POST"])]
