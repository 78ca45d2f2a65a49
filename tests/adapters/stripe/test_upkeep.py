"""Setting Stripe up: the catalog mirrored by lookup key, and every fault of the settings told in plain words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.catalog.model import Catalog, PriceRow
from app.commands.vendor_setup import setup_faults
from app.vendor_adapters.errors import VendorUnavailable
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.stripe.checkup import NEEDED_EVENTS, Keys
from app.vendor_adapters.stripe.names import API_VERSION
from app.vendor_adapters.types import CatalogStepKind, OfferKey, SetupFault
from tests.adapters.stripe.shop import CATALOG, TEAM, Shop
from tests.stripe_twin.books import Obj
from tests.stripe_twin.samples import event_types
from tests.stripe_twin.twin import StripeTwin

WEBHOOKS = "https://store.example/webhooks/stripe"


def catalog_with(*rows: PriceRow) -> Catalog:
    changed = {row.id: row for row in rows}
    kept = tuple(changed.pop(row.id, row) for row in CATALOG.prices)
    return replace(CATALOG, prices=(*kept, *changed.values()))


def row_of(key: str, **fields: Any) -> PriceRow:
    row = next(row for row in CATALOG.prices if row.id == key)
    return replace(row, **fields)


def selling(twin: StripeTwin, catalog: Catalog) -> StripeAdapter:
    """Return an adapter for this twin whose store sells another catalog."""
    twin.catalog = catalog
    return twin.adapter_with(deadline=5.0)


# --- the catalog ---


async def test_a_new_account_gets_every_price_and_product_once(twin: StripeTwin) -> None:
    for kind in ("price", "product"):
        twin.books.tables[kind].clear()
    planned = await twin.adapter.sync_catalog(apply=False)
    assert [(step.kind, step.key) for step in planned] == [(CatalogStepKind.MAKE, row.id) for row in CATALOG.prices]
    assert twin.books.all("price") == [], "a dry run changes nothing"
    assert await twin.adapter.sync_catalog(apply=True) == planned
    held = twin.books.all("price")
    assert sorted(price["lookup_key"] for price in held) == sorted(row.id for row in CATALOG.prices)
    assert len(twin.books.all("product")) == len({(row.item, row.deployment) for row in CATALOG.prices})
    assert {price["tax_behavior"] for price in held} == {"exclusive"}
    assert await twin.adapter.sync_catalog(apply=True) == ()
    assert twin.books.all("price") == held


async def test_what_was_bought_keeps_its_price_when_that_is_retired(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription(TEAM, 3)
    retired = row_of(TEAM, active=False)
    successor = replace(row_of(TEAM), id="team-hosted-usd-y-2", amount=36_000)
    adapter = selling(twin, catalog_with(retired, successor))
    steps = await adapter.sync_catalog(apply=True)
    assert [(step.kind, step.key) for step in steps] == [
        (CatalogStepKind.RETIRE, TEAM),
        (CatalogStepKind.MAKE, "team-hosted-usd-y-2"),
    ]
    assert not (await adapter.get_offer(TEAM)).is_offered
    held = await adapter.get_subscription(bought.ref)
    assert (held.offer, held.unit_price.minor) == (TEAM, 34_800)
    again = selling(twin, CATALOG)
    steps = await again.sync_catalog(apply=True)
    # the price of the successor was made from a row, which has left the catalog; it is kept, and offered no more
    assert [(step.kind, step.key) for step in steps] == [
        (CatalogStepKind.OFFER, TEAM),
        (CatalogStepKind.RETIRE, "team-hosted-usd-y-2"),
    ]
    left = next(price for price in twin.books.all("price") if price["lookup_key"] == "team-hosted-usd-y-2")
    assert (left["active"], left["unit_amount"]) == (False, 36_000)
    assert await again.sync_catalog(apply=False) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": 36_000}, "the catalog says 36000 usd P1Y, the vendor holds 34800 usd P1Y"),
        ({"currency": "eur"}, "the catalog says 34800 eur P1Y, the vendor holds 34800 usd P1Y"),
        ({"interval": "once"}, "the catalog says 34800 usd once, the vendor holds 34800 usd P1Y"),
    ],
)
async def test_a_price_never_changes(twin: StripeTwin, fields: dict[str, Any], words: str) -> None:
    adapter, before = selling(twin, catalog_with(row_of(TEAM, **fields))), str(twin.books.all("price"))
    (step,) = await adapter.sync_catalog(apply=True)
    assert (step.kind, step.key) == (CatalogStepKind.CONFLICT, TEAM)
    assert words in step.detail
    assert str(twin.books.all("price")) == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"billing_scheme": "tiered", "unit_amount": None}, "is billed in another way"),
        ({"recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"}}, "in another way"),
        ({"tax_behavior": "inclusive"}, "includes tax"),
    ],
)
async def test_a_price_made_by_hand_in_another_way(twin: StripeTwin, fields: Obj, words: str) -> None:
    price_at(twin, TEAM).update(fields)
    (step,) = await twin.adapter.sync_catalog(apply=True)
    assert (step.kind, step.key) == (CatalogStepKind.CONFLICT, TEAM)
    assert words in step.detail


async def test_prices_of_others_in_the_account_are_left_alone(twin: StripeTwin) -> None:
    price_at(twin, TEAM)["lookup_key"] = "somebody-elses"
    (step,) = await twin.adapter.sync_catalog(apply=False)
    assert (step.kind, step.key) == (CatalogStepKind.MAKE, TEAM)


async def test_stopped_halfway_it_goes_on_where_it_was(twin: StripeTwin) -> None:
    for kind in ("price", "product"):
        twin.books.tables[kind].clear()
    await twin.adapter.sync_catalog(apply=False)
    twin.fail("rate_limit", r"post /v1/prices", times=1)
    with pytest.raises(Exception, match="request req_") as stopped:
        await twin.adapter.sync_catalog(apply=True)
    assert not isinstance(stopped.value, VendorUnavailable), "a product was made already"
    assert await twin.adapter.sync_catalog(apply=True)
    assert await twin.adapter.sync_catalog(apply=False) == ()


# --- the settings ---


def endpoint(twin: StripeTwin, **fields: Any) -> Obj:
    return twin.books.new(
        "webhook_endpoint",
        **{
            "url": WEBHOOKS,
            "status": "enabled",
            "api_version": API_VERSION,
            "enabled_events": list(NEEDED_EVENTS),
            "metadata": {},
        }
        | fields,
    )


async def faults(twin: StripeTwin) -> list[SetupFault]:
    return list(await setup_faults(twin.adapter, CATALOG, WEBHOOKS))


async def test_all_is_well(twin: StripeTwin) -> None:
    endpoint(twin, url="https://another.example/hooks")
    endpoint(twin, status="disabled")
    endpoint(twin)
    assert await faults(twin) == []
    twin.books.tables["webhook_endpoint"].clear()
    endpoint(twin, enabled_events=["*"])
    assert await faults(twin) == []


def price_at(twin: StripeTwin, key: str) -> Obj:
    return next(price for price in twin.books.all("price") if price["lookup_key"] == key)


def _no_endpoint(twin: StripeTwin) -> None:
    twin.books.tables["webhook_endpoint"].clear()


def _elsewhere(twin: StripeTwin) -> None:
    (held,) = twin.books.all("webhook_endpoint")
    held["url"] = "https://old.example/webhooks/stripe"


def _disabled(twin: StripeTwin) -> None:
    (held,) = twin.books.all("webhook_endpoint")
    held["status"] = "disabled"


def _fewer_events(twin: StripeTwin) -> None:
    (held,) = twin.books.all("webhook_endpoint")
    held["enabled_events"] = [event for event in NEEDED_EVENTS if event not in ("invoice.paid", "charge.refunded")]


def _other_version(twin: StripeTwin) -> None:
    (held,) = twin.books.all("webhook_endpoint")
    held["api_version"] = "2024-06-20"


def _accounts_version(twin: StripeTwin) -> None:
    (held,) = twin.books.all("webhook_endpoint")
    held["api_version"] = None


def _fast_clock(twin: StripeTwin) -> None:
    twin.api.skew = timedelta(seconds=-200)


def _slow_clock(twin: StripeTwin) -> None:
    twin.api.skew = timedelta(seconds=61)


def _no_tax(twin: StripeTwin) -> None:
    twin.books.is_tax_active = False


def _no_portal(twin: StripeTwin) -> None:
    twin.books.has_portal = False


def _missing_price(twin: StripeTwin) -> None:
    del twin.books.tables["price"][price_at(twin, TEAM)["id"]]


def _archived_price(twin: StripeTwin) -> None:
    price_at(twin, TEAM)["active"] = False


@pytest.mark.parametrize(
    ("spoil", "found", "mend"),
    [
        (lambda twin: twin.fail("bad_key", times=0), "STRIPE_SECRET_KEY is refused", "copy it again"),
        (lambda twin: twin.fail("forbidden", ".*/prices", 0), "may not read prices", "restricted key"),
        (lambda twin: twin.fail("forbidden", ".*/webhook_endpoints", 0), "may not read Webhook Endpoints", "the right"),
        (lambda twin: twin.fail("forbidden", ".*/tax/settings", 0), "may not read Tax settings", "AUTOMATIC_TAX=off"),
        (_no_endpoint, f"there is no webhook endpoint for {WEBHOOKS}", "charge.refunded"),
        (_elsewhere, f"is https://old.example/webhooks/stripe, and the store listens at {WEBHOOKS}", "KASSA_BASE_URL"),
        (_disabled, "the webhook endpoint is disabled", "enable it"),
        (_fewer_events, "does not send charge.refunded, invoice.paid", "add these events"),
        (_other_version, "API version is 2024-06-20", API_VERSION),
        (_accounts_version, "API version is the account's default", API_VERSION),
        (_fast_clock, "200 seconds ahead of Stripe's", "NTP"),
        (_slow_clock, "61 seconds behind Stripe's", "NTP"),
        (_no_tax, "Stripe Tax is not set up", "STRIPE_AUTOMATIC_TAX=off"),
        (_no_portal, "the customer portal has no settings", "save its settings once"),
        (lambda twin: twin.fail("forbidden", ".*/configurations", 0), "may not read Customer portal", "the right"),
        (_missing_price, f"stripe does not know {TEAM}", "kassa vendor sync --apply"),
        (_archived_price, f"stripe does not offer {TEAM}", "kassa vendor sync --apply"),
        (lambda twin: price_at(twin, TEAM).update(unit_amount=1), f"the price {TEAM} differs", "never changes"),
        (lambda twin: twin.fail("refused", times=0), "did not answer checkup: VendorUnavailable", "status page"),
        (lambda twin: twin.fail("broken", times=0), "did not answer checkup: VendorUnavailable", "status page"),
    ],
)
async def test_each_fault_is_told_alone(
    twin: StripeTwin, spoil: Callable[[StripeTwin], object], found: str, mend: str
) -> None:
    endpoint(twin)
    spoil(twin)
    (told,) = await faults(twin)
    assert found in told.found
    assert mend in told.mend
    assert "sk_test" not in told.found + told.mend


async def test_several_faults_are_told_at_once(twin: StripeTwin) -> None:
    for spoil in (_missing_price, _slow_clock, _no_tax):
        spoil(twin)
    assert len(await faults(twin)) == 4


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (Keys(webhook_secrets=()), "STRIPE_WEBHOOK_SECRETS is not set"),
        (Keys(webhook_secrets=("whsec_1",), is_production=True), "is a test key in production"),
        (Keys(webhook_secrets=("whsec_1",), publishable="pk_live_1"), "is a live key beside a test secret key"),
    ],
)
async def test_keys_that_do_not_fit(twin: StripeTwin, keys: Keys, found: str) -> None:
    endpoint(twin)
    twin.keys = keys
    (told,) = await setup_faults(twin.adapter_with(deadline=5.0), CATALOG, WEBHOOKS)
    assert found in told.found
    assert "whsec_1" not in repr(keys)


async def test_the_prices_of_a_vendor_that_only_settles_do_not_matter(twin: StripeTwin) -> None:
    endpoint(twin)
    _missing_price(twin)
    assert await setup_faults(twin.adapter, CATALOG, WEBHOOKS, sells=False) == ()


def test_the_needed_events_are_published() -> None:
    assert set(NEEDED_EVENTS) <= set(event_types())
    assert list(NEEDED_EVENTS) == sorted(NEEDED_EVENTS)


async def test_an_offer_that_is_missing_is_no_price(twin: StripeTwin) -> None:
    _missing_price(twin)
    assert OfferKey(TEAM) not in {offer.key for offer in await twin.adapter.list_offers()}
