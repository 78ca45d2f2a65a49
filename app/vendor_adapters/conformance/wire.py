"""What goes between an adapter and its vendor, for checks against the contract that the vendor publishes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A request with one mistake in it; ``complaint`` is what the guard says, empty where it noticed nothing."""

    name: str
    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A body of the vendor's contract, and the adapter's translation of it.

    ``read`` returns the adapter's value or raises what the adapter raises.
    """

    name: str
    read: Callable[[], object]


class Wire(Protocol):
    """A guard that compares all traffic with the vendor's published contract (its OpenAPI document, its SDK)."""

    def sent(self) -> int:
        """Return how many requests the guard has seen so far."""
        ...

    def problems(self) -> Sequence[str]:
        """Return what the contract says against the requests and answers so far, one line each."""
        ...

    def planted(self) -> Sequence[Planted]:
        """Return requests with a planted mistake each: unknown, misspelt, mistyped, missing, wrong value."""
        ...

    def readings(self) -> Sequence[Reading]:
        """Return every success and error body of the contract that a call of the adapter can be answered with."""
        ...

    def unheard_of(self) -> Sequence[Reading]:
        """Return bodies in which each enum that the adapter maps has a value that the contract does not know yet."""
        ...
