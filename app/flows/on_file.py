"""The stored cards of a customer, asked for once at most, by whatever of a page comes to need them first."""

import asyncio
from collections.abc import Awaitable, Callable

from app.vendor_adapters.types import PaymentMethodSummary


class OnFile:
    """A customer's cards.

    Args:
        ask: asks the vendor, and answers None while it does not tell: there may be some.
    """

    def __init__(self, ask: Callable[[], Awaitable[tuple[PaymentMethodSummary, ...] | None]]) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()
        self._answer: tuple[tuple[PaymentMethodSummary, ...] | None] | None = None

    async def read(self) -> tuple[PaymentMethodSummary, ...] | None:
        """Return the cards, the default first; None while the vendor does not tell."""
        async with self._turn:
            if self._answer is None:
                self._answer = (await self._ask(),)
            return self._answer[0]

    async def fingerprints(self) -> tuple[str, ...]:
        """Return the vendor's marks of the cards, as far as it has any."""
        return tuple(card.fingerprint for card in await self.read() or () if card.fingerprint)
