"""What every flow is handed, built once where the program starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.catalog.model import Catalog
from app.config import Config
from app.core.clock import Clock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.emails.transports import Mailer
from app.entitlements.product import Product
from app.flows.owned_groups import OwnedGroups
from app.identity.sso import IdentityProvider
from app.vendor_adapters.port import VendorAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The store's neighbours. ``vendors`` holds all that may settle orders; ``selling`` names the one that sells."""

    config: Config
    catalog: Catalog
    db: Database
    sealer: Sealer
    clock: Clock
    vendors: Mapping[str, VendorAdapter]
    selling: str
    product: Product
    mailer: Mailer
    owned_groups: OwnedGroups = field(default_factory=OwnedGroups)
    identity: IdentityProvider | None = None  # None: no issuer is set, nobody can sign in through one

    @property
    def vendor(self) -> VendorAdapter:
        """The vendor that new orders go to."""
        return self.vendors[self.selling]
