"""What is wrong with how Stripe is set up, in plain words, for ``kassa doctor`` and ``kassa vendor check``."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from app.vendor_adapters.errors import VendorError, VendorMisconfigured
from app.vendor_adapters.stripe.catalog_sync import StepKind, plan
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.names import API_VERSION
from app.vendor_adapters.stripe.shop import Shop

NEEDED_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "charge.refunded",
)
MOST_SKEW = timedelta(seconds=60)


async def checkup(call: Call, shop: Shop, *, webhook_url: str, has_secrets: bool) -> tuple[str, ...]:
    """Return one line for each fault, none when all is well: keys, prices, tax, webhook endpoint, clock."""
    try:
        prices = await _prices(call, shop)
    except VendorMisconfigured:
        return ("STRIPE_SECRET_KEY is refused: copy it again from the dashboard, with the rights of a secret key.",)
    found = [*prices, *_skew(call)]
    if shop.is_taxed:
        found += await _tax(call)
    return (*found, *await _webhooks(call, webhook_url, has_secrets))


async def _prices(call: Call, shop: Shop) -> list[str]:
    words = {
        StepKind.MAKE: "is missing: run `kassa vendor sync --apply`",
        StepKind.RETIRE: "is still offered: run `kassa vendor sync --apply`",
        StepKind.OFFER: "is not offered: run `kassa vendor sync --apply`",
        StepKind.CONFLICT: "has another sum: give the new price a new row, and retire the old one",
    }
    return [f"The price {step.key} {words[step.kind]}." for step in await plan(call, shop)]


def _skew(call: Call) -> list[str]:
    if not call.dated:
        return []
    skew = abs(parsedate_to_datetime(call.dated) - call.client.clock.wall())
    if skew <= MOST_SKEW:
        return []
    return [f"This machine's clock is {int(skew.total_seconds())} seconds off: webhooks will be refused. Set it right."]


async def _tax(call: Call) -> list[str]:
    try:
        settings = await call.read(call.v1.tax.settings.retrieve_async())
    except VendorError:
        return ["The tax settings cannot be read: give the key the right to, or set STRIPE_AUTOMATIC_TAX=off."]
    if settings.status == "active":
        return []
    return ["Stripe Tax is not set up: finish it in the dashboard, or set STRIPE_AUTOMATIC_TAX=off."]


async def _webhooks(call: Call, url: str, has_secrets: bool) -> list[str]:
    page = await call.read(call.v1.webhook_endpoints.list_async({"limit": 100}))
    endpoint = next((one for one in page.data if one.url == url), None)
    missing_secret = [] if has_secrets else ["STRIPE_WEBHOOK_SECRETS is not set: all webhooks are refused."]
    if endpoint is None:
        return [*missing_secret, f"There is no webhook endpoint for {url}: add one in the dashboard."]
    found = list(missing_secret)
    if endpoint.status != "enabled":
        found.append("The webhook endpoint is disabled: enable it.")
    if endpoint.api_version != API_VERSION:
        found.append(f"The webhook endpoint's API version is {endpoint.api_version}, and must be {API_VERSION}.")
    lacking = [] if "*" in endpoint.enabled_events else sorted(set(NEEDED_EVENTS) - set(endpoint.enabled_events))
    if lacking:
        found.append(f"The webhook endpoint does not send {', '.join(lacking)}.")
    return found
