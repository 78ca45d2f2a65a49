"""What every part of the demo product is handed."""

from dataclasses import dataclass, field

from app.catalog.thresholds import TrialRules
from app.core.clock import Clock
from app.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long, in seconds, an ordered fault keeps a caller waiting."""

    hang: float = 30.0
    slow: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The demo product's database and clock, where it and the store are reached, and the secrets that they share.

    ``origin`` and ``store_url`` have no trailing slash; an empty ``token`` or ``client_secret`` lets nobody in.
    Without ``trial`` there are no trials.
    """

    db: Database
    clock: Clock
    origin: str
    store_url: str
    token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    delays: Delays
    trial: TrialRules | None = None

    @property
    def redirect_uri(self) -> str:
        """The one address that a signed-in person is sent back to."""
        return f"{self.store_url}/login/callback"

    @property
    def post_logout_redirect_uri(self) -> str:
        """The one address that a signed-out person is sent back to."""
        return f"{self.store_url}/"
