"""What a group uses: the page of a subscription or a group, the same as CSV, and putting an alert aside."""

import csv
import io
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import formats
from app.core.problems import NotYours, Problem
from app.flows import wording
from app.flows.deps import Deps
from app.flows.usage.alerts import dismiss, purchase
from app.flows.usage.page import (
    Seen,
    UsagePage,
    read_days,
    read_usage_page,
    reading_of_group,
    see_group,
    see_subscription,
)
from app.routes.alert_lines import alert_lines
from app.routes.signed_in import person_of, sign_in
from app.routes.usage_chart import Chart, Gauge, minutes_chart, month_name, seats_chart, storage_gauge
from app.usage.alerts import AlertKind
from app.usage.readings import Reading
from app.web.addresses import HOME, safe_path
from app.web.deps import deps_of
from app.web.forms import Reader
from app.web.render import AlertLine, link, page, see_other
from app.web.session import current_actor

_COLUMNS = (
    "day",
    "seats_in_use",
    "seats_max",
    "seats_bought",
    "minutes_used",
    "minutes_quota",
    "minutes_in_packs",
    "storage_gib",
    "storage_quota_gib",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buying:
    """The purchase beside a figure: a link, or why there is none."""

    label: str
    path: str
    problem: Problem | None


_NOTHING = Buying(label="", path="", problem=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """The page; ``seats``, ``minutes`` and ``storage`` are sentences, ``table`` is one row a month of ``span``.

    ``blocker`` is why nothing at all can be bought here: told once, and not beside each figure.
    """

    title: str
    has_figures: bool
    is_own_instance: bool
    back_path: str
    back_label: str
    csv_path: str
    as_of: str
    seats: str
    minutes: str
    storage: str
    seats_chart: Chart
    minutes_chart: Chart
    storage_gauge: Gauge | None
    span: str
    table: tuple[tuple[str, ...], ...]
    buy_seats: Buying
    buy_minutes: Buying
    buy_storage: Buying
    may_buy: bool
    blocker: Problem | None
    sales_path: str
    alerts: tuple[AlertLine, ...]


async def show_subscription(request: Request) -> Response:
    """What the group of a subscription uses."""
    if current_actor(request).person is None:
        return sign_in(request)
    return await _page(request, await _seen_by_subscription(request))


async def show_group(request: Request) -> Response:
    """What a group uses, with a plan or without one."""
    if current_actor(request).person is None:
        return sign_in(request)
    return await _page(request, await _seen_by_group(request))


async def download_subscription(request: Request) -> Response:
    """The readings of the group of a subscription, one row a day."""
    return await _csv(request, await _seen_by_subscription(request))


async def download_group(request: Request) -> Response:
    """The readings of a group, one row a day."""
    return await _csv(request, await _seen_by_group(request))


async def dismiss_alert(request: Request) -> Response:
    """Put an alert aside until it is worse, and go back to the page that told it."""
    deps, person, reader = deps_of(request), person_of(request), Reader(await request.form())
    seen = await _seen_by_group(request)
    if not seen.may_buy:
        raise NotYours(seen.group_id)
    await dismiss(deps, person, await reading_of_group(deps, seen), request.path_params["kind"])
    back = safe_path(reader.typed("next"))
    return see_other(request, wording.usage_path(seen.group_id) if back == HOME else back)


async def _seen_by_subscription(request: Request) -> Seen:
    return await see_subscription(deps_of(request), person_of(request), request.path_params["subscription_id"])


async def _seen_by_group(request: Request) -> Seen:
    return await see_group(deps_of(request), person_of(request), request.path_params["group_id"])


async def _page(request: Request, seen: Seen) -> Response:
    deps = deps_of(request)
    found = await read_usage_page(deps, person_of(request), seen)
    return page(request, "subscriptions/usage.html", _view(request, deps, found))


async def _csv(request: Request, seen: Seen) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(_csv_row(reading) for reading in await read_days(deps_of(request), seen.group_id))
    name = quote(f"usage-{seen.group_id}.csv", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _csv_row(reading: Reading) -> tuple[str | int, ...]:
    return (
        reading.counted_at.date().isoformat(),
        reading.seats_in_use,
        reading.seats_max,
        reading.seats,
        reading.minutes_used,
        reading.minutes_quota,
        reading.minutes_in_packs,
        reading.storage_gib,
        "" if reading.storage_quota_gib is None else reading.storage_quota_gib,
    )


def _view(request: Request, deps: Deps, found: UsagePage) -> UsageView:
    reading, plan = found.reading, found.plan
    has_card = plan is not None and found.may_buy
    back = wording.subscription_path(plan.subscription_id) if plan and has_card else "/subscriptions"
    return UsageView(
        title=found.group_name or (wording.plan_name(deps.catalog, plan.plan) if plan else ""),
        has_figures=reading is not None,
        is_own_instance=not found.group_id,
        back_path=back,
        back_label="Back to the subscription" if has_card else "Your subscriptions",
        csv_path=f"{request.url.path}.csv",
        as_of=wording.instant(reading.counted_at) if reading and (found.is_stale or not found.is_live) else "",
        seats=_seats(reading) if reading else "",
        minutes=_minutes(reading) if reading else "",
        storage=_storage(reading) if reading else "",
        seats_chart=seats_chart(found.months),
        minutes_chart=minutes_chart(found.months),
        span=f"{month_name(found.months[0])} to {month_name(found.months[-1])}" if found.months else "",
        storage_gauge=storage_gauge(reading, deps.catalog.rules.alerts.storage_banner_pct) if reading else None,
        table=_table(found),
        buy_seats=_buy_seats(deps, found),
        buy_minutes=_buy_packs(deps, found, AlertKind.MINUTES),
        buy_storage=_buy_packs(deps, found, AlertKind.STORAGE),
        may_buy=found.may_buy,
        blocker=_blocker(found),
        sales_path=link("/sales", plan=plan.plan if plan else "", next=request.url.path),
        alerts=alert_lines(request, found.alerts),
    )


def _seats(reading: Reading) -> str:
    people = f"{formats.counted(reading.seats_in_use, 'person', 'people')} use it now"
    if not reading.seats:
        return f"{people}; there is no plan that counts seats."
    owed = f", {formats.counted(reading.seats_owed, 'seat')} more than bought" if reading.seats_owed else ""
    most = formats.number(reading.seats_max)
    return f"{people}, of {wording.seats(reading.seats)} bought. At the most it was {most} in this term{owed}."


def _minutes(reading: Reading) -> str:
    used, quota = formats.number(reading.minutes_used), formats.number(reading.minutes_quota)
    packs = f", and {formats.number(reading.minutes_in_packs)} more in packs" if reading.minutes_in_packs else ""
    return f"{used} of the {quota} minutes that the month includes are used{packs}."


def _storage(reading: Reading) -> str:
    used = formats.number(reading.storage_gib)
    if reading.storage_quota_gib is None:
        return f"{used} GiB are used."
    return f"{used} of {formats.number(reading.storage_quota_gib)} GiB are used ({reading.storage_pct} %)."


def _table(found: UsagePage) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            month_name(month),
            formats.number(month.reading.minutes_used),
            formats.number(month.reading.minutes_quota),
            formats.number(month.reading.seats_in_use),
            formats.number(month.reading.seats_max),
            formats.number(month.reading.seats),
            formats.number(month.reading.storage_gib),
        )
        for month in reversed(found.months)
        if month.reading
    )


def _blocker(found: UsagePage) -> Problem | None:
    """Return why neither seats nor packs are sold for the group here, where it is one reason."""
    return found.seats_problem if found.seats_problem == found.can_buy.packs_problem else None


def _buy_seats(deps: Deps, found: UsagePage) -> Buying:
    if _blocker(found):
        return _NOTHING
    if found.plan is None or found.reading is None:
        path = link("/buy", plan="team", deployment="hosted", group=found.group_id)
        return Buying(label="Buy a plan", path=path, problem=None)
    if found.seats_problem:
        path = wording.subscription_path(found.plan.subscription_id)
        return Buying(label="See what can be done", path=path, problem=found.seats_problem)
    label, path = purchase(deps, AlertKind.SEATS, found.reading, found.plan)
    return Buying(label=label, path=path, problem=None)


def _buy_packs(deps: Deps, found: UsagePage, kind: AlertKind) -> Buying:
    if _blocker(found):
        return _NOTHING
    found_problem = found.can_buy.packs_problem
    label, path = purchase(deps, kind, found.reading, found.plan) if found.reading and not found_problem else ("", "")
    return Buying(label=label, path=path, problem=found_problem)


routes = [
    Route("/subscriptions/{subscription_id}/usage", show_subscription, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/usage.csv", download_subscription, methods=["GET"]),
    Route("/groups/{group_id}/usage", show_group, methods=["GET"]),
    Route("/groups/{group_id}/usage.csv", download_group, methods=["GET"]),
    Route("/groups/{group_id}/alerts/{kind}/dismissal", dismiss_alert, methods=["POST"]),
]
