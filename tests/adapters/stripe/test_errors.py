"""Every published error becomes one of ours, says whether something may have happened, and tells nothing personal."""

from datetime import timedelta

import httpx2
import pytest
import stripe

from app.http import AsyncBaseTransport, Request, Response
from app.vendor_adapters.errors import (
    KeyReused,
    OutcomeUnknown,
    RejectReason,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from app.vendor_adapters.stripe.client import Client
from app.vendor_adapters.stripe.errors import CODES, Fault, translated
from app.vendor_adapters.stripe.transport import Transport, was_sent
from app.vendor_adapters.types import OfferKey
from tests.adapters.stripe.shop import TEAM, Shop
from tests.stripe_twin.network import at_once
from tests.stripe_twin.samples import error_codes
from tests.stripe_twin.twin import StripeTwin

SECRET = "ann@example.com 4242424242424242"


class Wire(AsyncBaseTransport):
    """A network whose far end gives one answer, or dies of one cause."""

    def __init__(self, answer: Response | Exception) -> None:
        self._answer = answer

    async def handle_async_request(self, request: Request) -> Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def client_over(twin: StripeTwin, answer: Response) -> Client:
    return Client(
        secret_key="sk_test_errors",
        api_base="https://api.stripe.com",
        clock=twin.clock,
        network=Wire(answer),
        sleep=at_once,
    )


async def raised(
    status: int, *, code: str | None = None, kind: str = "invalid_request_error", **headers: str
) -> stripe.StripeError:
    """Return what the library makes of an error's answer that came through our transport."""
    body = {"error": {"type": kind, "code": code, "message": SECRET, "param": "tax_id"}}
    named = {"Request-Id": "req_1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await met(Response(status, json=body, headers=named))


async def met(answer: Response | Exception) -> stripe.StripeError:
    """Return what a call ends with when the network has ``answer``."""
    transport = Transport(seconds=1, sleep=at_once, network=Wire(answer))
    library = stripe.StripeClient("sk_test_errors", http_client=transport)
    with pytest.raises(stripe.StripeError) as found:
        await library.v1.refunds.create_async({"payment_intent": "pi_1"})
    await transport.close_async()
    return found.value


def ours(error: stripe.StripeError, *, is_write: bool = True, has_written: bool = False) -> VendorError:
    return translated(error, "buy", is_write=is_write, has_written=has_written)


@pytest.mark.parametrize("status", [400, 404, 409, 429])
async def test_every_published_code_is_one_of_ours(status: int) -> None:
    assert len(error_codes()) > 200
    for code in error_codes():
        error = await raised(status, code=code)
        for is_write in (True, False):
            found = ours(error, is_write=is_write)
            assert (found.vendor, found.operation, found.request_id) == ("stripe", "buy", "req_1")
            assert "req_1" in str(found)
            assert SECRET not in str(found) + found.detail


def test_codes_are_published_ones_or_known_from_the_documentation() -> None:
    documented = {"idempotency_key_in_use", "rate_limit", "stripe_tax_inactive", "failed_tax_calculation"}
    assert set(CODES) - documented - set(error_codes()) == set()


@pytest.mark.parametrize(("code", "meaning"), CODES.items())
async def test_what_a_code_means(code: str, meaning: RejectReason | Fault) -> None:
    found = ours(await raised(400, code=code))
    if meaning is Fault.SETTINGS:
        assert type(found) is VendorMisconfigured
    elif meaning is Fault.PASSING:
        assert type(found) is (VendorUnavailable if code == "rate_limit" else OutcomeUnknown)
    else:
        assert isinstance(found, VendorRejected)
        assert (found.reason, found.field, found.detail) == (meaning, "tax_id", code)


async def test_a_code_without_a_meaning() -> None:
    found = ours(await raised(400, code="eclipsed"))
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
async def test_statuses_of_a_write(status: int, kind: str, wanted: type[VendorError]) -> None:
    assert type(ours(await raised(status, kind=kind))) is wanted


async def test_nothing_happened_is_said_only_where_nothing_can_have() -> None:
    broken = await raised(500, kind="api_error")
    assert type(ours(broken, is_write=False)) is VendorUnavailable
    assert type(ours(broken, is_write=False, has_written=True)) is OutcomeUnknown
    busy = await raised(429, code="rate_limit")
    assert type(ours(busy)) is VendorUnavailable
    assert type(ours(busy, has_written=True)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("value", "pause"), [("7", 7.0), ("0", 0.0), ("", None), ("-1", None), ("soon", None), ("7.5", None)]
)
async def test_how_long_to_wait(value: str, pause: float | None) -> None:
    found = ours(await raised(429, code="rate_limit", Retry_After=value))
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
    error = await met(cause)
    assert isinstance(error, stripe.APIConnectionError)
    assert was_sent(error) is sent
    assert type(ours(error)) is (OutcomeUnknown if sent else VendorUnavailable)
    assert type(ours(error, is_write=False)) is VendorUnavailable
    assert type(ours(error, has_written=True)) is OutcomeUnknown
    assert SECRET not in str(ours(error))
    assert type(cause).__name__ in ours(error).detail


async def test_a_page_of_a_proxy_is_no_answer() -> None:
    """The library cannot read it, and nobody knows whether Stripe has."""
    error = await met(Response(502, html=f"<html>{SECRET}</html>", headers={"Request-Id": "req_1"}))
    found = ours(error)
    assert (type(found), found.request_id) == (OutcomeUnknown, "req_1")
    assert type(ours(error, is_write=False)) is VendorUnavailable
    assert SECRET not in str(found)


@pytest.mark.parametrize("body", [{"error": None}, {"error": []}, {"error": "no"}, {}, [], "busy", None, 7], ids=repr)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_json_of_somebody_else_is_no_answer(twin: StripeTwin, body: object, status: int) -> None:
    client = client_over(twin, Response(status, json=body))
    with pytest.raises(VendorError) as failed:
        await client.run("refund", lambda call: call.write(call.v1.refunds.create_async({"payment_intent": "pi_1"})))
    assert type(failed.value) is OutcomeUnknown
    with pytest.raises(VendorError) as failed:
        await client.run("get_invoice", lambda call: call.read(call.v1.invoices.retrieve_async("in_1")))
    assert type(failed.value) is VendorUnavailable
    await client.close()


async def test_a_refusal_of_our_own_names_the_answer_that_it_rests_on(shop: Shop, twin: StripeTwin) -> None:
    """What Stripe held a moment ago is why the adapter says no: the request that read it is what support asks for."""
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.get_offer(OfferKey("nobody-sells-this"))
    assert refused.value.request_id == "", "nothing was asked"
    request = await shop.cart((TEAM, 3))
    stale = await shop.adapter.quote_purchase(request)
    twin.advance(timedelta(days=2))
    with pytest.raises(VendorRejected) as refused:
        await shop.open(request, stale)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert refused.value.request_id.startswith("req_")
    assert refused.value.request_id in str(refused.value)


async def test_a_lost_answer_bears_no_other_answers_id(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 3))
    quote = await shop.adapter.quote_purchase(request)
    twin.fail("lost_answer", r"post /v1/checkout/sessions", times=0)
    with pytest.raises(OutcomeUnknown) as unknown:
        await shop.open(request, quote)
    assert unknown.value.request_id == ""


async def test_a_declined_card_that_nobody_charged_is_a_refusal_with_its_request(twin: StripeTwin) -> None:
    """Stripe may answer any write with a bank's refusal: where no charge was asked for, it is none of our outcomes."""
    declined = {"error": {"type": "card_error", "code": "card_declined", "message": SECRET}}
    client = client_over(twin, Response(402, json=declined, headers={"Request-Id": "req_402"}))
    with pytest.raises(VendorRejected) as refused:
        await client.run("refund", lambda call: call.write(call.v1.refunds.create_async({"payment_intent": "pi_1"})))
    assert (refused.value.reason, refused.value.request_id) == (RejectReason.OTHER, "req_402")
    assert SECRET not in str(refused.value)
    await client.close()
