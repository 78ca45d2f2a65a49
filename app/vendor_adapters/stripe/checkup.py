"""What is wrong with how Stripe is set up, in plain words, for ``kassa doctor`` and ``kassa vendor check``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import stripe

from app.vendor_adapters.errors import VendorMisconfigured
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.names import API_VERSION
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.types import SetupFault

NEEDED_EVENTS = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
)
"""What the store looks into; without one of them it hears of that thing from the sweep only, minutes later."""
MOST_SKEW = timedelta(seconds=60)
_REFUSED_KEY = "AuthenticationError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The settings that only a checkup looks at, beside the secrets, which are tried in turn.

    Attributes:
        publishable: may be empty, nothing needs it. is_production: whether real orders are taken.
    """

    webhook_secrets: tuple[str, ...] = field(repr=False)
    publishable: str = ""
    is_production: bool = False


async def checkup(call: Call, shop: Shop, keys: Keys, *, webhook_url: str) -> tuple[SetupFault, ...]:
    """Return one fault for each thing that is wrong, none when all is well: keys, rights, tax, endpoint, clock."""
    found = _modes(call, keys)
    try:
        await call.read(call.v1.prices.list_async({"limit": 1}))
    except VendorMisconfigured as error:
        return (*found, _refused(error))
    found += _skew(call)
    if shop.is_taxed:
        found += await _part(lambda: _tax(call), "Tax settings", "or set STRIPE_AUTOMATIC_TAX=off")
    found += await _part(lambda: _portal(call), "Customer portal settings", "or look at them in the dashboard")
    if not keys.webhook_secrets:
        found.append(
            SetupFault(
                found="STRIPE_WEBHOOK_SECRETS is not set, and every webhook is refused",
                mend="copy the signing secret (whsec_…) of the webhook endpoint into it",
            )
        )
    found += await _part(lambda: _webhooks(call, webhook_url), "Webhook Endpoints", "or look at them in the dashboard")
    return tuple(found)


def _refused(error: VendorMisconfigured) -> SetupFault:
    if error.detail.startswith(_REFUSED_KEY):
        return SetupFault(
            found=f"STRIPE_SECRET_KEY is refused (request {error.request_id or 'none'})",
            mend="copy it again from the dashboard, or make a new one if it was rolled or deleted",
        )
    return SetupFault(
        found="STRIPE_SECRET_KEY may not read prices",
        mend="give the restricted key the rights to what the store uses, or use a secret key (sk_…)",
    )


def _modes(call: Call, keys: Keys) -> list[SetupFault]:
    found, is_live = [], call.client.is_live
    if keys.is_production and not is_live:
        found.append(
            SetupFault(
                found="STRIPE_SECRET_KEY is a test key in production: plans are given and no money moves",
                mend="set the live key, and the signing secret of the live webhook endpoint",
            )
        )
    if keys.publishable and ("_live_" in keys.publishable) is not is_live:
        mode, other = ("live", "test") if is_live else ("test", "live")
        found.append(
            SetupFault(
                found=f"STRIPE_PUBLISHABLE_KEY is a {other} key beside a {mode} secret key",
                mend=f"set both to {mode} keys of one account",
            )
        )
    return found


def _skew(call: Call) -> list[SetupFault]:
    answered_at = _instant(call.dated)
    ahead = call.client.clock.wall() - answered_at if answered_at else timedelta(0)
    if abs(ahead) <= MOST_SKEW:
        return []
    words = "ahead of" if ahead > timedelta(0) else "behind"
    return [
        SetupFault(
            found=f"this machine's clock is {int(abs(ahead).total_seconds())} seconds {words} Stripe's",
            mend="set it right (NTP): from 300 seconds on every webhook is refused",
        )
    ]


def _instant(dated: str) -> datetime | None:
    """Return the instant of a Date header, None for what cannot be read; HTTP dates are in GMT, said or not."""
    try:
        return parsedate_to_datetime(dated).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None


async def _part(look: Callable[[], Awaitable[list[SetupFault]]], right: str, otherwise: str) -> list[SetupFault]:
    """Return what is wrong with a part, or that the key may not look."""
    try:
        return await look()
    except VendorMisconfigured:
        return [
            SetupFault(found=f"the key may not read {right}", mend=f"give it the right to read them, {otherwise}"),
        ]


async def _tax(call: Call) -> list[SetupFault]:
    settings = await call.read(call.v1.tax.settings.retrieve_async())
    if settings.status == "active":
        return []
    return [
        SetupFault(
            found="Stripe Tax is not set up, and every quote is refused",
            mend="finish it in the dashboard, or set STRIPE_AUTOMATIC_TAX=off",
        )
    ]


async def _portal(call: Call) -> list[SetupFault]:
    """Without settings of its own Stripe opens no portal page, where cards are changed."""
    listed = await call.read(
        call.v1.billing_portal.configurations.list_async({"is_default": True, "active": True, "limit": 1})
    )
    if listed.data:
        return []
    return [
        SetupFault(
            found="the customer portal has no settings, and nobody can change a card",
            mend="save its settings once in the dashboard, for this mode (Settings, Billing, Customer portal)",
        )
    ]


async def _webhooks(call: Call, url: str) -> list[SetupFault]:
    endpoints = (await call.read(call.v1.webhook_endpoints.list_async({"limit": 100}))).data
    at_url = sorted((one for one in endpoints if one.url == url), key=lambda one: one.status != "enabled")
    return _of_endpoint(at_url[0]) if at_url else [_no_endpoint(endpoints, url)]


def _no_endpoint(endpoints: list[stripe.WebhookEndpoint], url: str) -> SetupFault:
    path = urlsplit(url).path
    alike = next((one.url for one in endpoints if urlsplit(one.url).path.rstrip("/") == path), "")
    if alike:
        return SetupFault(
            found=f"the webhook endpoint is {alike}, and the store listens at {url}",
            mend="change the endpoint's address in the dashboard, or KASSA_BASE_URL",
        )
    return SetupFault(
        found=f"there is no webhook endpoint for {url}",
        mend=f"add one in the dashboard, with API version {API_VERSION} and these events: {', '.join(NEEDED_EVENTS)}",
    )


def _of_endpoint(endpoint: stripe.WebhookEndpoint) -> list[SetupFault]:
    found = []
    if endpoint.status != "enabled":
        found.append(SetupFault(found="the webhook endpoint is disabled", mend="enable it in the dashboard"))
    if endpoint.api_version != API_VERSION:
        version = endpoint.api_version or "the account's default"
        found.append(
            SetupFault(
                found=f"the webhook endpoint's API version is {version}, and its webhooks are refused",
                mend=f"add an endpoint with version {API_VERSION}, put its secret into STRIPE_WEBHOOK_SECRETS, "
                "and delete this one",
            )
        )
    lacking = [] if "*" in endpoint.enabled_events else sorted(set(NEEDED_EVENTS) - set(endpoint.enabled_events))
    if lacking:
        found.append(
            SetupFault(
                found=f"the webhook endpoint does not send {', '.join(lacking)}",
                mend="add these events to it in the dashboard",
            )
        )
    return found
