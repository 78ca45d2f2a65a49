"""A store without vendor and product for tests of the edge and of signing in: real database, real sessions."""

from app.catalog.load import load_catalog
from app.config import Config
from app.core.clock import Clock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.emails.transports import KeptMailer
from app.entitlements.http_product import HttpProduct
from app.flows.deps import Deps
from app.identity.sso import IdentityProvider


def edge_deps(config: Config, database: Database, clock: Clock, identity: IdentityProvider | None = None) -> Deps:
    """Return neighbours of which only database, clock, settings, mail and identity provider are used."""
    return Deps(
        config=config,
        catalog=load_catalog(config.catalog),
        db=database,
        sealer=Sealer(config.secret_keys),
        clock=clock,
        vendors={},
        selling="",
        product=HttpProduct(config.product_url, config.product_token),
        mailer=KeptMailer(database, clock),
        identity=identity,
    )
