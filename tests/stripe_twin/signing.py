"""Signing webhooks as Stripe does."""

import hashlib
import hmac
from datetime import datetime

import stripe

WEBHOOK_SECRET = "whsec_twin"


def sign(body: bytes, at: datetime, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    """Return the headers with which Stripe sends ``body``; what is no text is signed as if it were."""
    try:
        value = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    except UnicodeDecodeError:
        value = _signed_bytes(body, at, secret)
    return {"stripe-signature": value}


def _signed_bytes(body: bytes, at: datetime, secret: str) -> str:
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={signature}"
