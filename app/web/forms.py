"""Reading a form or a query: each field at most once, bounded, and every fault as a Problem that names its field."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.core.problems import Problem, ProblemId, problem

_TYPED_MOST = 5_000  # what is shown again after a fault; more than any field takes
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[^\s@<>,;:\"\\()\[\]]{1,64}(?<!\.)@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}"
)


class Fields(Protocol):
    """What Starlette's FormData and QueryParams have in common."""

    def multi_items(self) -> Sequence[tuple[str, object]]: ...


@dataclass(slots=True)
class Reader:
    """Reads fields one by one and collects what is wrong; ask for ``problems`` before using what was read.

    A faulty field answers with an empty value (``""``, 0, False), so that a route can build its command in one
    expression and then choose: the command when ``problems`` is empty, else the same page with the problems.
    """

    fields: Fields
    found: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong so far, in the order of reading."""
        return tuple(self.found)

    def typed(self, name: str) -> str:
        """Return what was typed into a field, to be shown again; bounded, and blank when it was not sent."""
        return next(iter(_values(self.fields, name)), "")[:_TYPED_MOST]

    def text(self, name: str, *, most: int, missing: str = "") -> str:
        """Return one line of text: NFC, without blanks around it, any script, no control characters.

        Args:
            most: the most characters. missing: what to say when it is empty; without it the field is optional.
        """
        return self._cleaned(name, most=most, missing=missing, lines=False)

    def paragraphs(self, name: str, *, most: int, missing: str = "") -> str:
        """Return text of several lines, line ends as ``\\n``; otherwise as ``text``."""
        return self._cleaned(name, most=most, missing=missing, lines=True)

    def email(self, name: str, *, missing: str) -> str:
        """Return an e-mail address that a mail can be sent to."""
        value = self.text(name, most=254, missing=missing)
        if value and not is_email(value):
            return self._fault(name, "Enter an e-mail address like name@example.com.")
        return value

    def whole_number(self, name: str, *, least: int, most: int, otherwise: Problem) -> int:
        """Return a whole number of ASCII digits between two bounds; anything else is the problem ``otherwise``."""
        value = whole_number(self._one(name))
        if value is None or not least <= value <= most:
            self.found.append(otherwise)
            return 0
        return value

    def optional_number(self, name: str, *, least: int, most: int, otherwise: Problem) -> int | None:
        """Return None for an empty field; otherwise as ``whole_number``."""
        return self.whole_number(name, least=least, most=most, otherwise=otherwise) if self._one(name).strip() else None

    def choice(self, name: str, allowed: Sequence[str], *, missing: str) -> str:
        """Return one of ``allowed``; anything else, and nothing, is a problem with the text ``missing``."""
        value = self._one(name).strip()
        return value if value in allowed else self._fault(name, missing)

    def ticked(self, name: str, *, missing: str = "") -> bool:
        """Return whether a checkbox was ticked; with ``missing`` it has to be."""
        is_on = self._one(name) != ""
        if missing and not is_on:
            self._fault(name, missing)
        return is_on

    def refuse(self, *problems: Problem) -> None:
        """Add problems that were found outside, such as a postal code that does not fit its country."""
        self.found.extend(problems)

    def _cleaned(self, name: str, *, most: int, missing: str, lines: bool) -> str:
        value = clean_text(self._one(name), lines=lines)
        if value is None:
            return self._fault(name, "Use letters, digits and signs only: this holds a character that cannot be shown.")
        if len(value) > most:
            return self._fault(name, f"Use {most:,} characters or fewer.")
        return self._fault(name, missing) if missing and not value else value

    def _one(self, name: str) -> str:
        values = _values(self.fields, name)
        if len(values) > 1:
            self._fault(name, "This field was sent twice. Fill it in once.")
            return ""
        return values[0] if values else ""

    def _fault(self, name: str, text: str) -> str:
        if all(found.field != name for found in self.found):
            self.found.append(problem(ProblemId.E_INPUT, name, text=text))
        return ""


def one(fields: Fields, name: str) -> str:
    """Return a field's first value, for a query where a repeated field is no more than an odd link."""
    return next(iter(_values(fields, name)), "")


def whole_number(text: str) -> int | None:
    """Return a number written in ASCII digits with blanks around it at most; None for anything else.

    Bounded in length before it is read: Python would take other scripts' digits, signs and underscores, and a text
    of 10,000 digits would raise.
    """
    text = text.strip(" \t")
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def clean_text(text: str, *, lines: bool = False) -> str | None:
    """Return text in NFC without blanks around it; None when it holds what cannot be shown.

    Control characters and lone surrogates are refused, and so are the marks that reverse the direction of a line,
    with which a name could pretend to be another.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    allowed = "\n\t" if lines else ""
    return None if any(_is_refused(sign) for sign in text if sign not in allowed) else text


def is_email(text: str) -> bool:
    """Whether a mail can be tried at ``text``: a name, one @, a domain of two labels or more; any script.

    More than that only the mail itself can prove.
    """
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def _values(fields: Fields, name: str) -> list[str]:
    """Only texts count: a file sent where a text belongs is as good as nothing."""
    return [value for key, value in fields.multi_items() if key == name and isinstance(value, str)]


def _is_refused(sign: str) -> bool:
    reverses = "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
    return reverses or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")
