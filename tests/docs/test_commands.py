"""Every command and every address stands in the documentation."""

import argparse

from starlette.routing import Route

from app.cli import _parser
from app.config import ROOT
from app.routes import buy, checkout, demo_controls, health, login, orders, plans, sales, webhooks

MODULES = (buy, checkout, demo_controls, health, login, orders, plans, sales, webhooks)


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    (commands,) = [each for each in _parser()._actions if isinstance(each, argparse._SubParsersAction)]
    missing = [name for name in commands.choices if f"`kassa {name}" not in text]
    assert commands.choices
    assert missing == []


def test_every_option_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    (commands,) = [each for each in _parser()._actions if isinstance(each, argparse._SubParsersAction)]
    options = {option for each in commands.choices.values() for act in each._actions for option in act.option_strings}
    missing = sorted(option for option in options - {"-h", "--help"} if option not in text)
    assert missing == []


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
