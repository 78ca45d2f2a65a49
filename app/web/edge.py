"""The order in which a request passes what guards the application; the first stands outermost."""

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from app.flows.deps import Deps
from app.web.addresses import origin_of
from app.web.guard import BodyDeadline, BodyLimit, CrossOriginGuard
from app.web.headers import SecurityHeaders
from app.web.request_id import RequestId
from app.web.session import ServerSession


def guarded(app: ASGIApp, deps: Deps) -> ASGIApp:
    """Return ``app`` behind headers, request id, host check, body limits, cross-origin guard and session.

    All of it stands around the whole application: its own page for status 500 is made outside of its middleware, and
    would else go out without headers, id and log line.
    """
    config = deps.config
    inner: ASGIApp = ServerSession(app, deps)
    inner = CrossOriginGuard(inner)
    inner = BodyDeadline(inner)
    inner = BodyLimit(inner)
    inner = TrustedHostMiddleware(inner, allowed_hosts=config.trusted_hosts, www_redirect=False)
    inner = RequestId(inner, deps.clock)
    elsewhere = (config.oidc.issuer, config.product_home, *config.return_to)
    return SecurityHeaders(
        inner,
        vendor_origins=[origin for adapter in deps.vendors.values() for origin in adapter.origins],
        form_origins=[origin for origin in map(origin_of, elsewhere) if origin],
        is_https=config.is_https,
    )
