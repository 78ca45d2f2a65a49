"""Rules of the port that are not among the numbered checks, and a vendor that is slow, broken or busy."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.absences import ABSENCES
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, taken
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.checks.contract import wire_of
from app.vendor_adapters.conformance.harness import Facility, Fault, Harness
from app.vendor_adapters.conformance.logs import logged
from app.vendor_adapters.conformance.offers import START, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.errors import NotSupported, OutcomeUnknown, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import CheckoutRef, SubscriptionRef

_Call = Callable[[], Awaitable[object]]
_SLACK = 3.0
"""Seconds beyond the deadline that a busy machine may take."""
_LOGGED = {"vendor", "operation", "outcome", "ms", "vendor_request_id"}


class RuleChecks(Checks):
    """What every adapter owes its callers."""

    @check(0)
    async def test_the_harness_is_set_up(self, harness: Harness) -> None:
        """The harness begins at START, empty, and capabilities have measures."""
        capabilities = harness.adapter.capabilities
        assert Facility.CALENDAR in harness.lacks or harness.clock.now() == START
        assert await harness.charges() == ()
        assert harness.adapter.name.isidentifier()
        assert all(origin.startswith(("http://", "https://")) for origin in harness.adapter.origins)
        assert capabilities.max_discounts >= (Capability.DISCOUNTS in capabilities)
        assert capabilities.idempotency_window > timedelta(0)
        assert capabilities.checkout_lifetime > timedelta(0)

    @check(0)
    async def test_what_is_not_declared_is_not_supported(self, harness: Harness) -> None:
        """What is not declared is refused as NotSupported, by the capability's name."""
        buyer = await Buyer.arrive(harness)
        for absence in ABSENCES:
            if absence.is_felt(harness.adapter.capabilities):
                with pytest.raises(NotSupported) as refused:
                    await absence.call(buyer)
                assert refused.value.detail == absence.capability.value

    @check(0)
    async def test_what_is_not_there_is_not_found(self, harness: Harness) -> None:
        """What is not there is NOT_FOUND; an order without a checkout has none."""
        adapter = harness.adapter
        for call in (
            lambda: adapter.get_checkout(CheckoutRef("co_unknown")),
            lambda: adapter.get_subscription(SubscriptionRef("sub_unknown")),
        ):
            with pytest.raises(VendorRejected) as refused:
                await call()
            assert refused.value.reason is RejectReason.NOT_FOUND
        assert await adapter.find_checkouts(new_order()) == ()

    @check(0)
    async def test_errors_say_where_they_come_from(self, harness: Harness) -> None:
        """An error names vendor and operation, and nobody's data."""
        buyer = await Buyer.arrive(harness)
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.get_checkout(CheckoutRef("co_unknown"))
        assert (refused.value.vendor, refused.value.operation) == (harness.adapter.name, "get_checkout")
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.quote_purchase(buyer.request((TEAM, 0)))
        assert (refused.value.vendor, refused.value.operation) == (harness.adapter.name, "quote_purchase")
        assert not _is_told(buyer, str(refused.value))

    @check(0)
    async def test_logs_name_the_call_and_nobody(self, harness: Harness) -> None:
        """Each call is logged with its outcome, time and request id, and nobody's data."""
        with logged() as events:
            buyer = await Buyer.arrive(harness)
            await harness.adapter.ensure_customer(buyer.profile, key=new_key("ensure_customer"))
            with pytest.raises(VendorRejected):
                await harness.adapter.get_checkout(CheckoutRef("co_unknown"))
        calls = {str(event["operation"]): event for event in events if event.keys() >= _LOGGED}
        assert calls.keys() >= {"ensure_customer", "get_checkout"}
        assert calls["get_checkout"]["outcome"] == "VendorRejected"
        assert not _is_told(buyer, str(events))

    @check(0)
    async def test_reads_never_write(self, harness: Harness) -> None:
        """Reads never write: read twice, nothing has moved and nothing was sent."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        paid = await harness.adapter.find_checkouts(subscription.order)
        messages = Facility.MESSAGES not in harness.lacks
        if messages:
            await harness.sent()
        before = await harness.charges()
        for _ in range(2):
            await harness.adapter.list_offers()
            await harness.adapter.quote_purchase(buyer.request((TEAM, 3)))
            await harness.adapter.payment_methods(buyer.customer)
            assert await harness.adapter.find_checkouts(subscription.order) == paid
            assert [one.version for one in await harness.adapter.list_subscriptions(buyer.customer)]
            assert len(await buyer.invoices()) == 1
        assert await harness.charges() == before
        assert not messages or await harness.sent() == ()

    @check(0, Facility.FAULTS)
    @pytest.mark.parametrize("operation", ["quote_purchase", "start_checkout"])
    async def test_a_silent_vendor_is_not_waited_for(self, harness: Harness, operation: str) -> None:
        """A vendor that says nothing is given up within the deadline."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        calls: dict[str, _Call] = {
            "quote_purchase": lambda: harness.adapter.quote_purchase(request),
            "start_checkout": lambda: buyer.open(request, quote=quote),
        }
        async with harness.fault(operation, Fault.SILENT), asyncio.timeout(harness.deadline + _SLACK):
            with pytest.raises(OutcomeUnknown if operation == "start_checkout" else VendorUnavailable):
                await calls[operation]()

    @check(7, Facility.FAULTS)
    async def test_07_a_broken_vendor_is_no_refusal(self, harness: Harness) -> None:
        """A failure of the vendor's own is never told as a refusal."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        async with harness.fault("start_checkout", Fault.BROKEN):
            with pytest.raises((OutcomeUnknown, VendorUnavailable)):
                await buyer.open(request, quote=quote)
        assert await taken(harness, request.order) == []

    @check(25, Facility.FAULTS)
    @pytest.mark.parametrize("operation", ["list_offers", "start_checkout"])
    async def test_25_a_rate_limit_says_how_long(self, harness: Harness, operation: str) -> None:
        """A rate limit carries the vendor's own pause; later the same key works."""
        buyer, key = await Buyer.arrive(harness), new_key(operation)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        calls: dict[str, _Call] = {
            "list_offers": harness.adapter.list_offers,
            "start_checkout": lambda: buyer.open(request, quote=quote, key=key),
        }
        async with harness.fault(operation, Fault.BUSY) as pause, asyncio.timeout(harness.deadline + _SLACK):
            with pytest.raises(VendorUnavailable) as busy:
                await calls[operation]()
        assert pause > 0
        assert busy.value.retry_after == pause
        await calls[operation]()
        assert len(await harness.adapter.find_checkouts(request.order)) == (operation == "start_checkout")

    @check(25, Facility.FAULTS, Facility.WIRE)
    async def test_25_no_call_is_repeated_sooner(self, harness: Harness) -> None:
        """A call that is turned away sends no more requests than one that goes through."""
        wire = wire_of(harness)
        before = wire.sent()
        async with harness.fault("list_offers", Fault.BUSY):
            with pytest.raises(VendorUnavailable):
                await harness.adapter.list_offers()
        turned_away = wire.sent() - before
        await harness.adapter.list_offers()
        assert turned_away, "the guard saw no request: it must sit between the adapter and the faults"
        assert turned_away <= wire.sent() - before - turned_away, "it asked again before the pause was over"


def _is_told(buyer: Buyer, text: str) -> bool:
    return any(personal in text for personal in (buyer.profile.email, buyer.profile.full_name, buyer.place.line1))
