"""The one place that names the HTTP client library, so that changing it is a change here."""

from functools import cache
from ssl import SSLContext

from httpx2 import (
    ASGITransport,
    AsyncBaseTransport,
    AsyncClient,
    AsyncHTTPTransport,
    HTTPError,
    InvalidURL,
    Limits,
    Request,
    Response,
    Timeout,
    create_ssl_context,
)

__all__ = [
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncClient",
    "AsyncHTTPTransport",
    "HTTPError",
    "InvalidURL",
    "Limits",
    "Request",
    "Response",
    "Timeout",
    "trusted",
]


@cache
def trusted() -> SSLContext:
    """Return the certificates that are trusted; reading them takes 25 ms, so they are read once in a process."""
    return create_ssl_context(trust_env=False)
