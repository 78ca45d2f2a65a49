"""The one place that names the HTTP client library, so that changing it is a change here."""

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
]
