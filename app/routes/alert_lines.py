"""What runs out, as the frame of a page shows it above the page's own content: the fact, the purchase, the way to
put it aside."""

from urllib.parse import quote

from starlette.requests import Request

from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned
from app.flows.usage.alerts import Told, alerts_on_pages
from app.flows.usage.known import buyable
from app.identity.actor import Person
from app.usage.alerts import AlertKind
from app.web.render import AlertLine


async def alerts_of(
    request: Request, deps: Deps, person: Person, owned: Owned, *, but: AlertKind | None = None
) -> tuple[AlertLine, ...]:
    """Return what runs out of a subscription that the person may change, without what the page itself sells."""
    plan = owned.subscription
    found = await alerts_on_pages(deps, person, owned.reading, plan, buyable(deps, plan), owned.group_name)
    return alert_lines(request, tuple(each for each in found if each.alert.kind is not but))


def alert_lines(request: Request, found: tuple[Told, ...]) -> tuple[AlertLine, ...]:
    """Return alerts for the page of ``request``; after a POST the way back is the same address."""
    query = request.url.query
    back = f"{request.url.path}?{query}" if query else request.url.path
    return tuple(
        AlertLine(
            text=each.text,
            label=each.label,
            path=each.path,
            dismiss_path=f"/groups/{quote(each.group_id, safe='')}/alerts/{each.alert.kind.value}/dismissal",
            back_path=back,
        )
        for each in found
    )
