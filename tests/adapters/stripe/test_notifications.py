"""Webhooks and the list of events: hostile bytes, old signatures, other versions, and what each event is about."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import stripe
from structlog.testing import capture_logs

from app.vendor_adapters.errors import NotificationRejected, VendorUnavailable
from app.vendor_adapters.stripe.names import API_VERSION
from app.vendor_adapters.stripe.notifications import MOST_PAGES
from app.vendor_adapters.stripe.translate.events import FAMILIES, KINDS, about
from app.vendor_adapters.types import Notification, NotificationKind
from tests.adapters.stripe.shop import CATALOG, MINUTES, TEAM, Shop
from tests.stripe_twin.samples import body, event_types
from tests.stripe_twin.twin import WEBHOOK_SECRET, Message, StripeTwin, sign

SUBSCRIPTION = {"object": "subscription", "id": "sub_1", "metadata": {"kassa_order": "O-1"}}


def read(twin: StripeTwin, message: Message) -> Notification:
    return twin.adapter.read_notification(message.headers, body=message.body, received_at=twin.clock.wall())


def updated(twin: StripeTwin, **fields: Any) -> dict[str, Any]:
    return twin.event("customer.subscription.updated", SUBSCRIPTION, **fields)


async def test_a_hint_and_no_fact(twin: StripeTwin) -> None:
    event = updated(twin)
    assert read(twin, twin.message(event)) == Notification(
        id=event["id"],
        kind=NotificationKind.SUBSCRIPTION,
        subject="sub_1",
        order=read(twin, twin.message(event)).order,
        occurred_at=twin.clock.now(),
    )
    assert read(twin, twin.message(event)).order == "O-1"


async def test_several_secrets_so_that_one_can_be_rotated(twin: StripeTwin) -> None:
    rotating = StripeTwin(CATALOG, twin.clock, webhook_secrets=("whsec_new", WEBHOOK_SECRET))
    for secret in ("whsec_new", WEBHOOK_SECRET):
        assert read(rotating, twin.message(updated(twin), secret=secret)).subject == "sub_1"
    with pytest.raises(NotificationRejected):
        read(rotating, twin.message(updated(twin), secret="whsec_other"))
    nobody = StripeTwin(CATALOG, twin.clock, webhook_secrets=())
    with pytest.raises(NotificationRejected):
        read(nobody, twin.message(updated(twin), secret=""))


async def test_two_signatures_of_which_one_is_right(twin: StripeTwin) -> None:
    message = twin.message(updated(twin))
    header = message.headers["stripe-signature"]
    stamp, _, right = header.partition(",")
    both = {"stripe-signature": f"{stamp},v1={'0' * 64},{right},v0={'1' * 64}"}
    assert read(twin, replace(message, headers=both)).subject == "sub_1"


@pytest.mark.parametrize("seconds", [-301, 301, -31_536_000, 31_536_000])
async def test_signed_at_another_time(twin: StripeTwin, seconds: int) -> None:
    message = twin.message(updated(twin), at=twin.clock.wall() + timedelta(seconds=seconds))
    with pytest.raises(NotificationRejected):
        read(twin, message)


@pytest.mark.parametrize("seconds", [-299, 0, 299])
async def test_signed_a_moment_ago(twin: StripeTwin, seconds: int) -> None:
    assert read(twin, twin.message(updated(twin), at=twin.clock.wall() + timedelta(seconds=seconds))).id


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=" + "0" * 64,
        "t=1772323200",
        "t=1772323200,v1=",
        "t=1772323200,v0=" + "0" * 64,
        "t=,v1=" + "0" * 64,
        "t=-1,v1=" + "0" * 64,
        "t=99999999999999999999,v1=" + "0" * 64,
        "t=1772323200,t=1772323200,v1=" + "0" * 64,
        "t=1772323200;v1=" + "0" * 64,
        "t=１,v1=" + "0" * 64,
        "é" * 100,
        "t=1," * 100_000,
    ],
)
async def test_broken_signatures(twin: StripeTwin, header: str | None) -> None:
    headers = {} if header is None else {"stripe-signature": header}
    with pytest.raises(NotificationRejected):
        read(twin, replace(twin.message(updated(twin)), headers=headers))


async def test_the_raw_bytes_are_signed(twin: StripeTwin) -> None:
    message = twin.message(updated(twin))
    for other in (message.body + b" ", message.body[:-1], message.body.replace(b"sub_1", b"sub_2")):
        with pytest.raises(NotificationRejected):
            read(twin, replace(message, body=other))


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"event"',
        b"\xff\xfe{}",
        b'{"object": "event"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"x" * 2_000_000,
    ],
    ids=lambda nonsense: repr(nonsense[:12]),
)
async def test_signed_nonsense(twin: StripeTwin, nonsense: bytes) -> None:
    message = Message(sign(nonsense, twin.clock.wall()), nonsense)
    with pytest.raises(NotificationRejected):
        read(twin, message)


@pytest.mark.parametrize(
    "fields",
    [
        {"api_version": "2024-06-20"},
        {"api_version": None},
        {"livemode": True},
        {"livemode": None},
        {"account": "acct_somebody"},
        {"id": None},
        {"id": 7},
        {"type": None},
        {"created": "now"},
        {"created": 10**20},
        {"data": None},
        {"data": {}},
        {"data": {"object": "sub_1"}},
        {"data": {"object": [SUBSCRIPTION]}},
        {"data": {"object": {"object": "subscription", "id": 7}}},
    ],
    ids=repr,
)
async def test_signed_but_not_for_us_or_no_event(twin: StripeTwin, fields: dict[str, Any]) -> None:
    with pytest.raises(NotificationRejected):
        read(twin, twin.message({**updated(twin), **fields}))


async def test_thin_events_are_ignored(twin: StripeTwin) -> None:
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.customer.subscription.updated",
        "created": "2026-03-01T00:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "sub_1", "type": "subscription", "url": "/v1/subscriptions/sub_1"},
    }
    found = read(twin, twin.message(thin))
    assert (found.id, found.kind) == ("evt_thin", NotificationKind.IGNORED)


async def test_the_preview_of_an_invoice_is_nothing_to_look_at(twin: StripeTwin) -> None:
    upcoming = twin.event("invoice.upcoming", {"object": "invoice", "metadata": {}})
    assert read(twin, twin.message(upcoming)).kind is NotificationKind.IGNORED


@pytest.mark.parametrize(
    ("event_type", "carried", "kind", "subject"),
    [
        ("checkout.session.completed", {"object": "checkout.session", "id": "cs_1"}, "CHECKOUT", "cs_1"),
        ("invoice.paid", {"object": "invoice", "id": "in_1"}, "INVOICE", "in_1"),
        ("charge.refunded", {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "CHARGE", "pi_1"),
        ("charge.dispute.created", {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1"}, "CHARGE", "pi_1"),
        ("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"}, "CHARGE", "pi_1"),
        ("customer.updated", {"object": "customer", "id": "cus_1"}, "CUSTOMER", "cus_1"),
        ("customer.tax_id.updated", {"object": "tax_id", "id": "txi_1", "customer": "cus_1"}, "CUSTOMER", "cus_1"),
        (
            "subscription_schedule.released",
            {"object": "subscription_schedule", "id": "sub_sched_1", "subscription": "sub_1"},
            "SUBSCRIPTION",
            "sub_1",
        ),
        ("payment_method.detached", {"object": "payment_method", "id": "pm_1", "customer": None}, "IGNORED", ""),
        ("price.updated", {"object": "price", "id": "price_1"}, "IGNORED", ""),
        ("eclipse.total", {"object": "subscription", "id": "sub_1"}, "IGNORED", ""),
    ],
)
async def test_what_each_event_is_about(
    twin: StripeTwin, event_type: str, carried: dict[str, Any], kind: str, subject: str
) -> None:
    found = read(twin, twin.message(twin.event(event_type, {**carried, "metadata": {}})))
    assert (found.kind.name, found.subject) == (kind, subject)


def test_every_family_and_kind_is_published() -> None:
    published = event_types()
    for family in FAMILIES:
        assert any(each.startswith(family) for each in published), family
    names = {str(each.OBJECT_NAME) for each in vars(stripe).values() if hasattr(each, "OBJECT_NAME")}
    assert KINDS.keys() - names - {"checkout.session", "dispute", "refund"} <= {
        "subscription_schedule",
        "payment_intent",
        "payment_method",
        "tax_id",
        "subscription",
        "invoice",
        "charge",
        "customer",
    }


def test_every_published_event_of_what_we_sell_is_looked_into() -> None:
    carried = stripe.Subscription.construct_from(body(stripe.Subscription, id="sub_1"), None)
    for event_type in event_types():
        if event_type.startswith("customer.subscription."):
            assert about(event_type, carried) == (NotificationKind.SUBSCRIPTION, "sub_1")


def test_the_pinned_version_is_the_librarys() -> None:
    """Fails when the library is upgraded, so that taking a new API version is a decision."""
    assert stripe.api_version == API_VERSION


async def test_what_the_twin_sends_leads_to_what_was_bought(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 3))
    twin.messages()
    paid = await shop.pay(await shop.open(request))
    told = [read(twin, message) for message in twin.messages()]
    assert (NotificationKind.CHECKOUT, paid.ref) in [(one.kind, one.subject) for one in told]
    assert (NotificationKind.SUBSCRIPTION, paid.subscription) in [(one.kind, one.subject) for one in told]
    by_kind = {one.kind: one.order for one in told if one.order}
    assert by_kind[NotificationKind.CHECKOUT] == by_kind[NotificationKind.INVOICE] == request.order


async def test_changes_since_the_beginning_and_since_an_event(shop: Shop, twin: StripeTwin) -> None:
    for _ in range(17):
        await shop.purchase((MINUTES, 1))
    everything = await shop.adapter.changes_since("")
    assert len(everything.rows) > 100
    assert everything.next_cursor == ""
    assert [one.id for one in everything.rows] == [row["id"] for row in reversed(twin.books.all("event"))]
    page = await shop.adapter.changes_since(everything.rows[0].id)
    rows = list(page.rows)
    while page.next_cursor:
        page = await shop.adapter.changes_since(page.next_cursor)
        rows += page.rows
    assert rows == list(everything.rows[1:])
    assert (await shop.adapter.changes_since(everything.rows[-1].id)).rows == ()


async def test_more_than_one_look_can_hold_is_read_in_several(shop: Shop, twin: StripeTwin) -> None:
    """The newest first, and what was older after it; what happens meanwhile is told at the end."""
    customer = twin.books.tables["customer"][await shop.customer()]
    for _ in range(2 * 100 * MOST_PAGES + 50):
        twin.books.tell("customer.updated", customer)
    page = await shop.adapter.changes_since("")
    rows, looks = list(page.rows), 1
    assert rows[-1].id == twin.books.all("event")[0]["id"]
    twin.books.tell("customer.updated", customer)
    while page.next_cursor:
        page = await shop.adapter.changes_since(page.next_cursor)
        rows, looks = [*rows, *page.rows], looks + 1
    assert (looks, len(rows)) == (4, len({row.id for row in rows}))
    assert {row.id for row in rows} == twin.books.tables["event"].keys()


async def test_what_is_forgotten_before_it_was_read_ends_the_way_back(shop: Shop, twin: StripeTwin) -> None:
    await shop.purchase((MINUTES, 1))
    newest = twin.books.all("event")[0]["id"]
    page = await shop.adapter.changes_since(f"{newest}<evt_long_gone")
    assert (page.rows, page.next_cursor) == ((), newest)


@pytest.mark.parametrize("carried", [None, "nothing", {"object": "invoice", "id": ["in_1"]}])
async def test_an_event_that_cannot_be_read_is_passed_over(shop: Shop, twin: StripeTwin, carried: object) -> None:
    await shop.purchase((MINUTES, 1))
    newest, bad, before, *_ = twin.books.all("event")
    bad["data"] = {"object": carried}
    for cursor in ("", before["id"]):
        with capture_logs() as logs:
            rows = {row.id: row for row in (await shop.adapter.changes_since(cursor)).rows}
        assert rows[bad["id"]].kind is NotificationKind.IGNORED
        assert rows[newest["id"]].kind is not NotificationKind.IGNORED
        assert [line["event_id"] for line in logs if line["log_level"] == "warning"] == [bad["id"]]
    twin.api.guard.problems.clear()  # no event of Stripe's looks like that


async def test_a_cursor_that_is_listed_no_more(shop: Shop) -> None:
    await shop.purchase((MINUTES, 1))
    assert await shop.adapter.changes_since("evt_long_gone") == await shop.adapter.changes_since("")


async def test_events_cannot_be_listed(shop: Shop, twin: StripeTwin) -> None:
    twin.fail("rate_limit", times=0)
    with pytest.raises(VendorUnavailable) as busy:
        await shop.adapter.changes_since("")
    assert busy.value.retry_after == 7.0


async def test_a_body_is_told_to_nobody(twin: StripeTwin) -> None:
    message = twin.message({**updated(twin), "livemode": True, "secret": "ann@example.com"})
    with pytest.raises(NotificationRejected) as refused:
        read(twin, message)
    assert "ann@example.com" not in str(refused.value)
    assert json.loads(message.body)["secret"] == "ann@example.com"
