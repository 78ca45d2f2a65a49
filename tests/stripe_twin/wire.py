"""The wire guard as the kit asks for it: what went over the wire, planted mistakes, and every body there can be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.vendor_adapters.conformance.wire import Planted, Reading
from tests.stripe_twin.mistakes import planted
from tests.stripe_twin.readings import readings, unheard_of

if TYPE_CHECKING:
    from tests.stripe_twin.twin import StripeTwin


class TwinWire:
    """The guard of a twin."""

    def __init__(self, twin: "StripeTwin") -> None:
        self._twin = twin

    def sent(self) -> int:
        return self._twin.api.guard.sent

    def problems(self) -> Sequence[str]:
        return self._twin.api.guard.problems

    def planted(self) -> Sequence[Planted]:
        return planted()

    def readings(self) -> Sequence[Reading]:
        return readings()

    def unheard_of(self) -> Sequence[Reading]:
        return unheard_of()
