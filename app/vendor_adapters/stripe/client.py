"""The client: pinned version, own limits, and one way for a call of the port to go to Stripe and back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import stripe
import structlog
from stripe import ListObject, StripeObject, V1Services

from app.core.clock import Clock
from app.http import AsyncBaseTransport
from app.vendor_adapters.errors import OutcomeUnknown, RejectReason, VendorError, VendorRejected, VendorUnavailable
from app.vendor_adapters.stripe.errors import is_kept, rejected, request_of, translated, unreadable
from app.vendor_adapters.stripe.names import API_VERSION, NAME
from app.vendor_adapters.stripe.transport import Sleep, Transport

DEADLINE_SECONDS = 5.0
RETRIES = 1
"""One more attempt where no answer came or Stripe was at fault, with the same key: a buyer waits for no third."""

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What the library stumbles with over an answer that is JSON and none of Stripe's."""

T = TypeVar("T")
R = TypeVar("R", bound=StripeObject)
Body = Callable[["Call"], Awaitable[T]]

log = structlog.get_logger()


class Client:
    """Stripe's library, made to keep our limits.

    Args:
        deadline: seconds within which every call of the port ends, retries included. network, sleep: what takes the
            place of sockets and of waiting.
    """

    def __init__(
        self,
        *,
        secret_key: str,
        api_base: str,
        clock: Clock,
        deadline: float = DEADLINE_SECONDS,
        network: AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        # else the library sends figures about this machine and keeps a file in the home folder
        stripe.enable_telemetry = False
        self.clock = clock
        self.is_live = "_live_" in secret_key
        self._deadline = deadline
        self._stamped = 0
        self._transport = Transport(seconds=deadline * 0.9, sleep=sleep, network=network)
        self._stripe = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=RETRIES,
            http_client=self._transport,
        )

    @property
    def v1(self) -> V1Services:
        """Stripe's resources."""
        return self._stripe.v1

    def stamp(self) -> int:
        """Return wall time in microseconds: the version of what is read from now on, because Stripe keeps none.

        It grows with each request, even while the clock stands or is set back.
        """
        self._stamped = max(self._stamped + 1, int(self.clock.wall().timestamp() * 1_000_000))
        return self._stamped

    async def run(self, operation: str, body: Body[T], *, seconds: float | None = None) -> T:
        """Do one call: within the deadline, or ``seconds``, with our errors, and logged without bodies."""
        call, started, outcome = Call(self, operation), self.clock.wall(), "ok"
        try:
            async with asyncio.timeout(seconds or self._deadline):
                return await body(call)
        except TimeoutError as error:
            outcome = "timeout"
            raise call.out_of_time() from error
        except VendorError as error:
            outcome = type(error).__name__
            # a refusal of our own rests on what Stripe answered last
            error.request_id = error.request_id or call.request_id
            raise
        except stripe.CardError as error:
            outcome = "declined"
            raise call.declined(error) from error
        finally:
            ms = (self.clock.wall() - started) // timedelta(milliseconds=1)
            ref = call.request_id
            log.info(
                "vendor call",
                vendor=NAME,
                operation=operation,
                ms=ms,
                outcome=outcome,
                vendor_request_id=ref,
                requests=call.requests,
            )

    async def close(self) -> None:
        """Give up connections."""
        await self._transport.close_async()


class Call:
    """One call of the port, which may need several requests.

    Attributes:
        request_id: Stripe's id of the last answer. sent_at: the version of what the last request reads.
        is_replay: the last answer was given before, to a request with the same key: things may have moved on since.
        dated: when Stripe answered last, by its own clock. requests: how many there were, repetitions aside.
    """

    def __init__(self, client: Client, operation: str) -> None:
        self.client = client
        self.operation = operation
        self.request_id = ""
        self.sent_at = 0
        self.is_replay = False
        self.dated = ""
        self.requests = 0
        self._has_written = False
        self._is_writing = False

    @property
    def v1(self) -> V1Services:
        """Stripe's resources."""
        return self.client.v1

    async def read(self, request: Awaitable[R]) -> R:
        """Await a request that changes nothing."""
        return await self._await(request, is_write=False)

    async def write(self, request: Awaitable[R]) -> R:
        """Await a request that may change something; from then on a lost answer leaves the outcome unknown."""
        answer = await self._await(request, is_write=True)
        self._has_written = True
        return answer

    async def pages(self, first: Awaitable[ListObject[R]], most: int) -> list[R]:
        """Return the rows of a list and of the pages after it, at most ``most`` pages."""
        return (await self.pages_until(first, most))[0]

    async def pages_until(self, first: Awaitable[ListObject[R]], most: int) -> tuple[list[R], bool]:
        """Return the same, and whether there is more."""
        page = await self.read(first)
        rows = list(page.data)
        for _ in range(most - 1):
            if not page.has_more:
                break
            page = await self.read(page.next_page_async())
            rows += page.data
        return rows, page.has_more

    def has_kept_failure(self, error: VendorError) -> bool:
        """Whether Stripe keeps a failure for the key of the last write, and will answer every repetition with it.

        Then the same key leads nowhere for a day: what came of the request has to be read, and asked for anew.
        """
        return isinstance(error, OutcomeUnknown) and self.is_replay

    def out_of_time(self) -> VendorError:
        """Return the error for a call that took too long."""
        kind = OutcomeUnknown if self._has_written or self._is_writing else VendorUnavailable
        return kind(vendor=NAME, operation=self.operation, request_id=self.request_id, detail="deadline")

    def declined(self, error: stripe.CardError) -> VendorRejected:
        """Return the error for a bank's refusal where nobody asked a bank."""
        refused = rejected(self.operation, RejectReason.OTHER, detail=str(error.code))
        refused.request_id = self.request_id
        return refused

    async def _await(self, request: Awaitable[R], *, is_write: bool) -> R:
        self.sent_at, self.request_id, self.is_replay = self.client.stamp(), "", False
        self.requests += 1
        self._is_writing = self._is_writing or is_write
        try:
            answer = _of_stripe(await request)
        except stripe.CardError as error:
            # an answer, not a failure; what it means depends on what was asked
            self._has_written, self.request_id = True, request_of(error)
            raise
        except stripe.StripeError as error:
            self.request_id, self.is_replay = request_of(error), is_kept(error)
            failed = translated(error, self.operation, is_write=is_write, has_written=self._has_written)
            raise failed from error
        except _UNREADABLE as error:
            raise unreadable(self.operation, is_write=is_write, has_written=self._has_written) from error
        self._is_writing = False
        response = answer.last_response
        headers = {name.lower(): value for name, value in response.headers.items()} if response else {}
        self.request_id = headers.get("request-id", "")
        self.dated = headers.get("date", "")
        self.is_replay = headers.get("idempotent-replayed", "") == "true"
        return answer


def _of_stripe(answer: R) -> R:
    """Return an answer that names its kind, as each of Stripe's does; ValueError for another."""
    if not isinstance(answer, StripeObject) or "object" not in answer:
        raise ValueError("not an object of Stripe's")
    return answer
