"""What can go wrong at the seam, in words that say what to do next: try again, read back, or tell the buyer why not.

Each error names the vendor, the operation and the vendor's request id; never a body, never personal data.
"""

from enum import Enum


class VendorError(Exception):
    """Anything that a vendor adapter raises."""

    def __init__(self, *, vendor: str, operation: str, request_id: str = "", detail: str = "") -> None:
        super().__init__(vendor, operation, detail)
        self.vendor = vendor
        self.operation = operation
        self.request_id = request_id
        self.detail = detail

    def __str__(self) -> str:
        kind, request = type(self).__name__, self.request_id or "none"
        return f"{self.vendor} {self.operation}: {kind} {self.detail} (request {request})"


class VendorUnavailable(VendorError):
    """The vendor could not be reached or turned the call away; nothing happened, and trying again later is right."""

    def __init__(
        self, *, vendor: str, operation: str, request_id: str = "", detail: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(vendor=vendor, operation=operation, request_id=request_id, detail=detail)
        self.retry_after = retry_after


class OutcomeUnknown(VendorError):
    """A write was sent and no answer came: repeat it with the same key or read back; never show it as a failure."""


class RejectReason(Enum):
    """Why a vendor said no to what was asked."""

    NOT_FOUND = "not_found"
    QUOTE_EXPIRED = "quote_expired"
    STALE_STATE = "stale_state"
    INVALID_TAX_ID = "invalid_tax_id"
    INVALID_ADDRESS = "invalid_address"
    NOT_SOLD = "not_sold"
    CURRENCY = "currency"
    OTHER = "other"


class VendorRejected(VendorError):
    """The vendor understood and refused; the same call will be refused again. ``field`` names the culprit if known."""

    def __init__(
        self,
        *,
        vendor: str,
        operation: str,
        reason: RejectReason,
        field: str = "",
        request_id: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(vendor=vendor, operation=operation, request_id=request_id, detail=detail or reason.value)
        self.reason = reason
        self.field = field


class VendorMisconfigured(VendorError):
    """Keys, prices or settings at the vendor are wrong; people must mend it, and no retry will."""


class NotificationRejected(VendorError):
    """A message to the webhook address that is not the vendor's, is too old or cannot be read."""


class NotSupported(VendorError):
    """The vendor has no such thing; ``detail`` names the capability that says so."""


class KeyReused(VendorError):
    """An idempotency key came back with other arguments: a mistake of the caller."""
