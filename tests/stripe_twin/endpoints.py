"""The endpoints that the adapter uses: an address and a verb to what is done; everything else is not there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.stripe_twin.books import Books, Obj

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has passed the guard: the parts of its address that are refs, and its parameters."""

    books: Books
    origin: str
    path: str
    refs: tuple[str, ...]
    params: Params

    @property
    def ref(self) -> str:
        """The first ref of the address."""
        return self.refs[0]

    @property
    def expand(self) -> tuple[str, ...]:
        """What the answer is to show whole."""
        return tuple(self.params.get("expand", ()))


Handler = Callable[[Request], Obj]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(verb: str, template: str) -> Callable[[Handler], Handler]:
    """Answer ``verb`` at ``template``, whose parts in braces are refs."""

    def take(handler: Handler) -> Handler:
        pattern = re.sub(r"\{[a-z]+\}", "([^/]+)", template)
        ROUTES.append((verb, re.compile(pattern), handler))
        return handler

    return take


def handler_for(verb: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """Return what answers a request, with the refs of its address; more exact addresses come first."""
    found = [
        (match.groups(), handler)
        for each, pattern, handler in ROUTES
        if each == verb and (match := pattern.fullmatch(path))
    ]
    if not found:
        return None
    refs, handler = min(found, key=lambda one: len(one[0]))
    return handler, tuple(str(ref) for ref in refs)
