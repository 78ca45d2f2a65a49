"""A wrong number on a page with a price: which it is."""

from app.core.problems import Problem

_NUMBERS = ("add", "seats", "packs")  # fields; the packs of a renewal have their offer behind a dash


def wrong_number(problems: tuple[Problem, ...]) -> Problem | None:
    """Return what is wrong with a number of seats or packs: beside it no price stands, which would be another one's."""
    return next((found for found in problems if found.field.partition("-")[0] in _NUMBERS), None)
