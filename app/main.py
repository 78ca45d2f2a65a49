"""The application: the one place that puts neighbours, routes and guards together."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from app.catalog.load import load_catalog
from app.config import ROOT, Config
from app.core.clock import SystemClock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.emails.transports import KeptMailer, Mailer, SmtpMailer
from app.entitlements.http_product import HttpProduct
from app.flows.deps import Deps
from app.identity.sso import IdentityProvider
from app.routes import (
    account,
    buy,
    campaign_links,
    checkout,
    demo_controls,
    health,
    history,
    invoices,
    login,
    marketing,
    orders,
    own_email,
    packs,
    payment_methods,
    plan_changes,
    plans,
    programmes,
    renewal_payments,
    renewals,
    sales,
    seat_changes,
    subscriptions,
    usage,
    webhooks,
)
from app.routes.demo_controls import World
from app.vendor_adapters.registry import create_vendor
from app.web.business_clock import FollowBusinessClock
from app.web.edge import guarded
from app.web.errors import exception_handlers
from app.web.schema_guard import SchemaGuard

CALLBACK = "/login/callback"


def build_deps(config: Config) -> Deps:
    """Return the store's neighbours for these settings; nothing is called or connected to yet."""
    clock = SystemClock()
    catalog = load_catalog(config.catalog)
    db = Database(config.database_url)
    return Deps(
        config=config,
        catalog=catalog,
        db=db,
        sealer=Sealer(config.secret_keys),
        clock=clock,
        vendors={name: create_vendor(name, config, catalog, clock) for name in config.vendors},
        selling=config.vendors[0],
        product=HttpProduct(config.product_url, config.product_token),
        mailer=_mailer(config, db, clock),
        identity=_identity(config, clock),
    )


def create_app(deps: Deps, *, world: World | None = None) -> ASGIApp:
    """Return the store.

    Args:
        world: what the demo controls act on; without it, and outside the demo, their addresses do not exist.
    """
    routes = store_routes()
    has_controls = world is not None and deps.config.is_demo
    if has_controls:
        routes += demo_controls.routes
    # inside the application, so that what these raise is answered with the store's own problem page
    inside = [Middleware(SchemaGuard, db=deps.db)]
    if deps.config.is_demo and isinstance(deps.clock, SystemClock):
        inside.append(Middleware(FollowBusinessClock, db=deps.db, clock=deps.clock))
    app = Starlette(routes=routes, middleware=inside, exception_handlers=exception_handlers)
    app.state.deps = deps
    app.state.world = world
    return guarded(app, deps)


def store_routes() -> list[BaseRoute]:
    """Return every address of the store but the demo controls."""
    return [
        *login.routes,  # before the plans: the issuer leads back to the home page with a state
        *plans.routes,
        *campaign_links.routes,
        *buy.routes,
        *programmes.routes,
        *packs.routes,
        *checkout.routes,
        *orders.routes,
        *subscriptions.routes,
        *seat_changes.routes,
        *plan_changes.routes,
        *renewals.routes,
        *renewal_payments.routes,
        *usage.routes,
        *own_email.routes,
        *account.routes,
        *invoices.routes,
        *history.routes,
        *payment_methods.routes,
        *sales.routes,
        *marketing.routes,
        *webhooks.routes,
        *health.routes,
        Mount("/static", StaticFiles(directory=ROOT / "static"), name="static"),
    ]


def _mailer(config: Config, db: Database, clock: SystemClock) -> Mailer:
    return SmtpMailer(config.smtp_url, config.mail_from) if config.smtp_url else KeptMailer(db, clock)


def _identity(config: Config, clock: SystemClock) -> IdentityProvider | None:
    if not config.oidc.issuer:
        return None
    return IdentityProvider(config.oidc, f"{config.base_url}{CALLBACK}", clock)
