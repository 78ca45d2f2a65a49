"""What all classes of checks have in common: they run on asyncio, and only where the adapter can be asked."""

import inspect

import pytest

from app.vendor_adapters.conformance.harness import Harness
from app.vendor_adapters.conformance.scenario import Need, scenario_of, unmet

ADAPTER = pytest.StashKey[str]()
"""On an item: the name of the adapter that it checks."""
DECLARED = pytest.StashKey[tuple[str, ...]]()
"""On an item: why it was skipped, by what the adapter or its harness declared."""


class Checks:
    """A class of checks; the author's test class provides the fixture ``harness``, fresh for each test."""

    pytestmark = pytest.mark.anyio

    def __init_subclass__(cls) -> None:
        """Refuse a class that replaces a check by one of its own: that would be a skip that nobody sees."""
        super().__init_subclass__()
        for name in vars(cls):
            if any(scenario_of(getattr(base, name, None)) for base in cls.__bases__):
                raise TypeError(f"{cls.__name__} replaces the check {name}")

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        """The adapters of this project run on asyncio."""
        return "asyncio"

    @pytest.fixture(autouse=True)
    def _only_where_it_can(self, request: pytest.FixtureRequest, harness: Harness) -> None:
        request.node.stash[ADAPTER] = harness.adapter.name
        scenario = scenario_of(request.function)
        needs = scenario.needs if scenario else frozenset()
        reasons = unmet(harness, needs | _needs_of_parameters(request.node))
        if reasons:
            request.node.stash[DECLARED] = reasons
            pytest.skip(", ".join(reasons))


def _needs_of_parameters(item: pytest.Item) -> frozenset[Need]:
    call = getattr(item, "callspec", None)
    parameters = call.params.values() if call else ()
    return frozenset(need for parameter in parameters for need in getattr(parameter, "needs", ()))


GATE = inspect.getsourcelines(Checks)[1]
"""The line where this class begins, which pytest names as the place of declared skips."""
