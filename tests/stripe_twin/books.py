"""What the twin holds: every object as Stripe would show it unexpanded, and the events that changes to them make."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import stripe

from app.core.clock import Clock
from tests.stripe_twin.shapes import fields_of, inner_class, may_be_null

Obj = dict[str, Any]
"""One of Stripe's objects; fields that begin with an underscore are the twin's own and are never shown."""

RESOURCES: dict[str, type[stripe.StripeObject]] = {
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "tax_id": stripe.TaxId,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
PREFIXES = {
    "billing_portal.session": "bps",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "discount": "di",
    "dispute": "dp",
    "event": "evt",
    "invoice": "in",
    "invoice_payment": "inpay",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "refund": "re",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "tax_id": "txi",
    "webhook_endpoint": "we",
}
ON_REQUEST = {
    ("customer", "tax_ids"),
    ("customer", "subscriptions"),
    ("customer", "sources"),
    ("customer", "deleted"),
    ("invoice", "payments"),
    ("invoice", "confirmation_secret"),
    ("invoice", "deleted"),
    ("coupon", "applies_to"),
    ("coupon", "currency_options"),
    ("coupon", "deleted"),
    ("charge", "refunds"),
    ("checkout.session", "line_items"),
    ("price", "currency_options"),
    ("price", "tiers"),
    ("price", "deleted"),
    ("subscription_item", "deleted"),
    ("discount", "deleted"),
    ("tax_id", "deleted"),
    ("product", "deleted"),
    ("webhook_endpoint", "deleted"),
}
"""Fields that are absent unless somebody asks for them, or the thing is gone."""
MOST_LEVELS = 4


class CannotExpand(ValueError):
    """A path of ``expand`` leads nowhere, or too deep."""


class Books:
    """Every table; the clock is the twin's own time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables: dict[str, dict[str, Obj]] = {name: {} for name in RESOURCES}
        self.gone: list[Obj] = []
        self.deleted: set[str] = set()
        self.heard: Callable[[Obj], None] = lambda event: None
        self.is_tax_active = True
        self.has_portal = True
        self._count = 0
        self._due: int | None = None
        self.lists: dict[tuple[str, str], Callable[[Obj], list[Obj]]] = {
            ("customer", "tax_ids"): lambda one: self.all("tax_id", customer=one["id"]),
            ("invoice", "payments"): lambda one: self.all("invoice_payment", invoice=one["id"]),
            ("charge", "refunds"): lambda one: self.all("refund", charge=one["id"]),
        }

    @property
    def now(self) -> int:
        """Unix time; while something is done that was due earlier, that time."""
        return self._due if self._due is not None else int(self.clock.now().timestamp())

    def clear(self) -> None:
        """Forget everything; ids are not given twice."""
        for table in self.tables.values():
            table.clear()
        self.gone.clear()
        self.deleted.clear()

    @contextmanager
    def at(self, due: int) -> Iterator[None]:
        """Do something as of when it was due."""
        self._due = due
        try:
            yield
        finally:
            self._due = None

    def new(self, kind: str, **fields: Any) -> Obj:
        """Keep a new object, which gets an id unless it brings one."""
        self._count += 1
        made: Obj = {
            "id": f"{PREFIXES.get(kind, kind)}_{self._count:014d}",
            "object": kind,
            "created": self.now,
            "livemode": False,
            "_serial": self._count,
        } | fields
        known = fields_of(RESOURCES[kind])
        self.tables[kind][made["id"]] = {key: one for key, one in made.items() if key in known or key.startswith("_")}
        return self.tables[kind][made["id"]]

    def find(self, kind: str, ref: str) -> Obj | None:
        """Return an object, None when there is none."""
        return self.tables[kind].get(ref)

    def all(self, kind: str, **fields: Any) -> list[Obj]:
        """Return the objects that have these fields, newest first."""
        rows = [row for row in self.tables[kind].values() if all(row.get(key) == one for key, one in fields.items())]
        return sorted(rows, key=lambda row: (row["created"], row["_serial"]), reverse=True)

    def tell(self, event_type: str, about: Obj) -> None:
        """Write down that something happened, and send it."""
        event = self.new(
            "event",
            type=event_type,
            api_version=stripe.api_version,
            data={"object": self.shown(about)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        self.heard(event)

    def shown(self, one: Obj, expand: Iterable[str] = ()) -> Obj:
        """Return an object as an answer shows it, with what ``expand`` asks for in place of ids."""
        resource = RESOURCES[one["object"]]
        answer: Obj = {key: self._value(value) for key, value in one.items() if not key.startswith("_")}
        _fill(answer, resource, one["object"])
        for path in expand:
            self._expand(answer, one, path.split("."), path)
        return answer

    def listed(self, rows: list[Obj], url: str, expand: Iterable[str] = (), *, has_more: bool = False) -> Obj:
        """Return a list as an answer shows it; paths of ``expand`` begin with ``data``."""
        inner = []
        for path in expand:
            head, _, rest = path.partition(".")
            _check_depth(path)
            if head != "data" or not rest:
                raise CannotExpand(path)
            inner.append(rest)
        data = [self.shown(row, inner) for row in rows]
        return {"object": "list", "data": data, "has_more": has_more, "url": url}

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("object"), str) and value["object"] in RESOURCES:
            return self.shown(value)
        if isinstance(value, dict):
            return {key: self._value(each) for key, each in value.items() if not key.startswith("_")}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return copy.deepcopy(value)

    def _expand(self, answer: Any, source: Obj, path: list[str], whole: str) -> None:
        _check_depth(whole)
        head, *rest = path
        if isinstance(answer, list):
            for each in answer:
                self._expand(each, each, path, whole)
            return
        if not isinstance(answer, dict):
            return
        made = self.lists.get((str(answer.get("object")), head))
        if made is not None and head not in answer:
            rows = made(source)
            answer[head] = self.listed(rows, f"/v1/{head}")
        if head not in answer:
            raise CannotExpand(whole)
        answer[head] = self._whole(answer[head])
        if rest and answer[head] is not None:
            self._expand(answer[head], answer[head], rest, whole)

    def _whole(self, value: Any) -> Any:
        if isinstance(value, str):
            found = next((table[value] for table in self.tables.values() if value in table), None)
            return self.shown(found) if found else value
        if isinstance(value, list):
            return [self._whole(each) for each in value]
        return value


def _fill(answer: Obj, resource: type[stripe.StripeObject], kind: str = "") -> None:
    """Add what may be null and is not there, as Stripe does, also inside of hashes that are no objects of their own."""
    null, hashes = _blanks(resource)
    for field in null:
        if field not in answer and (kind, field) not in ON_REQUEST:
            answer[field] = None
    for field, inner in hashes:
        values = answer[field] if isinstance(answer.get(field), list) else [answer.get(field)]
        for value in values:
            if isinstance(value, dict) and "object" not in value:
                _fill(value, inner)


_BLANKS: dict[str, tuple[list[str], list[tuple[str, type[stripe.StripeObject]]]]] = {}


def _blanks(resource: type[stripe.StripeObject]) -> tuple[list[str], list[tuple[str, type[stripe.StripeObject]]]]:
    name = f"{resource.__module__}:{resource.__qualname__}"
    if name not in _BLANKS:
        fields = fields_of(resource)
        inner = [(field, inner_class(written, resource.__module__)) for field, written in fields.items()]
        hashes = [(field, each) for field, each in inner if each is not None]
        _BLANKS[name] = [field for field in fields if may_be_null(resource, field)], hashes
    return _BLANKS[name]


def _check_depth(path: str) -> None:
    if len(path.split(".")) > MOST_LEVELS:
        raise CannotExpand(f"You cannot expand more than 4 levels of a property. Property: {path}")
