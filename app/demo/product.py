"""The demo product as the demonstration runs it: made from the settings, prepared, looked into and broken at will."""

from collections.abc import Iterable

from sqlalchemy import Connection

from app.catalog.load import load_catalog
from app.catalog.thresholds import TrialRules
from app.config import Config, ConfigError
from app.core.clock import Clock
from app.db.engine import Database
from app.demo.app import create_product
from app.demo.faults import IDP_OPS, PRODUCT_OPS, check_faults
from app.demo.model import Fault
from app.demo.seed import GROUPS, PEOPLE, SeedGroup, SeedPerson
from app.demo.sign_in.signing import ensure_key, rotate_keys
from app.demo.store.books import Json, books
from app.demo.store.faults import add_faults, clear_faults
from app.demo.store.seeding import create_tables, empty, seed
from app.demo.world import Delays, World

_NO_DELAYS_GIVEN = Delays()


def create(config: Config, clock: Clock) -> "DemoProduct":
    """Return the demo product of these settings; ConfigError outside the demo, where anybody could be anybody."""
    if not config.is_demo:
        raise ConfigError(["The demo product signs anybody in without a password: it runs only with KASSA_ENV=demo."])
    config.var.mkdir(parents=True, exist_ok=True)
    return DemoProduct(
        Database(f"sqlite:///{config.var / 'product.db'}"),
        clock,
        config.product_url,
        config.base_url,
        config.product_token,
        config.oidc.client_id,
        config.oidc.client_secret,
        trial=load_catalog(config.catalog).rules.trial,
    )


class DemoProduct:
    """The stand-in product.

    Args:
        database: its own, which nothing else uses. clock: business time for what is bought, wall time for the
            sign-in. origin: where it is reached, which is also the issuer. store_url: where the store is.
        token: what the store shows to call the API. client_id, client_secret: the store's, at the sign-in.
        trial: what a trial is; None without trials.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        origin: str,
        store_url: str,
        token: str,
        client_id: str,
        client_secret: str,
        delays: Delays = _NO_DELAYS_GIVEN,
        trial: TrialRules | None = None,
    ) -> None:
        self.world = World(
            db=database,
            clock=clock,
            origin=origin,
            store_url=store_url,
            token=token,
            client_id=client_id,
            client_secret=client_secret,
            delays=delays,
            trial=trial,
        )
        self.app = create_product(self.world)

    async def prepare(self) -> None:
        """Make tables, signing key and seed where they are missing; what is there stays as it is."""

        now = self.world.clock.now()

        def body(connection: Connection) -> None:
            create_tables(connection)
            seed(connection, PEOPLE, GROUPS, only_new=True, now=now)

        await self.world.db.write(body)
        await ensure_key(self.world)

    async def seed(self, people: Iterable[SeedPerson], groups: Iterable[SeedGroup]) -> None:
        """Have these people and groups too, all or none; repeating it changes nothing. Raises BadSeed."""
        now = self.world.clock.now()
        await self.world.db.write(lambda c: seed(c, people, groups, only_new=False, now=now))

    async def reset(self) -> None:
        """Start afresh: the seed and nothing else, no faults, nobody signed in."""

        now = self.world.clock.now()

        def body(connection: Connection) -> None:
            empty(connection)
            seed(connection, PEOPLE, GROUPS, only_new=True, now=now)

        await self.world.db.write(body)

    async def books(self) -> Json:
        """Return the groups with all they have, and the log of grants, as plain JSON."""
        now = self.world.clock.now()
        return await self.world.db.read(lambda connection: books(connection, now))

    async def set_faults(self, *, product: Iterable[Fault] = (), idp: Iterable[Fault] = ()) -> None:
        """Order faults of the API and of the sign-in, after those already ordered. Raises BadFault, ordering none."""
        of_product, of_idp = tuple(product), tuple(idp)
        check_faults(of_product, PRODUCT_OPS)
        check_faults(of_idp, IDP_OPS)

        def body(connection: Connection) -> None:
            add_faults(connection, "product", of_product)
            add_faults(connection, "idp", of_idp)

        await self.world.db.write(body)

    async def clear_faults(self) -> None:
        """End every fault."""
        await self.world.db.write(clear_faults)

    async def rotate_keys(self) -> None:
        """Sign with a new key from now on, as providers do now and then."""
        await rotate_keys(self.world)

    def close(self) -> None:
        """Close the database."""
        self.world.db.close()
