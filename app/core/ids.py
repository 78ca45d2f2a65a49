"""Every random value of the project comes from here: ids, references, tokens."""

import secrets

# Crockford's base 32: no I, L, O or U, so that a reference read over the telephone is heard right.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str) -> str:
    """Return an unguessable id (100 bits) such as ``int_4K7…``; ``prefix`` names its kind."""
    return f"{prefix}_{_draw(20).lower()}"


def new_order_id() -> str:
    """Return an order's id, which is also the reference that people read out: ``O-7Q2K9-MX4RT`` (50 bits)."""
    return f"O-{_draw(5)}-{_draw(5)}"


def new_reference(prefix: str) -> str:
    """Return a short reference for people, such as ``L-7Q2K9M`` for a lead (30 bits; never a secret)."""
    return f"{prefix}-{_draw(6)}"


def new_activation_code() -> str:
    """Return 24 characters without look-alikes (120 bits)."""
    return _draw(24)


def new_code_letters(length: int) -> str:
    """Return characters of a secret campaign code, without look-alikes (5 bits each)."""
    return _draw(length)


def new_token() -> str:
    """Return a secret for a link or a session (256 bits, URL safe)."""
    return secrets.token_urlsafe(32)


def _draw(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
