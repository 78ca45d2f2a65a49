"""Stripe, the reference vendor: hosted Checkout, Billing subscriptions, Tax where it is switched on."""

from datetime import timedelta

from app.catalog.model import Catalog
from app.config import Config
from app.core.clock import Clock
from app.vendor_adapters.errors import VendorMisconfigured
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.stripe.checkup import Keys
from app.vendor_adapters.stripe.client import Client
from app.vendor_adapters.stripe.names import NAME
from app.vendor_adapters.stripe.shop import Shop

__all__ = ["StripeAdapter", "create"]


def create(config: Config, catalog: Catalog, clock: Clock) -> StripeAdapter:
    """Return the adapter for these settings; VendorMisconfigured when the key is missing. Nothing is called yet."""
    settings = config.stripe
    if not settings.secret_key:
        raise VendorMisconfigured(vendor=NAME, operation="create", detail="STRIPE_SECRET_KEY is not set")
    if not catalog.rules.auto_renew_default:
        raise VendorMisconfigured(
            vendor=NAME, operation="create", detail="its payment page sells only what renews by itself"
        )
    return StripeAdapter(
        client=Client(secret_key=settings.secret_key, api_base=settings.api_base, clock=clock),
        shop=Shop(
            catalog=catalog,
            is_taxed=settings.automatic_tax,
            quote_ttl=timedelta(seconds=catalog.rules.quote_ttl_seconds),
            secret=settings.secret_key,
        ),
        api_base=settings.api_base,
        keys=Keys(
            webhook_secrets=settings.webhook_secrets,
            publishable=settings.publishable_key,
            is_production=not config.is_demo,
        ),
    )
