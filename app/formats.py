"""How amounts, dates and numbers are written for people; integers and Money in, text out, never a float between."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision

from app.core.money import Money

_LOCALE = Locale("en", "GB")
_PPM_IN_PERCENT = 10_000


def money(amount: Money) -> str:
    """Return an amount with its currency, such as ``3,788.85 USD``."""
    return f"{figure(amount)} {currency_code(amount)}"


def figure(amount: Money) -> str:
    """Return an amount without its currency, such as ``3,788.85``; the currency decides on the decimals.

    Below nought it begins with a minus sign, which is as wide as a plus, and no hyphen.
    """
    digits = get_currency_precision(amount.currency.upper())
    above = "#,##0" + (f".{'0' * digits}" if digits else "")
    pattern = f"{above};−{above}"
    return format_decimal(Decimal(amount.minor).scaleb(-digits), format=pattern, locale=_LOCALE)


def currency_code(amount: Money) -> str:
    """Return the currency as people write it, such as ``USD``."""
    return amount.currency.upper()


def date(instant: datetime) -> str:
    """Return the day of an instant (UTC), such as ``1 March 2027``."""
    return format_date(instant, "d MMMM y", locale=_LOCALE)


def moment(instant: datetime) -> str:
    """Return an instant in UTC, such as ``1 March 2027, 14:30 UTC``; at midnight the day alone."""
    is_midnight = instant.timetz().replace(tzinfo=None) == time()
    return date(instant) if is_midnight else f"{date(instant)}, {instant:%H:%M} UTC"


def until(end: datetime) -> str:
    """Return when something is over whose end is no longer in it, as people say it: the last day that it has whole.

    ``31 March 2027`` for 1 April at midnight (UTC); where it ends within a day, ``1 April 2027, 14:30 UTC``.
    """
    before = end - timedelta(microseconds=1)
    return date(before) if moment(end) == date(end) else moment(end)


def window(starts: datetime, ends: datetime) -> str:
    """Return a time from an instant up to another that is not in it, such as ``1 March 2027 until 31 March 2027``."""
    return f"{moment(starts)} until {until(ends)}"


def number(count: int) -> str:
    """Return a count with its thousands set apart, such as ``5,000``."""
    return format_decimal(count, locale=_LOCALE)


def percent(ppm: int) -> str:
    """Return a rate given in millionths, such as ``8.875 %`` for 88750."""
    return f"{format_decimal(Decimal(ppm) / _PPM_IN_PERCENT, format='#,##0.####', locale=_LOCALE)} %"


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun, such as ``1 seat`` or ``5,000 seats``."""
    return f"{number(count)} {singular if count == 1 else plural or singular + 's'}"
