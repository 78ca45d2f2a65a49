"""Every published error becomes one of ours, says whether something may have happened, and tells nothing personal."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
import stripe

from app.vendor_adapters.errors import (
    KeyReused,
    OutcomeUnknown,
    RejectReason,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from app.vendor_adapters.stripe.errors import CODES, Fault, translated
from app.vendor_adapters.stripe.transport import Transport, was_sent
from tests.stripe_twin.samples import error_codes

SECRET = "ann@example.com 4242424242424242"


def raised(
    status: int, *, code: str | None = None, kind: str = "invalid_request_error", **headers: str
) -> stripe.StripeError:
    """Return what the library makes of an error's answer."""
    answer = {"error": {"type": kind, "code": code, "message": SECRET, "param": "tax_id"}}
    library = stripe.StripeClient("sk_test_errors")
    named = {"Request-Id": "req_1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    with pytest.raises(stripe.StripeError) as found:
        library._requestor._interpret_response(json.dumps(answer), status, named, "V1")
    return found.value


def ours(error: stripe.StripeError, *, is_write: bool = True, has_written: bool = False) -> VendorError:
    return translated(error, "buy", is_write=is_write, has_written=has_written)


@pytest.mark.parametrize("status", [400, 404, 409, 429])
@pytest.mark.parametrize("code", error_codes())
def test_every_published_code_is_one_of_ours(code: str, status: int) -> None:
    for is_write in (True, False):
        found = ours(raised(status, code=code), is_write=is_write)
        assert (found.vendor, found.operation, found.request_id) == ("stripe", "buy", "req_1")
        assert SECRET not in str(found) + found.detail


def test_codes_are_published_ones_or_known_from_the_documentation() -> None:
    documented = {"idempotency_key_in_use", "rate_limit", "stripe_tax_inactive", "failed_tax_calculation"}
    assert set(CODES) - documented - set(error_codes()) == set()


@pytest.mark.parametrize(("code", "meaning"), CODES.items())
def test_what_a_code_means(code: str, meaning: RejectReason | Fault) -> None:
    found = ours(raised(400, code=code))
    if meaning is Fault.SETTINGS:
        assert type(found) is VendorMisconfigured
    elif meaning is Fault.PASSING:
        assert type(found) is (VendorUnavailable if code == "rate_limit" else OutcomeUnknown)
    else:
        assert isinstance(found, VendorRejected)
        assert (found.reason, found.field, found.detail) == (meaning, "tax_id", code)


def test_a_code_without_a_meaning() -> None:
    found = ours(raised(400, code="eclipsed"))
    assert isinstance(found, VendorRejected)
    assert found.reason is RejectReason.OTHER


@pytest.mark.parametrize(
    ("status", "kind", "wanted"),
    [
        (400, "idempotency_error", KeyReused),
        (401, "invalid_request_error", VendorMisconfigured),
        (403, "invalid_request_error", VendorMisconfigured),
        (500, "api_error", OutcomeUnknown),
        (503, "api_error", OutcomeUnknown),
    ],
)
def test_statuses_of_a_write(status: int, kind: str, wanted: type[VendorError]) -> None:
    assert type(ours(raised(status, kind=kind))) is wanted


def test_nothing_happened_is_said_only_where_nothing_can_have() -> None:
    broken = raised(500, kind="api_error")
    assert type(ours(broken, is_write=False)) is VendorUnavailable
    assert type(ours(broken, is_write=False, has_written=True)) is OutcomeUnknown
    busy = raised(429, code="rate_limit")
    assert type(ours(busy)) is VendorUnavailable
    assert type(ours(busy, has_written=True)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("value", "pause"), [("7", 7.0), ("0", 0.0), ("", None), ("-1", None), ("soon", None), ("٧", None), ("7.5", None)]
)
def test_how_long_to_wait(value: str, pause: float | None) -> None:
    found = ours(raised(429, code="rate_limit", Retry_After=value))
    assert isinstance(found, VendorUnavailable)
    assert found.retry_after == pause


@pytest.mark.parametrize(
    ("cause", "sent"),
    [
        (httpx2.ConnectError("no"), False),
        (httpx2.ConnectTimeout("no"), False),
        (httpx2.PoolTimeout("no"), False),
        (httpx2.InvalidURL("no"), False),
        (httpx2.ReadTimeout(SECRET), True),
        (httpx2.WriteTimeout("no"), True),
        (httpx2.ReadError("no"), True),
        (httpx2.WriteError("no"), True),
        (httpx2.RemoteProtocolError("no"), True),
    ],
)
async def test_whether_a_request_may_have_arrived(cause: Exception, sent: bool) -> None:
    error = await lost(cause)
    assert was_sent(error) is sent
    assert type(ours(error)) is (OutcomeUnknown if sent else VendorUnavailable)
    assert type(ours(error, is_write=False)) is VendorUnavailable
    assert type(ours(error, has_written=True)) is OutcomeUnknown
    assert SECRET not in str(ours(error))
    assert type(cause).__name__ in ours(error).detail


async def lost(cause: Exception) -> stripe.APIConnectionError:
    """Return what our transport raises when the HTTP library raises ``cause``."""

    class Dead(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: Any) -> Any:
            raise cause

    transport = Transport(seconds=1, sleep=asyncio.sleep, network=Dead())
    with pytest.raises(stripe.APIConnectionError) as found:
        await transport.request_async("get", "https://api.stripe.com/v1/prices", {}, None)
    await transport.close_async()
    return found.value
