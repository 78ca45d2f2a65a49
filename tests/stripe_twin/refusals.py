"""What the twin says no with, in Stripe's words."""

from typing import Any


class Refusal(Exception):
    """An answer that is an error; ``is_kept`` when it is an outcome, which the same key gets again."""

    def __init__(self, status: int, kind: str, *, is_kept: bool = False, **fields: Any) -> None:
        super().__init__(f"{status} {kind} {fields.get('code', '')} {fields.get('message', '')}")
        self.status = status
        self.is_kept = is_kept
        self.body = {"error": {"type": kind, **{name: value for name, value in fields.items() if value is not None}}}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """Return a refusal of what was asked."""
    return Refusal(400, "invalid_request_error", message=message, param=param, code=code)


def missing(kind: str, ref: str, param: str | None = None) -> Refusal:
    """Return a refusal of what is not there; 404 when the address named it, 400 when a parameter did."""
    message = f"No such {kind}: '{ref}'"
    return Refusal(
        400 if param else 404, "invalid_request_error", code="resource_missing", message=message, param=param or "id"
    )
