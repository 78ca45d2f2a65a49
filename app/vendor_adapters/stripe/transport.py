"""How requests travel: Stripe's library over the project's own HTTP client.

The library brings a client for the same purpose, whose choice of HTTP library is not public and whose time-out is 80
seconds; this one is a page, has our limits, and lets tests put an application in the place of the network.
"""

from collections.abc import Awaitable, Callable, Mapping

import stripe

from app.http import AsyncBaseTransport, AsyncClient, HTTPError, InvalidURL, Limits, Timeout

CONNECT_SECONDS = 2.0

Sleep = Callable[[float], Awaitable[None]]


class Transport(stripe.HTTPClient):
    """Sends requests without following redirects.

    Args:
        seconds: how long one attempt may take. sleep: how to wait before another one. network: what carries requests
            in place of sockets.
    """

    name = "kassa"

    def __init__(self, *, seconds: float, sleep: Sleep, network: AsyncBaseTransport | None = None) -> None:
        super().__init__()
        self._sleep = sleep
        self._client = AsyncClient(
            transport=network,
            timeout=Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
            limits=Limits(max_connections=50, max_keepalive_connections=20),
            follow_redirects=False,
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request; APIConnectionError when no answer came."""
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data or None)
        except (HTTPError, InvalidURL) as error:
            raise _connection_error(error) from error
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """Wait before another attempt."""
        return self._sleep(secs)

    async def close_async(self) -> None:
        """Give up connections."""
        await self._client.aclose()


def _connection_error(error: Exception) -> stripe.APIConnectionError:
    # the name is all that may be told: texts of the HTTP library can hold addresses
    return stripe.APIConnectionError(  # type: ignore[no-untyped-call]  # the library's errors have no types
        type(error).__name__, should_retry=True
    )


def was_sent(error: stripe.APIConnectionError) -> bool:
    """Whether the request may have reached Stripe."""
    return type(error.__cause__).__name__ not in ("ConnectError", "ConnectTimeout", "PoolTimeout", "InvalidURL")
