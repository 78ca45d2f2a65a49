"""The product over HTTP: any that keeps to the contract of docs/product-api.md."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import TypeVar
from urllib.parse import quote

from app.entitlements.product import Grant, GrantResult, Group, ProductRefused, ProductUnavailable, Usage
from app.entitlements.product_answers import (
    BadAnswer,
    read_error,
    read_group,
    read_groups,
    read_json,
    read_results,
    read_usage,
    write_call,
)
from app.http import AsyncBaseTransport, AsyncClient, HTTPError, InvalidURL, Limits, Timeout, trusted

T = TypeVar("T")
_LONGEST = 5.0
_LARGEST_ANSWER = 1_000_000
# an id outside this never names a group, and could name another address of the API
_GROUP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# errors of these statuses are about this call and will be the same again; all others may pass
_REFUSALS = frozenset({400, 404, 409, 422})


class HttpProduct:
    """The ``Product`` port over one shared connection pool. Nothing is repeated here: whoever calls decides.

    Args:
        url: where the product is, without a trailing slash. token: the bearer token that it knows the store by.
        timeout: seconds for a whole call, at most 5. transport: the way there; by default the network.
    """

    def __init__(
        self, url: str, token: str, timeout: float = 4.0, *, transport: AsyncBaseTransport | None = None
    ) -> None:
        if not 0 < timeout <= _LONGEST:
            raise ValueError(f"a call to the product takes more than 0 and at most {_LONGEST:g} seconds")
        self._timeout = timeout
        self._client = AsyncClient(
            base_url=f"{url}/api/v1/",
            # no compression: a small answer could then unfold into a very large one
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            timeout=Timeout(timeout),
            limits=Limits(max_connections=20),
            transport=transport,
            verify=trusted(),
            trust_env=False,
        )

    async def groups(self, subject: str) -> tuple[Group, ...]:
        """Return the top-level groups that the person with this sign-in subject belongs to."""
        answer = await self._call("GET", "groups", subject=subject)
        return _read(lambda: read_groups(read_json(answer)))

    async def group(self, group_id: str, *, subject: str) -> Group | None:
        """Return one group as that person sees it; None when it does not exist or the person is not in it."""
        return await self._group(group_id, subject)

    async def state(self, group_id: str) -> Group | None:
        """Return what the group has now, for the drift check; None when it is gone."""
        return await self._group(group_id, None)

    async def grant(self, order_id: str, group_id: str, grants: tuple[Grant, ...]) -> tuple[GrantResult, ...]:
        """Ask for ``grants`` to hold, in order; repeating a call changes nothing more."""
        if not grants:
            return ()
        answer = await self._call("POST", f"groups/{_segment(group_id)}/grants", json=write_call(order_id, grants))
        return _read(lambda: read_results(read_json(answer), len(grants)))

    async def usage(self, group_id: str) -> Usage:
        """Return what the group uses; ProductRefused when it is gone."""
        answer = await self._call("GET", f"groups/{_segment(group_id)}/usage")
        return _read(lambda: read_usage(read_json(answer)))

    async def close(self) -> None:
        """Give up the connections."""
        await self._client.aclose()

    async def _group(self, group_id: str, subject: str | None) -> Group | None:
        if not _GROUP_ID.fullmatch(group_id):
            return None
        try:
            answer = await self._call("GET", f"groups/{_segment(group_id)}", subject=subject)
        except _NotFound:
            return None
        group = _read(lambda: read_group(read_json(answer)))
        if group.id != group_id:
            raise ProductUnavailable("GET groups: the answer is about another group")
        return group

    async def _call(
        self, method: str, path: str, *, subject: str | None = None, json: dict[str, object] | None = None
    ) -> bytes:
        params = None if subject is None else {"subject": subject}
        what = f"{method} {path}"
        try:
            # the client's own limits are for each read and write: a body that drips would outlast them all
            async with asyncio.timeout(self._timeout):
                async with self._client.stream(method, path, params=params, json=json) as response:
                    body = await _bounded(response.aiter_raw())
        except TimeoutError:
            raise ProductUnavailable(f"{what}: no answer in {self._timeout:g} s") from None
        except (HTTPError, InvalidURL, BadAnswer) as error:
            raise ProductUnavailable(f"{what}: {type(error).__name__}") from error
        _check_status(what, response.status_code, body)
        return body


class _NotFound(ProductRefused):
    """The product said, in the words of the contract, that there is no such group for that person."""


async def _bounded(chunks: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise BadAnswer("the answer is too large")
    return bytes(body)


def _check_status(what: str, status: int, body: bytes) -> None:
    if status == 200:
        return
    if status not in _REFUSALS:
        raise ProductUnavailable(f"{what}: status {status}")
    # a proxy's or a stranger's error page has these statuses too, and knows nothing about any group
    error, detail = _read(lambda: read_error(read_json(body)))
    kind = _NotFound if status == 404 and error == "not_found" else ProductRefused
    raise kind(f"{what}: {error}: {detail}")


def _segment(group_id: str) -> str:
    if not _GROUP_ID.fullmatch(group_id):
        raise ProductRefused("the group's id is not one that a product can have")
    return quote(group_id, safe="")


def _read(body: Callable[[], T]) -> T:
    try:
        return body()
    except BadAnswer as error:
        raise ProductUnavailable(f"an answer breaks the contract: {error}") from None
