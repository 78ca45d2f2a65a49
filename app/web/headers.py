"""Security headers on every answer, whatever made it: pages, fragments, static files, errors, refusals."""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TWO_YEARS = 2 * 365 * 24 * 60 * 60
_UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "usb",
)


class SecurityHeaders:
    """Stands outside everything else. A view that sets one of these headers itself keeps its own.

    Args:
        vendor_origins: where the vendor's payment pages and frames live.
        form_origins: where else a form's answer may send the browser: Chromium applies form-action to the whole chain
            of redirects, so the issuer (signing out) and the places that buyers are sent back to belong here.
        is_https: whether browsers may be told to come by HTTPS only.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        vendor_origins: Iterable[str] = (),
        form_origins: Iterable[str] = (),
        is_https: bool = False,
    ) -> None:
        self.app = app
        self.headers = security_headers(tuple(vendor_origins), tuple(form_origins), is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def security_headers(
    vendor_origins: tuple[str, ...], form_origins: tuple[str, ...], *, is_https: bool
) -> dict[str, str]:
    """Return the headers by name."""
    headers = {
        "Content-Security-Policy": content_security_policy(vendor_origins, form_origins),
        "X-Content-Type-Options": "nosniff",
        # not no-referrer: browsers would send "Origin: null", which the cross-origin guard refuses
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": _permissions(vendor_origins),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    if is_https:
        headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"
    return headers


def content_security_policy(vendor_origins: tuple[str, ...], form_origins: tuple[str, ...]) -> str:
    """Return the policy: nothing inline, nothing from elsewhere but the vendor's frames and calls."""
    vendor = " ".join(vendor_origins)
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": f"'self' {vendor}",
        "frame-src": vendor or "'none'",
        "form-action": f"'self' {' '.join(dict.fromkeys((*vendor_origins, *form_origins)))}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}".rstrip() for name, value in rules.items())


def _permissions(vendor_origins: tuple[str, ...]) -> str:
    # a card frame may use the browser's own wallet
    payers = " ".join(["self", *(f'"{origin}"' for origin in vendor_origins)])
    return ", ".join([*(f"{name}=()" for name in _UNUSED_FEATURES), f"payment=({payers})"])
