"""What an owner does on a group's page: start a trial, and pretend that more or less is used."""

from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.demo.browser import current_session, form_field, page, see_other
from app.demo.model import Membership, Trial
from app.demo.store.groups import groups_of, membership, pretend_usage
from app.demo.store.minutes import count_minutes
from app.demo.store.trials import start_trial
from app.demo.views import TrialOffer, trial_days
from app.demo.world import World

_MOST = 1_000_000
_USAGE = ("seats_in_use", "minutes_used", "storage_gib")


class GroupActions:
    """The handlers of the forms."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = [
            Route("/trials/new", self.choose),
            Route("/groups/{group_id}/trial", self.start, methods=["POST"]),
            Route("/groups/{group_id}/usage", self.change_usage, methods=["POST"]),
        ]

    async def choose(self, request: Request) -> Response:
        """Show the groups that can start a trial; the store's link beside its plans leads here."""
        session = await current_session(self.world, request)
        if session is None:
            return see_other(f"/sign-in?{urlencode({'next': '/trials/new'})}")
        seen = await self.world.db.read(lambda c: groups_of(c, session.person.sub))
        offers = tuple(
            TrialOffer(group_id=each.group.id, name=each.group.name, days=trial_days(self.world, each))
            for each in seen
            if trial_days(self.world, each)
        )
        return page(self.world, session, "new_trial.html", view=offers)

    async def start(self, request: Request) -> Response:
        """Start the group's one trial; pressing again, or when there is none to have, changes nothing."""
        seen = await self._owned(request)
        now, rules, days = self.world.clock.now(), self.world.trial, trial_days(self.world, seen)
        if rules is not None and days:
            trial = Trial(
                plan=rules.plan,
                minutes=rules.compute_minutes,
                started_at=now,
                ends_at=now + timedelta(days=days),
            )
            await self.world.db.write(lambda c: start_trial(c, seen.group.id, trial))
        return see_other(f"/groups/{seen.group.id}")

    async def change_usage(self, request: Request) -> Response:
        """Take other figures for what is used; a field that holds no number stays as it was."""
        seen = await self._owned(request)
        typed = {name: _whole(await form_field(request, name)) for name in _USAGE}

        now, minutes = self.world.clock.now(), typed["minutes_used"]

        def body(connection: Connection) -> None:
            pretend_usage(connection, seen.group, seats_in_use=typed["seats_in_use"], storage_gib=typed["storage_gib"])
            if minutes is not None:
                count_minutes(connection, seen.group.id, minutes, now)

        await self.world.db.write(body)
        return see_other(f"/groups/{seen.group.id}")

    async def _owned(self, request: Request) -> Membership:
        session = await current_session(self.world, request)
        if session is None:
            raise HTTPException(303, headers={"Location": "/sign-in"})
        group_id = request.path_params["group_id"]
        seen = await self.world.db.read(lambda c: membership(c, group_id, session.person.sub))
        if seen is None or not seen.is_owner:
            raise HTTPException(404)
        return seen


def _whole(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST))
    return min(int(text), _MOST) if is_number else None
