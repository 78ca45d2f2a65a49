"""The wire guard: every planted mistake is caught, and by nothing else than the guard."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from app.vendor_adapters.errors import VendorMisconfigured
from app.vendor_adapters.stripe.client import Call, Client
from tests.stripe_twin.guard import Guard
from tests.stripe_twin.mistakes import HEADERS, MISTAKES, RIGHT, WRONG_HEADERS, planted
from tests.stripe_twin.network import at_once
from tests.stripe_twin.twin import KEY, StripeTwin


class Blind(Guard):
    """A guard that is off."""

    def request(self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
        return []


def test_every_planted_mistake_is_caught() -> None:
    found = planted()
    assert [mistake.name for mistake in found if not mistake.complaint] == []
    assert len(found) == len(MISTAKES) + len(WRONG_HEADERS) + 1 >= 30
    assert len({mistake.name for mistake in found}) == len(found)


def test_there_are_mistakes_of_every_kind() -> None:
    """By what the guard says of them: unknown or misspelt, of another kind, missing, and no such value."""
    words = ("unknown", "missing", "not one of", "is no")
    kinds = Counter(next((word for word in words if word in one.complaint), "other") for one in planted())
    assert {word: kinds[word] > 4 for word in words} == dict.fromkeys(words, True), kinds


async def test_a_mistake_on_its_way_is_refused_and_remembered(twin: StripeTwin) -> None:
    client = Client(secret_key=KEY, api_base=twin.origin, clock=twin.clock, network=twin.network, sleep=at_once)

    async def misspelt(call: Call) -> None:
        params: Any = {"email": "ann@example.com", "emial": "ann@example.com"}
        await call.write(call.v1.customers.create_async(params, {"idempotency_key": "k"}))

    with pytest.raises(VendorMisconfigured):
        await client.run("ensure_customer", misspelt)
    (problem,) = twin.api.guard.problems
    assert "emial" in problem
    assert twin.books.all("customer") == []
    # with the guard off the twin takes it, and nobody notices
    twin.api.guard = Blind()
    await client.run("ensure_customer", misspelt)
    assert (len(twin.books.all("customer")), twin.api.guard.problems) == (1, [])
    await client.close()


def test_right_requests_are_let_through() -> None:
    guard = Guard()
    for request, params in RIGHT.items():
        verb, _, path = request.partition(" ")
        assert guard.request(verb, path, params, HEADERS) == []
    assert (guard.sent, guard.problems) == (len(RIGHT), [])
