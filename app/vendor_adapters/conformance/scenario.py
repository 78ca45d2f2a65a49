"""How a check says what it is: its number among the 26, what it needs, and whether an adapter can be asked for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import ParamSpec

import pytest

from app.vendor_adapters.capabilities import Capability, Grain
from app.vendor_adapters.conformance.harness import Facility, FacilityLacking, Harness

P = ParamSpec("P")
Failed = pytest.fail.Exception
"""What ``pytest.raises`` fails with where nothing was raised; it is no Exception."""
_ATTRIBUTE = "conformance"


class Measure(Enum):
    """A measure of ``Capabilities`` that a check needs more of than the least."""

    SEVERAL_DISCOUNTS = "several discounts at once"
    DISCOUNT_PERIODS = "discounts for more than one term"
    PRORATION_BY_DAY = "proration by the day or finer"


Need = Capability | Facility | Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One check: ``number`` is its place in docs/writing-an-adapter.md, 0 for a rule of the port."""

    number: int
    title: str
    needs: frozenset[Need]

    @property
    def rule(self) -> str:
        """What a failure says was broken."""
        return f"{f'check {self.number}' if self.number else 'a rule of the port'}: {self.title}"


def check(number: int, *needs: Need) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, Awaitable[None]]]:
    """Mark a test as check ``number``, which needs all of ``needs``; its docstring's first line is its title.

    However it fails, the rule that it proves is named with it.
    """

    def mark(function: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
        title = (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        scenario = Scenario(number=number, title=title, needs=frozenset(needs))

        @wraps(function)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                await function(*args, **kwargs)
            except FacilityLacking:
                raise
            except (Exception, Failed) as error:
                error.add_note(scenario.rule)
                raise

        setattr(checked, _ATTRIBUTE, scenario)
        return checked

    return mark


def scenario_of(function: object) -> Scenario | None:
    """Return what ``check`` said of a test."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Scenario) else None


def unmet(harness: Harness, needs: frozenset[Need]) -> tuple[str, ...]:
    """Return why the adapter cannot be asked for something that needs ``needs``; empty when it can."""
    reasons = (_unmet(harness, need) for need in sorted(needs, key=lambda need: need.value))
    return tuple(reason for reason in reasons if reason)


def lack(harness: Harness, facility: Facility) -> str:
    """Return why the harness has no such facility; empty when it has."""
    return f"no {facility.value}: {harness.lacks[facility]}" if facility in harness.lacks else ""


def _unmet(harness: Harness, need: Need) -> str:
    match need:
        case Capability():
            return "" if need in harness.adapter.capabilities else f"needs {need.value}"
        case Facility():
            return lack(harness, need)
        case Measure():
            return "" if _has(harness, need) else f"needs {need.value}"


def _has(harness: Harness, measure: Measure) -> bool:
    capabilities = harness.adapter.capabilities
    match measure:
        case Measure.SEVERAL_DISCOUNTS:
            return capabilities.max_discounts > 1
        case Measure.DISCOUNT_PERIODS:
            return capabilities.discount_periods
        case Measure.PRORATION_BY_DAY:
            return capabilities.proration_grain is not Grain.MONTH
