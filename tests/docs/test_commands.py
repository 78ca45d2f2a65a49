"""Every command and every address stands in the documentation."""

import argparse
from collections.abc import Iterator

from starlette.routing import Route

from app.cli import _parser
from app.config import ROOT
from app.routes import buy, checkout, demo_controls, health, login, orders, plans, sales, webhooks

MODULES = (buy, checkout, demo_controls, health, login, orders, plans, sales, webhooks)


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    commands = dict(_commands(_parser(), "kassa"))
    missing = [name for name in commands if f"`{name}" not in text and f"`{name.rpartition(' ')[2]} " not in text]
    assert len(commands) > 20
    assert missing == []


def test_every_option_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    parsers = dict(_commands(_parser(), "kassa")).values()
    options = {option for each in parsers for act in each._actions for option in act.option_strings}
    missing = sorted(option for option in options - {"-h", "--help"} if option not in text)
    assert missing == []


def _commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command that has none below it, and its name in full."""
    below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not below:
        yield name, parser
    for choices in below:
        for word, each in choices.choices.items():
            yield from _commands(each, f"{name} {word}")


def test_every_address_is_documented() -> None:
    text = (ROOT / "docs" / "http.md").read_text()
    paths = {each.path for module in MODULES for each in module.routes if isinstance(each, Route)}
    missing = sorted(path for path in paths if _shown(path) not in text)
    assert len(paths) > 30
    assert missing == []


def _shown(path: str) -> str:
    for name in ("intent_id", "order_id"):
        path = path.replace(f"{{{name}}}", "{id}")
    return path.replace("{lead_id}", "{lead}")
