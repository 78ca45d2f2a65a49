"""The card form of the hosted pages: what was typed, checked, without the number being kept anywhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.vendor_adapters.embedded.cards import BY_NUMBER, DemoCard

FIELDS = ("cc-number", "cc-exp", "cc-csc", "cc-name")
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetails:
    """A test card as it was typed; the number itself is already forgotten."""

    brand: str
    last4: str
    expires_month: int
    expires_year: int
    behaviour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForm:
    """What a form came to: details, or an error for each field that needs mending."""

    details: CardDetails | None
    errors: Mapping[str, str]


def read_card(fields: Mapping[str, str], now: datetime) -> CardForm:
    """Check what was typed; ``now`` is business time, by which a card's end is judged."""
    number, expiry = _digits(fields["cc-number"]), _expiry(fields["cc-exp"])
    errors = {
        "cc-number": _number_error(number),
        "cc-exp": _expiry_error(expiry, now),
        "cc-csc": "" if re.fullmatch("[0-9]{3,4}", fields["cc-csc"].strip()) else "Enter the 3 or 4 digits, like 123",
        "cc-name": "" if _is_name(fields["cc-name"]) else "Enter the name on the card",
    }
    found = {field: text for field, text in errors.items() if text}
    if found or expiry is None:
        return CardForm(details=None, errors=found)
    return CardForm(details=details(BY_NUMBER[number], *expiry), errors={})


def details(card: DemoCard, month: int, year: int) -> CardDetails:
    """Return what is kept of a test card."""
    return CardDetails(
        brand=card.brand,
        last4=card.number[-4:],
        expires_month=month,
        expires_year=year,
        behaviour=card.behaviour.value,
    )


def is_luhn(number: str) -> bool:
    """Return whether the last digit fits the others."""
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def is_past(month: int, year: int, now: datetime) -> bool:
    """Return whether a card valid through that month has ended."""
    return (year, month) < (now.year, now.month)


def _digits(typed: str) -> str:
    return re.sub("[ -]", "", typed[:_LONGEST])


def _number_error(number: str) -> str:
    if not re.fullmatch("[0-9]{12,19}", number):
        return "Enter the card number, like 4242 4242 4242 4242"
    if not is_luhn(number):
        return "Check the card number: a digit is wrong or missing"
    if number not in BY_NUMBER:
        return "Use one of the test cards below: real cards are not taken here"
    return ""


def _expiry(typed: str) -> tuple[int, int] | None:
    match = re.fullmatch("(0?[1-9]|1[0-2]) ?/ ?(?:20)?([0-9]{2})", typed.strip()[:_LONGEST])
    return (int(match[1]), 2000 + int(match[2])) if match else None


def _expiry_error(expiry: tuple[int, int] | None, now: datetime) -> str:
    if expiry is None:
        return "Enter the month and year, like 12/30"
    return "This card has expired: enter a later month, like 12/30" if is_past(*expiry, now) else ""


def _is_name(typed: str) -> bool:
    return 0 < len(typed.strip()) <= _LONGEST
