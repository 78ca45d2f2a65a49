"""The API that the store calls, as docs/product-api.md describes it to every product."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.demo.grants import BadGrant, read_call
from app.demo.guard import is_secret
from app.demo.model import GroupRecord
from app.demo.store.books import Json, instant_text
from app.demo.store.grants import Granted, apply_grants
from app.demo.store.groups import find_group, groups_of, membership
from app.demo.world import World

_Endpoint = Callable[[Request], Awaitable[Response]]
_NOT_FOUND = "There is no such group, or that person is not in it."


class Api:
    """The endpoints, each behind the bearer token."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = [
            Route("/api/v1/groups", self._guarded(self.groups)),
            Route("/api/v1/groups/{group_id}", self._guarded(self.group)),
            Route("/api/v1/groups/{group_id}/usage", self._guarded(self.usage)),
            Route("/api/v1/groups/{group_id}/grants", self._guarded(self.grant), methods=["POST"]),
        ]

    async def groups(self, request: Request) -> Response:
        """Answer the groups of a person; nobody known has none."""
        subject = request.query_params.get("subject", "")
        if not subject:
            return _error(400, "bad_request", "subject is missing.")
        now = self.world.clock.now()
        found = await self.world.db.read(lambda c: groups_of(c, subject))
        return JSONResponse({"groups": [_group(each.group, now, can_edit_billing=each.is_owner) for each in found]})

    async def group(self, request: Request) -> Response:
        """Answer one group: as a person in it sees it, or, without ``subject``, its state."""
        group_id, subject = request.path_params["group_id"], request.query_params.get("subject")
        now = self.world.clock.now()
        found = await self.world.db.read(lambda c: _seen(c, group_id, subject, now))
        return JSONResponse(found) if found else _error(404, "not_found", _NOT_FOUND)

    async def usage(self, request: Request) -> Response:
        """Answer what a group uses now."""
        group_id, now = request.path_params["group_id"], self.world.clock.now()
        group = await self.world.db.read(lambda c: find_group(c, group_id))
        if group is None:
            return _error(404, "not_found", _NOT_FOUND)
        return JSONResponse(
            {
                "seats_in_use": group.seats_in_use,
                "seats_max": group.seats_max,
                "minutes_used": group.minutes_used(now),
                "minutes_quota": group.minutes_included(now),
                "minutes_in_packs": group.minutes_in_packs(now),
                "storage_gib": group.storage_used_gib,
                "storage_quota_gib": group.storage_quota_gib(now),
                "counted_at": instant_text(now),
            }
        )

    async def grant(self, request: Request) -> Response:
        """Make grants hold; each succeeds or fails alone."""
        group_id, now = request.path_params["group_id"], self.world.clock.now()
        try:
            call = read_call(await _json(request))
        except BadGrant as fault:
            return _error(400, "bad_request", str(fault))

        def body(connection: Connection) -> tuple[Granted, ...] | None:
            if find_group(connection, group_id) is None:
                return None
            return apply_grants(connection, group_id, call.order_id, call.grants, now)

        results = await self.world.db.write(body)
        if results is None:
            return _error(404, "not_found", _NOT_FOUND)
        return JSONResponse({"results": [_result(one) for one in results]})

    def _guarded(self, endpoint: _Endpoint) -> _Endpoint:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not is_secret(token, self.world.token):
                return _error(401, "unauthorized", "The bearer token is missing or wrong.")
            return await endpoint(request)

        return guarded


def _result(granted: Granted) -> Json:
    taken = {} if granted.minutes is None else {"minutes": granted.minutes}
    return {"ok": granted.ok, "retry": False, "reason": granted.reason, **taken}


def _seen(connection: Connection, group_id: str, subject: str | None, now: datetime) -> Json | None:
    if subject is None:
        group = find_group(connection, group_id)
        return _group(group, now, can_edit_billing=False) if group else None
    found = membership(connection, group_id, subject)
    return _group(found.group, now, can_edit_billing=found.is_owner) if found else None


def _group(group: GroupRecord, now: datetime, *, can_edit_billing: bool) -> Json:
    return {
        "id": group.id,
        "name": group.name,
        "members": group.members,
        "seats_in_use": group.seats_in_use,
        "plan": group.plan,
        "seats": group.seats,
        "ends_at": instant_text(group.ends_at),
        "can_edit_billing": can_edit_billing,
        "trial_ends_at": instant_text(group.trial.ends_at) if group.trial and group.trial.is_running(now) else None,
    }


async def _json(request: Request) -> object:
    try:
        body: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise BadGrant("The body is not JSON.") from None
    return body


def _error(status: int, error: str, detail: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": error, "detail": detail}, status, headers)
