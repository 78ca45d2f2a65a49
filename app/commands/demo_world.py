"""The demonstration as one thing: store, vendor and demo product, moved, broken, looked into and reset."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import Connection

from app import worker
from app.commands.demo_seed import seed_accounts
from app.commands.demo_usage import seed_usage
from app.core.clock import SystemClock
from app.core.durations import BadDuration, after
from app.core.money import Money
from app.db.clock_store import write_offset
from app.db.schema import metadata
from app.demo.faults import BadFault
from app.demo.model import Fault as ProductFault
from app.demo.product import DemoProduct
from app.emails.transports import kept_letters
from app.flows.campaigns.publish import CampaignsRefused, check_file, publish_checked
from app.flows.deps import Deps
from app.http import AsyncClient, HTTPError
from app.routes.demo_controls import BadOrder, Json
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import ChargeRef
from app.vendor_adapters.world import (
    ANY,
    OPERATIONS,
    DisputeState,
    Fault,
    NoControls,
    PlannedFault,
    VendorWorld,
    WebhookFaults,
)

_LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # far beyond any term, and far before dates run out
_MOST_COPIES, _MOST_TIMES, _LONGEST_DELAY = 1_000, 1_000_000, 86_400
log = structlog.get_logger()
_ROUNDS = 20  # of deliveries and work taking turns; each may wake the other


class DemoWorld:
    """What the demo controls act on.

    Args:
        vendor: the one that sells. http: how the vendor's notifications reach the store. others: vendors that settle
            what they began; they live on, and the controls reach the first alone.
    """

    def __init__(
        self,
        deps: Deps,
        product: DemoProduct,
        vendor: VendorWorld,
        http: AsyncClient,
        others: Sequence[VendorWorld] = (),
    ) -> None:
        self._deps = deps
        self._clock = cast(SystemClock, deps.clock)
        self._product = product
        self._vendor = vendor
        self._vendors = (vendor, *others)
        self._http = http

    def now(self) -> datetime:
        return self._clock.now()

    def later(self, duration: str) -> datetime:
        try:
            return after(self._clock.now(), duration)
        except BadDuration:
            raise
        except (OverflowError, ValueError) as error:
            raise BadOrder(f"{duration!r} leads to a year that no calendar has") from error

    async def prepare(self, start: datetime | None) -> None:
        """Seed what is missing; ``start`` sets where business time begins, in a new world only."""
        offset = self._clock.offset if start is None else start - self._clock.wall()
        await self._set_offset(offset)
        await self._product.prepare()
        await seed_accounts(self._deps, self._vendor)
        await seed_usage(self._deps)
        await self._publish_campaigns()

    async def set_clock(self, now: datetime) -> Json:
        if now < self._clock.now():
            raise BadOrder(f"business time never goes back: it is {self._clock.now().isoformat()}")
        if now > _LATEST:
            raise BadOrder(f"business time ends here on {_LATEST.date().isoformat()}")
        try:
            await self._set_offset(now - self._clock.wall())
        except NoControls as error:
            raise BadOrder(str(error)) from error
        await self._run_due()
        return await self.drain()

    async def tick(self) -> None:
        """Do what fell due at the vendors and deliver what they have to say; called again and again."""
        await self._run_due()
        await self._deliver_due()

    async def drain(self) -> Json:
        delivered, counts = 0, worker.Counts()
        for _ in range(_ROUNDS):
            await self._run_due()
            sent = await self._deliver_due(everything=True)
            done = await worker.drain(self._deps)
            delivered, counts = delivered + sent, counts + done
            if not sent and not done.total:
                break
        return {"deliveries": delivered, "inbox": counts.inbox, "outbox": counts.outbox, "orders": counts.orders}

    async def set_faults(self, order: Json) -> None:
        unknown = set(order) - {"vendor", "webhooks", "product", "idp"}
        if unknown:
            raise BadOrder(f"there are no faults of {', '.join(sorted(unknown))}")
        vendor, webhooks = _vendor_faults(order.get("vendor")), _webhook_faults(order.get("webhooks"))
        try:
            await self._product.set_faults(product=_faults(order.get("product")), idp=_faults(order.get("idp")))
        except BadFault as error:
            raise BadOrder(str(error)) from error
        try:
            if vendor:
                await self._vendor.set_faults(vendor)
            if webhooks is not None:
                await self._vendor.set_webhook_faults(webhooks)
        except NoControls as error:
            raise BadOrder(str(error)) from error

    async def clear_faults(self) -> None:
        await self._product.clear_faults()
        await self._vendor.clear_faults()

    async def vendor_books(self) -> Json:
        try:
            return dict(await self._vendor.books())
        except NoControls as error:
            raise BadOrder(str(error)) from error

    async def refund(self, charge: str, amount: int) -> Json:
        currency = await self._currency_of(charge)
        try:
            ref = await self._vendor.refund(ChargeRef(charge), Money(amount, currency))
        except VendorError as error:
            raise BadOrder(error.detail) from error
        return {"refund": ref}

    async def dispute(self, charge: str, state: str) -> Json:
        if state not in {each.value for each in DisputeState}:
            raise BadOrder(f"state must be one of {', '.join(each.value for each in DisputeState)}")
        await self._currency_of(charge)
        try:
            await self._vendor.dispute(ChargeRef(charge), DisputeState(state))
        except VendorError as error:
            raise BadOrder(error.detail) from error
        return {"charge": charge, "state": state}

    async def product_books(self) -> Json:
        return await self._product.books()

    async def mails(self) -> list[dict[str, str]]:
        return await self._deps.db.read(kept_letters)

    async def reset(self) -> None:
        try:
            for vendor in self._vendors:
                await vendor.reset()
        except NoControls as error:
            raise BadOrder(str(error)) from error
        await self._deps.db.write(_empty)
        await self._product.reset()
        start = self._deps.config.demo_now
        await self._set_offset(start - self._clock.wall() if start else timedelta(0))
        await seed_accounts(self._deps, self._vendor)
        await seed_usage(self._deps)
        await self._publish_campaigns()

    async def _publish_campaigns(self) -> None:
        """Publish what changed of KASSA_CAMPAIGNS; a file with faults publishes nothing and stops nobody.

        The samples are for every vendor: those that the selling one cannot carry are left out.
        """
        checked = check_file(self._deps, self._deps.config.campaigns)
        try:
            await publish_checked(self._deps, checked.carried(), actor="system")
        except CampaignsRefused as refused:
            for finding in refused.findings:
                log.warning("campaigns not published", fault=finding.fault, file=finding.file, line=finding.line)

    async def _run_due(self) -> None:
        for vendor in self._vendors:
            await vendor.run_due(self._clock.now())

    async def _deliver_due(self, *, everything: bool = False) -> int:
        now = self._clock.wall()
        return sum([await each.deliver_due(self._post, now, everything=everything) for each in self._vendors])

    async def _currency_of(self, charge: str) -> str:
        rows = (await self.vendor_books())["charges"]
        for row in rows if isinstance(rows, list) else []:
            if row["id"] == charge:
                return str(row["currency"])
        raise BadOrder(f"there is no charge {charge!r}")

    async def _set_offset(self, offset: timedelta) -> None:
        for vendor in self._vendors:
            await vendor.set_clock(self._clock.wall() + offset)
        await self._deps.db.write(lambda connection: write_offset(connection, offset))
        self._clock.offset = offset

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            answer = await self._http.post(url, headers=headers, content=body)
        except HTTPError:
            return 503
        return answer.status_code


def _empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())


def _faults(value: object) -> Iterable[ProductFault]:
    return [
        ProductFault(op=str(row.get("op", "")), kind=str(row.get("fault", "")), times=_times(row.get("times", 1)))
        for row in _rows(value)
    ]


def _vendor_faults(value: object) -> list[PlannedFault]:
    return [_vendor_fault(row) for row in _rows(value)]


def _vendor_fault(row: Json) -> PlannedFault:
    op, fault = str(row.get("op", "")), str(row.get("fault", ""))
    if op != ANY and op not in OPERATIONS:
        raise BadOrder(f"op is {op!r}; it must be any or one of {', '.join(sorted(OPERATIONS))}")
    if fault not in {each.value for each in Fault}:
        raise BadOrder(f"fault is {fault!r}; it must be one of {', '.join(each.value for each in Fault)}")
    return PlannedFault(op=op, fault=Fault(fault), times=_times(row.get("times", 1)))


def _webhook_faults(value: object) -> WebhookFaults | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadOrder("webhook faults are one object with duplicate, shuffle, drop and delay")
    duplicate, drop, delay = value.get("duplicate", 1), value.get("drop", 0), value.get("delay", 0)
    if type(duplicate) is not int or not 1 <= duplicate <= _MOST_COPIES:
        raise BadOrder(f"duplicate must be a whole number from 1 to {_MOST_COPIES}")
    if isinstance(drop, bool) or not isinstance(drop, int | float) or not 0 <= drop <= 1:
        raise BadOrder("drop must be a share from 0 to 1")
    if type(delay) is not int or not 0 <= delay <= _LONGEST_DELAY:
        raise BadOrder(f"delay must be whole seconds up to {_LONGEST_DELAY}")
    return WebhookFaults(
        duplicate=duplicate,
        shuffle=value.get("shuffle") is True,
        drop_ppm=round(drop * 1_000_000),
        delay=timedelta(seconds=delay),
    )


def _times(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_TIMES:
        raise BadOrder(f"times must be a whole number up to {_MOST_TIMES}; 0 is until the faults are deleted")
    return value


def _rows(value: object) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise BadOrder("faults are a list of objects with op, fault and times")
    return value
