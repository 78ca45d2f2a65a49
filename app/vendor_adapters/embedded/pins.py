"""What a quote's token holds still, so that the charge equals the preview."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.vendor_adapters.embedded import tokens
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.errors import RejectReason

_PRICE = "price "


@dataclass(frozen=True, slots=True)
class Pinned:
    """The instant of a quote, and the price of each offer as it was shown."""

    at: datetime
    unit_prices: Mapping[str, int]


def make(desk: Desk, purpose: str, subject: str, at: datetime, unit_prices: Mapping[str, int]) -> str:
    """Return a signed token that pins ``at`` and ``unit_prices`` for ``subject``."""
    claims = {"of": subject, "at": at.isoformat()}
    claims |= {_PRICE + offer: str(price) for offer, price in unit_prices.items()}
    return tokens.seal(desk.settings.key(f"quote {purpose}"), claims)


def read(desk: Desk, purpose: str, subject: str, token: str) -> Pinned:
    """Return what ``token`` pins; QUOTE_EXPIRED unless it was made here for ``subject``."""
    try:
        claims = tokens.unseal(desk.settings.key(f"quote {purpose}"), token)
    except tokens.BadToken as error:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="not a quote of this vendor") from error
    if claims["of"] != subject:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="a quote of something else")
    prices = {name.removeprefix(_PRICE): int(price) for name, price in claims.items() if name.startswith(_PRICE)}
    return Pinned(datetime.fromisoformat(claims["at"]), prices)
