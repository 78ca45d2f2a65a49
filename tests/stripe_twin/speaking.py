"""The store's own adapter, made to speak to a twin in the same process."""

from dataclasses import replace
from datetime import timedelta

from app.catalog.model import Catalog
from app.config import Config, StripeConfig
from app.core.clock import Clock
from app.http import AsyncBaseTransport
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.stripe.checkup import Keys
from app.vendor_adapters.stripe.client import Client
from app.vendor_adapters.stripe.shop import Shop
from tests.stripe_twin.network import at_once
from tests.stripe_twin.signing import WEBHOOK_SECRET

KEY = "sk_test_twin"


def selling_with_stripe(config: Config) -> Config:
    """Return the settings of a store that sells with Stripe, whose counterpart has the vendor's port."""
    keys = StripeConfig(secret_key=KEY, webhook_secrets=(WEBHOOK_SECRET,), api_base=config.vendor_url)
    return replace(config, vendors=("stripe",), stripe=keys)


def adapter_over(
    settings: StripeConfig, catalog: Catalog, clock: Clock, *, network: AsyncBaseTransport, deadline: float
) -> StripeAdapter:
    """Return an adapter that reaches Stripe over ``network`` and waits for nothing between two tries."""
    client = Client(
        secret_key=settings.secret_key,
        api_base=settings.api_base,
        clock=clock,
        deadline=deadline,
        network=network,
        sleep=at_once,
    )
    shop = Shop(
        catalog=catalog,
        is_taxed=settings.automatic_tax,
        quote_ttl=timedelta(seconds=catalog.rules.quote_ttl_seconds),
        secret=settings.secret_key,
    )
    keys = Keys(webhook_secrets=settings.webhook_secrets)
    return StripeAdapter(client=client, shop=shop, api_base=settings.api_base, keys=keys)
