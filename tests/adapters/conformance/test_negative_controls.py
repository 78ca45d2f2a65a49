"""A check that no adapter can fail proves nothing: here each of them meets adapters that are wrong, and finds them."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import Harness, Payment
from app.vendor_adapters.conformance.checks import AdapterConformance, catalog, discounts
from app.vendor_adapters.conformance.checks import subscriptions as changes
from app.vendor_adapters.conformance.journeys import JOURNEYS
from app.vendor_adapters.conformance.scenario import Scenario, scenario_of
from app.vendor_adapters.conformance.writes import WRITES
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import KeyReused, NotificationRejected, VendorRejected
from app.vendor_adapters.types import SetSeats
from tests.adapters.conformance import wrong_adapters as wrong
from tests.adapters.conformance import wrong_bodies as bodies
from tests.adapters.conformance import wrong_prices as prices
from tests.adapters.conformance import wrong_purchases as purchases
from tests.adapters.conformance import wrong_subscriptions as subscriptions
from tests.adapters.conformance.embedded_harness import open_embedded

CHECKS = AdapterConformance()
NOT_RAISED = pytest.fail.Exception
WRITE = {write.operation: write for write in WRITES}
MORE_SEATS = SetSeats(base=10, seats=13)
YEAR = timedelta(days=365)
TOO_OLD = timedelta(minutes=5, seconds=30)
DOLLARS, YEN, _ = catalog._DECIMALS
SHARE = {case.name: case for case in discounts._CASES}["rounded up"]
TENTH = discounts._Off(percent_bp=1_000)
GROWTH = changes._CASES[0]


@dataclass(frozen=True, slots=True)
class Control:
    """An adapter that is wrong, the check that must find it, and how that check ends.

    Args:
        check: its name without ``test_``. given: its parameters. ends: what it raises. says: a pattern in its message.
    """

    wrong: type[EmbeddedVendor] | type[Harness]
    check: str
    given: tuple[object, ...] = ()
    ends: type[BaseException] = AssertionError
    says: str = ""

    @property
    def scenario(self) -> Scenario:
        """The check as the kit knows it."""
        found = scenario_of(getattr(CHECKS, f"test_{self.check}"))
        assert found is not None
        return found

    def __str__(self) -> str:
        return f"{self.check} {self.wrong.__name__}"


CONTROLS = (
    Control(bodies.MisspellsAParameter, "01_every_request_is_valid", says="succes_url"),
    Control(bodies.HasABlindGuard, "01_planted_mistakes_are_caught"),
    Control(bodies.CrashesOnAState, "02_every_body_is_translated", ends=KeyError, says="void"),
    Control(bodies.LeaksTheVendorsShape, "02_every_body_is_translated", says="page open"),
    Control(bodies.GuessesStates, "03_unheard_of_values_are_unknown", says="page eclipsed"),
    Control(bodies.RefusesNews, "03_an_unheard_of_kind_is_ignored", ends=NotificationRejected),
    Control(bodies.PricesByFloat, "04_prices_are_what_the_catalog_says", says="1998"),
    Control(bodies.QuotesByFloat, "04_amounts_round_trip", (DOLLARS,), says="13986"),
    Control(bodies.AllHaveHundredths, "04_amounts_round_trip", (YEN,), says="1399300"),
    Control(wrong.KeysMeanNothing, "05_same_key_twice_one_effect", (WRITE["refund"],)),
    Control(wrong.ForgetsKeys, "05_same_key_with_other_arguments", (WRITE["ensure_customer"],), NOT_RAISED),
    Control(wrong.ForgetsKeys, "05_an_old_key_does_not_undo_a_newer_write"),
    Control(purchases.RefusesWhileItIsBusy, "06_same_key_at_the_same_time", (WRITE["refund"],), KeyReused),
    Control(purchases.LooksBeforeItActs, "06_same_key_at_the_same_time", (WRITE["refund"],)),
    Control(wrong.LostAnswersAreRefusals, "07_lost_answer", (WRITE["start_checkout"],), VendorRejected),
    Control(purchases.TriesAgainWithANewKey, "07_lost_answer", (WRITE["refund"],), says="2 == 1"),
    Control(purchases.FailuresAreRefusals, "07_lost_request", (WRITE["start_checkout"],), VendorRejected),
    Control(purchases.FailuresAreRefusals, "07_a_broken_vendor_is_no_refusal", ends=VendorRejected),
    Control(purchases.KnowsPeopleByName, "08_customer_found_by_our_id"),
    Control(purchases.KnowsPeopleByName, "08_customer_found_after_the_window"),
    Control(purchases.ForgetsReservations, "08_discount_found_after_the_window"),
    Control(purchases.ForgetsOrders, "08_purchase_found_after_the_window"),
    Control(purchases.RefundsAgainLater, "08_a_write_sent_again_after_the_window", (WRITE["refund"],), says="2 == 1"),
    Control(purchases.AsksTheBankAgain, "09_no_retry_after_a_decline"),
    Control(purchases.DeclinesForGood, "09_declined_on_the_page", says="EXPIRED"),
    Control(wrong.ChargesACentMore, "10_preview_equals_charge", says="243600"),
    Control(prices.QuotesWithoutLines, "10_a_quote_adds_up", says="243600"),
    Control(prices.QuotesYesterdaysPrice, "10_a_quote_adds_up", says="price of now"),
    Control(prices.ForgetsTax, "10_tax_is_known_before_paying"),
    Control(prices.NeverCollectsTax, "10_tax_is_known_before_paying", says="30885"),
    Control(prices.ForgetsTheMove, "10_tax_follows_the_customer", says="9266"),
    Control(prices.BelievesAnyTaxId, "10_a_tax_id_that_is_none", says="VALID"),
    Control(prices.GuessesThePlace, "10_tax_is_known_before_paying"),
    Control(prices.SellsOldQuotesAnew, "10_an_old_quote_is_honoured_or_refused", says="243601"),
    Control(wrong.QuotesChangesOfTheDay, "10_preview_of_a_change_equals_charge", (GROWTH,)),
    Control(wrong.QuotesChangesOfTheDay, "10_preview_equals_charge_at_the_pinned_time"),
    Control(wrong.MakesAPriceUp, "11_a_failed_preview_surfaces", ends=NOT_RAISED),
    Control(prices.MakesAChangesPriceUp, "11_a_failed_preview_of_a_change_surfaces", ends=NOT_RAISED),
    Control(prices.KnowsWholePercentsOnly, "12_figures_equal_the_engines", (SHARE,), says="1159"),
    Control(prices.DiscountsForEver, "12_it_lasts_as_long_as_it_says", (1, [348_000]), says="278400"),
    Control(prices.DiscountsNoChange, "12_a_change_with_a_discount", (TENTH,), says="2803"),
    Control(prices.PromisesLess, "13_next_charge_is_what_is_invoiced", says="243599"),
    Control(prices.PromisesLess, "13_what_a_change_renews_at", says="452399"),
    Control(prices.PromisesLess, "13_a_discount_that_runs_out", says="278399"),
    Control(prices.DiscountsForEver, "13_a_discount_that_runs_out", says="348000"),
    Control(purchases.LeadsBackToPaidPages, "14_start_and_resume", says="/pay/"),
    Control(purchases.ExpiresWhatIsPaid, "14_expire", says="EXPIRED"),
    Control(purchases.PagesNeverEnd, "14_lifetime", says="OPEN"),
    Control(purchases.ClosesPagesInWordsOnly, "15_paid_after_expiry", says="EXPIRED"),
    Control(purchases.NeverHearsTheBank, "16_challenge_passed", says="PROCESSING"),
    Control(purchases.TrustsAFailedCheck, "16_challenge_failed", says="COMPLETE"),
    Control(purchases.HasNoWayBack, "16_challenge_left", says="a way back"),
    Control(purchases.TakesAQuestionForAYes, "16_a_card_on_file_that_asks", (Payment.CHALLENGE_FAILED, [])),
    Control(subscriptions.GrantsWhileTheBankAsks, "16_a_change_that_the_bank_asks_about", (Payment.CHALLENGE_LEFT, 10)),
    Control(wrong.OpensAPageEachTime, "17_two_starts_one_live_page", says="2"),
    Control(wrong.OpensAPageEachTime, "17_another_cart_for_the_same_order"),
    Control(wrong.OpensAPageEachTime, "17_an_order_is_paid_once"),
    Control(subscriptions.SeatsWaitForRenewal, "18_more_seats_count_now"),
    Control(subscriptions.StartsTheTermAnew, "18_a_higher_plan_counts_now"),
    Control(subscriptions.TakesAtOnce, "18_fewer_seats_count_at_renewal"),
    Control(subscriptions.TakesAtOnce, "18_a_lower_plan_counts_at_renewal"),
    Control(subscriptions.ReplacesPacks, "18_packs_beside_a_plan"),
    Control(subscriptions.OverrulesOthers, "18_a_moved_base_is_stale", ends=NOT_RAISED),
    Control(wrong.GrantsBeforePayment, "19_a_declined_change_leaves_everything", (MORE_SEATS,)),
    Control(wrong.CountsUnpaidTerms, "19_a_term_that_a_bank_refuses_is_not_paid", says="2028"),
    Control(purchases.OneCartIsOnePage, "20_a_pack_bought_twice_is_two"),
    Control(purchases.OneCartIsOnePage, "20_packs_with_a_stored_card"),
    Control(subscriptions.TellsTheEventsName, "21_a_true_message_is_read", says="sub_1"),
    Control(wrong.SignsTheContent, "21_another_body_under_a_true_signature", ends=NOT_RAISED),
    Control(wrong.NeverForgetsAMessage, "21_a_stale_or_future_message", (YEAR,), NOT_RAISED),
    Control(wrong.NeverForgetsAMessage, "21_a_stale_or_future_message", (TOO_OLD,), NOT_RAISED),
    Control(wrong.NeedsNoSignature, "21_an_absent_or_broken_signature", says="without its signature"),
    Control(wrong.CrashesOnNonsense, "21_nonsense_under_a_true_signature", (b"{",), json.JSONDecodeError),
    Control(wrong.NumbersDeliveries, "22_duplicates"),
    Control(wrong.NothingHasAVersion, "23_versions_put_snapshots_in_order"),
    Control(subscriptions.ReadsFromACache, "23_versions_put_snapshots_in_order", says="a read shows"),
    Control(subscriptions.HearsNothing, "23_messages_in_any_order"),
    Control(subscriptions.ListsNothing, "24_the_sweep_finds_what_was_lost"),
    Control(subscriptions.ListsFromTheStart, "24_the_sweep_goes_on_where_it_stopped"),
    Control(subscriptions.FindsOpenPagesOnly, "24_reading_heals", says="COMPLETE"),
    Control(wrong.ForgetsThePause, "25_a_rate_limit_says_how_long", ("list_offers",)),
    Control(bodies.AsksAgainAtOnce, "25_no_call_is_repeated_sooner", says="4"),
    Control(wrong.ChargesACentMore, "26_the_trace_is_the_same", (JOURNEYS[0],), says="347999"),
    Control(wrong.TakesAnyCustomer, "a_customer_that_is_gone", ends=NOT_RAISED),
    Control(wrong.MarksCardsByTheirHolder, "a_card_is_known_again"),
    Control(prices.CallsAGuessExact, "an_estimate_is_called_one", says="estimated|ESTIMATED"),
    Control(subscriptions.ForgetsTheSubject, "a_subscription_says_whose_it_is", says="group:"),
    Control(subscriptions.ForgetsTheOrder, "a_subscription_says_whose_it_is", says="O-"),
    Control(purchases.TakesAnyQuote, "a_quote_is_of_its_own_request", ends=NOT_RAISED),
    Control(purchases.FindsTheNewestFirst, "checkouts_are_found_oldest_first"),
    Control(purchases.BlamesTheFunds, "a_failed_challenge_is_told_as_one", says="FUNDS"),
    Control(subscriptions.GrantsALateYes, "a_late_yes_changes_nothing", says="13"),
    Control(subscriptions.TakesALateYes, "a_late_yes_changes_nothing", says="money for nothing"),
    Control(wrong.CountsWhatWasPaidBack, "a_term_that_was_paid_back_does_not_come", says="2028"),
    Control(purchases.WaitsAfterANo, "after_a_banks_no_to_a_purchase", says="a way back"),
    Control(purchases.WaitsAfterANo, "after_a_banks_no_to_a_change", says="a way back"),
    Control(purchases.GivesNothingBack, "a_checkout_says_what_was_given_back", says="60000"),
    Control(purchases.ReservesTwice, "one_discount_for_a_reservation", ends=NOT_RAISED),
    Control(prices.TotalsWithoutAPlace, "no_tax_is_promised_for_an_unknown_place", says="243600"),
    Control(prices.NumbersNoInvoice, "invoices_are_listed_newest_first", says="has a number"),
    Control(prices.BillsRenewalsToAnOrder, "a_renewal_is_of_no_order"),
    Control(prices.ChargesRenewalsToAnOrder, "a_renewal_is_of_no_order", says="ord_1"),
    Control(prices.ShowsOnePage, "invoices_beyond_a_page", says="the list goes on"),
)


@asynccontextmanager
async def opened(kind: type[EmbeddedVendor] | type[Harness], template: Path, folder: Path) -> AsyncIterator[Harness]:
    """Yield a harness of that kind, or the embedded vendor's with an adapter of that kind."""
    if issubclass(kind, EmbeddedVendor):
        async with open_embedded(template, folder, kind) as harness:
            yield harness
        return
    own = kind()
    yield own
    await own.close()


@pytest.mark.parametrize("control", CONTROLS, ids=str)
async def test_a_wrong_adapter_is_found_by_its_rule(control: Control, template: Path, tmp_path: Path) -> None:
    async with opened(control.wrong, template, tmp_path) as harness:
        with pytest.raises(control.ends) as found:
            await getattr(CHECKS, f"test_{control.check}")(harness, *control.given)
    assert found.value.__notes__ == [control.scenario.rule]
    assert re.search(control.says, str(found.value)), str(found.value)


def test_every_check_of_the_26_finds_a_wrong_adapter() -> None:
    """Each test that has a number, so that none of a number's tests is there for show."""
    numbered = {
        name
        for name in dir(AdapterConformance)
        if (scenario := scenario_of(getattr(AdapterConformance, name))) and scenario.number
    }
    assert {control.scenario.number for control in CONTROLS} >= set(range(1, 27))
    assert numbered - {f"test_{control.check}" for control in CONTROLS} == set()
