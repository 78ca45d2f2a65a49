"""From Stripe's errors to ours, by one table. Never a message or a body: they can hold what people typed."""

from collections.abc import Mapping
from enum import Enum

import stripe

from app.vendor_adapters.errors import (
    KeyReused,
    OutcomeUnknown,
    RejectReason,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from app.vendor_adapters.stripe.names import NAME
from app.vendor_adapters.stripe.transport import was_sent


class Fault(Enum):
    """Codes that are no refusal of what was asked."""

    PASSING = "passing"
    SETTINGS = "settings"


CODES: dict[str, RejectReason | Fault] = {
    "resource_missing": RejectReason.NOT_FOUND,
    "coupon_expired": RejectReason.QUOTE_EXPIRED,
    "product_inactive": RejectReason.QUOTE_EXPIRED,
    "tax_id_invalid": RejectReason.INVALID_TAX_ID,
    "tax_id_prohibited": RejectReason.INVALID_TAX_ID,
    "customer_tax_location_invalid": RejectReason.INVALID_ADDRESS,
    "invalid_tax_location": RejectReason.INVALID_ADDRESS,
    "postal_code_invalid": RejectReason.INVALID_ADDRESS,
    "country_code_invalid": RejectReason.INVALID_ADDRESS,
    "country_unsupported": RejectReason.INVALID_ADDRESS,
    "state_unsupported": RejectReason.INVALID_ADDRESS,
    "invoice_not_editable": RejectReason.STALE_STATE,
    "status_transition_invalid": RejectReason.STALE_STATE,
    "payment_intent_unexpected_state": RejectReason.STALE_STATE,
    "invalid_canceled_subscription_fields": RejectReason.STALE_STATE,
    "lock_timeout": Fault.PASSING,
    "rate_limit": Fault.PASSING,
    "taxes_calculation_failed": Fault.PASSING,
    "failed_tax_calculation": Fault.PASSING,
    "idempotency_key_in_use": Fault.PASSING,
    "api_key_expired": Fault.SETTINGS,
    "platform_api_key_expired": Fault.SETTINGS,
    "secret_key_required": Fault.SETTINGS,
    "livemode_mismatch": Fault.SETTINGS,
    "testmode_charges_only": Fault.SETTINGS,
    "stripe_tax_inactive": Fault.SETTINGS,
    "tls_version_unsupported": Fault.SETTINGS,
    "url_invalid": Fault.SETTINGS,
    "parameter_unknown": Fault.SETTINGS,
    "parameter_missing": Fault.SETTINGS,
    "parameters_exclusive": Fault.SETTINGS,
}
"""What a code means; those that are not here refuse for a reason that has no name of its own (OTHER)."""


def translated(error: stripe.StripeError, operation: str, *, is_write: bool, has_written: bool) -> VendorError:
    """Return our error for ``error``.

    Args:
        is_write: the request could have changed something. has_written: an earlier one of the same operation did, so
            that "nothing happened" must not be said any more.
    """
    request_id = request_of(error)
    code = error.code or (error.error.code if error.error else "") or ""
    detail = " ".join(part for part in (type(error).__name__, code) if part)
    if isinstance(error, stripe.APIConnectionError):
        return _lost(operation, error, unknown=has_written or (is_write and was_sent(error)))
    if isinstance(error, stripe.RateLimitError):
        if has_written:
            return OutcomeUnknown(vendor=NAME, operation=operation, request_id=request_id, detail=detail)
        pause = _retry_after(error)
        return VendorUnavailable(
            vendor=NAME, operation=operation, request_id=request_id, detail=detail, retry_after=pause
        )
    if isinstance(error, stripe.IdempotencyError):
        return KeyReused(vendor=NAME, operation=operation, request_id=request_id)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError) or CODES.get(code) is Fault.SETTINGS:
        return VendorMisconfigured(vendor=NAME, operation=operation, request_id=request_id, detail=detail)
    if isinstance(error, stripe.InvalidRequestError) and CODES.get(code) is not Fault.PASSING:
        return _rejected(operation, error, code)
    return _failed(operation, request_id, detail, unknown=is_write or has_written)


def unreadable(operation: str, *, is_write: bool, has_written: bool) -> VendorError:
    """Return our error for an answer that the library could make nothing of."""
    return _failed(operation, "", "unreadable answer", unknown=is_write or has_written)


def request_of(error: stripe.StripeError) -> str:
    """Return the id of the request that failed, empty where no answer came.

    Of an answer that is no JSON the library keeps the headers in the place of the body.
    """
    misplaced = error.json_body if isinstance(error.json_body, Mapping) else {}
    return error.request_id or str(misplaced.get("request-id", ""))


def is_kept(error: stripe.StripeError) -> bool:
    """Whether Stripe gave an answer that it keeps for the request's key, to be given to every repetition."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return headers.get("idempotent-replayed", "") == "true"


def rejected(operation: str, reason: RejectReason, field: str = "", detail: str = "") -> VendorRejected:
    """Return a refusal of the adapter's own."""
    return VendorRejected(vendor=NAME, operation=operation, reason=reason, field=field, detail=detail)


def _rejected(operation: str, error: stripe.InvalidRequestError, code: str) -> VendorRejected:
    reason = CODES.get(code, RejectReason.OTHER)
    return VendorRejected(
        vendor=NAME,
        operation=operation,
        reason=reason if isinstance(reason, RejectReason) else RejectReason.OTHER,
        field=str(error.param or ""),
        request_id=request_of(error),
        detail=code,
    )


def _lost(operation: str, error: stripe.APIConnectionError, *, unknown: bool) -> VendorError:
    return _failed(operation, "", str(error.user_message or ""), unknown=unknown)


def _failed(operation: str, request_id: str, detail: str, *, unknown: bool) -> VendorError:
    kind = OutcomeUnknown if unknown else VendorUnavailable
    return kind(vendor=NAME, operation=operation, request_id=request_id, detail=detail)


def _retry_after(error: stripe.StripeError) -> float | None:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
