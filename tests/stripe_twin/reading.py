"""Lists and searches."""

import re
from collections.abc import Mapping
from typing import Any

from tests.stripe_twin.books import Obj
from tests.stripe_twin.endpoints import Request
from tests.stripe_twin.refusals import invalid, missing

SEARCH_LAG_SECONDS = 60
"""How far Stripe's search is behind."""
_QUERY = re.compile(r"metadata\['([^']+)'\]:'([^']*)'")


def page(request: Request, rows: list[Obj]) -> Obj:
    """Return a page of ``rows``, which are newest first."""
    params = request.params
    if not 1 <= (limit := int(params.get("limit", 10))) <= 100:
        raise invalid("The limit must be between 1 and 100.", param="limit")
    rows = [row for row in rows if _is_in(row["created"], params.get("created"))]
    if after := params.get("starting_after"):
        rows = rows[_place(rows, after, "starting_after") + 1 :]
        shown = rows[:limit]
    elif before := params.get("ending_before"):
        rows = rows[: _place(rows, before, "ending_before")]
        shown = rows[-limit:]
    else:
        shown = rows[:limit]
    return request.books.listed(shown, request.path, request.expand, has_more=len(rows) > len(shown))


def search(request: Request, kind: str) -> Obj:
    """Return what carries a fact; what is younger than the lag is not found yet."""
    match = _QUERY.fullmatch(request.params["query"])
    if match is None:
        raise invalid("The query cannot be parsed.", param="query")
    key, value = match.groups()
    books = request.books
    rows = [
        row
        for row in books.all(kind)
        if (row.get("metadata") or {}).get(key) == value and row["created"] <= books.now - SEARCH_LAG_SECONDS
    ]
    listed = books.listed(rows[: int(request.params.get("limit", 10))], request.path, request.expand)
    return {**listed, "object": "search_result", "next_page": None, "total_count": None}


def get(request: Request, kind: str, word: str = "", ref: str | None = None, param: str | None = None) -> Obj:
    """Return an object by its ref; it is refused when there is none."""
    wanted = request.ref if ref is None else ref
    found = request.books.find(kind, wanted)
    if found is None:
        raise missing(word or kind, wanted, param)
    return found


def _is_in(created: int, wanted: str | Mapping[str, Any] | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return created == int(wanted)
    tests = {"gte": created.__ge__, "gt": created.__gt__, "lte": created.__le__, "lt": created.__lt__}
    return all(tests[name](int(value)) for name, value in wanted.items())


def _place(rows: list[Obj], ref: str, param: str) -> int:
    for i, row in enumerate(rows):
        if row["id"] == ref:
            return i
    raise missing("object", ref, param)
