"""A check that no adapter can fail proves nothing: here each of the most important ones meets an adapter that must."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import Harness
from app.vendor_adapters.conformance.checks import AdapterConformance
from app.vendor_adapters.conformance.journeys import JOURNEYS
from app.vendor_adapters.conformance.writes import WRITES
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.types import SetSeats
from tests.adapters.conformance import wrong_adapters as wrong
from tests.adapters.conformance.embedded_harness import open_embedded
from tests.adapters.minimal.harness import MinimalHarness

CHECKS = AdapterConformance()
BY_OPERATION = {write.operation: write for write in WRITES}
MORE_SEATS = SetSeats(base=10, seats=13)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Control:
    """An adapter that is wrong, the check that must find it, and how that check ends."""

    wrong: type[EmbeddedVendor] | type[MinimalHarness]
    check: Callable[[Harness], Awaitable[None]]
    ends: type[BaseException] = AssertionError

    def __str__(self) -> str:
        return self.wrong.__name__


CONTROLS = (
    Control(wrong.KeysMeanNothing, lambda h: CHECKS.test_05_same_key_twice_one_effect(h, BY_OPERATION["refund"])),
    Control(
        wrong.ForgetsKeys,
        lambda h: CHECKS.test_05_same_key_with_other_arguments(h, BY_OPERATION["ensure_customer"]),
        pytest.fail.Exception,
    ),
    Control(wrong.ForgetsKeys, CHECKS.test_05_an_old_key_does_not_undo_a_newer_write),
    Control(
        wrong.LostAnswersAreRefusals,
        lambda h: CHECKS.test_07_lost_answer(h, BY_OPERATION["start_checkout"]),
        VendorRejected,
    ),
    Control(wrong.ChargesACentMore, CHECKS.test_10_preview_equals_charge),
    Control(wrong.QuotesChangesOfTheDay, CHECKS.test_10_preview_equals_charge_at_the_pinned_time),
    Control(wrong.MakesAPriceUp, CHECKS.test_11_a_failed_preview_surfaces, pytest.fail.Exception),
    Control(wrong.TakesAnyCustomer, CHECKS.test_a_customer_that_is_gone, pytest.fail.Exception),
    Control(wrong.MarksCardsByTheirHolder, CHECKS.test_a_card_is_known_again),
    Control(wrong.ForgetsThePause, lambda h: CHECKS.test_25_a_rate_limit_says_how_long(h, "list_offers")),
    Control(wrong.OpensAPageEachTime, CHECKS.test_17_two_starts_one_live_page),
    Control(wrong.GrantsBeforePayment, lambda h: CHECKS.test_19_a_declined_change_leaves_everything(h, MORE_SEATS)),
    Control(wrong.SignsTheContent, CHECKS.test_21_another_body_under_a_true_signature, pytest.fail.Exception),
    Control(
        wrong.NeverForgetsAMessage,
        lambda h: CHECKS.test_21_a_stale_or_future_message(h, YEAR),
        pytest.fail.Exception,
    ),
    Control(wrong.NeedsNoSignature, CHECKS.test_21_an_absent_or_broken_signature),
    Control(
        wrong.CrashesOnNonsense,
        lambda h: CHECKS.test_21_nonsense_under_a_true_signature(h, b"{"),
        json.JSONDecodeError,
    ),
    Control(wrong.NumbersDeliveries, CHECKS.test_22_duplicates),
    Control(wrong.NothingHasAVersion, CHECKS.test_23_versions_put_snapshots_in_order),
    Control(wrong.ChargesACentMore, lambda h: CHECKS.test_26_the_trace_is_the_same(h, JOURNEYS[0])),
)


@pytest.mark.parametrize("control", CONTROLS, ids=str)
async def test_a_wrong_adapter_fails(control: Control, template: Path, tmp_path: Path) -> None:
    if issubclass(control.wrong, MinimalHarness):
        with pytest.raises(control.ends):
            await control.check(control.wrong())
        return
    async with open_embedded(template, tmp_path, control.wrong) as harness:
        with pytest.raises(control.ends):
            await control.check(harness)
