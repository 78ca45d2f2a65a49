"""Faults on request: what the caller is told, what has happened, and that repeating heals it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from app.vendor_adapters.embedded.faults import OPERATIONS, Fault, PlannedFault
from app.vendor_adapters.errors import OutcomeUnknown, VendorUnavailable
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import CustomerRef
from tests.adapters.embedded.shop import CANCEL_TO, RETURN_TO, TEAM, Shop, cart, open_vendor, profile

DEADLINE = 0.05


@pytest.fixture
def hasty(vendor: EmbeddedVendor, tmp_path: Path, clock: FrozenClock) -> Iterator[EmbeddedVendor]:
    """The same vendor as another process sees it, with a deadline too short to wait for anything that hangs."""
    other = open_vendor(tmp_path / "vendor.db", clock, deadline=DEADLINE)
    yield other
    other.calls.database.close()


@pytest.fixture
def patient(vendor: EmbeddedVendor, tmp_path: Path, clock: FrozenClock) -> Iterator[EmbeddedVendor]:
    """The same vendor as another process sees it, that waits however busy the machine is."""
    other = open_vendor(tmp_path / "vendor.db", clock)
    yield other
    other.calls.database.close()


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.RESET_AFTER, Fault.ERROR_500])
async def test_a_write_whose_answer_is_lost_is_settled_by_the_same_key(
    shop: Shop, world: EmbeddedWorld, fault: Fault
) -> None:
    request, key = await shop.addressed(cart((TEAM, 1))), shop.key()
    quote = await shop.vendor.quote_purchase(request)
    await world.set_faults([PlannedFault(op="start_checkout", fault=fault, times=1)])
    with pytest.raises(OutcomeUnknown):
        await shop.vendor.start_checkout(request, quote=quote, return_to=RETURN_TO, cancel_to=CANCEL_TO, key=key)
    had_effect = fault in (Fault.TIMEOUT_AFTER, Fault.RESET_AFTER)
    assert len(await shop.vendor.find_checkouts(request.order)) == had_effect
    await shop.vendor.start_checkout(request, quote=quote, return_to=RETURN_TO, cancel_to=CANCEL_TO, key=key)
    assert len(await shop.vendor.find_checkouts(request.order)) == 1


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_read_never_answers_wrongly(
    hasty: EmbeddedVendor, world: EmbeddedWorld, shop: Shop, fault: Fault
) -> None:
    customer = await shop.customer()
    await world.set_faults([PlannedFault(op="any", fault=fault, times=1)])
    if fault is Fault.SLOW:
        assert await shop.vendor.payment_methods(customer) == ()
    else:
        with pytest.raises(VendorUnavailable):
            await hasty.payment_methods(customer)
    assert await shop.vendor.payment_methods(customer) == ()


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.DOWN])
async def test_a_write_that_is_turned_away_did_nothing(shop: Shop, world: EmbeddedWorld, fault: Fault) -> None:
    await world.set_faults([PlannedFault(op="ensure_customer", fault=fault, times=2)])
    for _ in range(2):
        with pytest.raises(VendorUnavailable) as turned_away:
            await shop.vendor.ensure_customer(profile(), key=shop.key())
        assert turned_away.value.retry_after is not None
    assert (await world.books())["customers"] == []
    await shop.vendor.ensure_customer(profile(), key=shop.key())


async def test_a_hanging_write_ends_with_its_deadline(hasty: EmbeddedVendor, world: EmbeddedWorld, shop: Shop) -> None:
    await world.set_faults([PlannedFault(op="ensure_customer", fault=Fault.HANG, times=1)])
    async with asyncio.timeout(100 * DEADLINE):
        with pytest.raises(OutcomeUnknown):
            await hasty.ensure_customer(profile(), key=shop.key())


async def test_a_fault_is_taken_once_however_many_ask(
    shop: Shop, world: EmbeddedWorld, patient: EmbeddedVendor
) -> None:
    customer = await shop.customer()
    await world.set_faults([PlannedFault(op="payment_methods", fault=Fault.ERROR_500, times=3)])
    answers = await asyncio.gather(
        *(vendor.payment_methods(customer) for vendor in (shop.vendor, patient) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, VendorUnavailable) for answer in answers) == 3


async def test_faults_without_a_number_last_until_they_are_cleared(shop: Shop, world: EmbeddedWorld) -> None:
    await world.set_faults([PlannedFault(op="any", fault=Fault.DOWN, times=0)])
    for _ in range(5):
        with pytest.raises(VendorUnavailable):
            await shop.vendor.list_offers()
    await world.clear_faults()
    assert await shop.vendor.list_offers()


async def test_faults_hit_the_operation_they_name(shop: Shop, world: EmbeddedWorld) -> None:
    await world.set_faults([PlannedFault(op="list_offers", fault=Fault.DOWN, times=1)])
    assert (await shop.vendor.get_offer(TEAM)).key == TEAM
    with pytest.raises(VendorUnavailable):
        await shop.vendor.list_offers()


async def test_a_fault_of_no_operation_is_refused(world: EmbeddedWorld) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        await world.set_faults([PlannedFault(op="nothing", fault=Fault.DOWN, times=1)])


def test_every_call_of_the_port_can_be_named() -> None:
    methods = {name for base in VendorAdapter.__mro__ for name in vars(base) if not name.startswith("_")}
    never_calls = {"name", "capabilities", "origins", "close", "read_notification", "checkup"}
    assert methods - never_calls == OPERATIONS


async def test_a_locked_database_is_not_taken_for_an_answer(
    hasty: EmbeddedVendor, vendor: EmbeddedVendor, shop: Shop, clock: FrozenClock
) -> None:
    key = shop.key()
    with vendor.calls.database.engine.begin(), pytest.raises(OutcomeUnknown):
        await hasty.ensure_customer(profile(), key=key)
    clock.advance(timedelta(seconds=1))
    first = await vendor.ensure_customer(profile(), key=key)
    assert await vendor.ensure_customer(profile(), key=key) == CustomerRef(first)
