"""What each command says of a database that was never migrated: one line with what to do, never a stack trace."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.cli import _parser, main
from tests.promotions.faults import two

FILE = "FILE"  # a campaign file of two good campaigns, which is a seed file, too
NOT_READY = "The database has no schema, or an older one; run: kassa migrate\n"
NEEDS_SCHEMA = (
    "audit",
    "export --jsonl",
    "reconcile --once",
    "seats owed",
    "jobs list",
    "jobs retry job_1",
    "jobs close job_1 --why done",
    f"campaign publish {FILE}",
    "campaign list",
    "campaign pause sale",
    "campaign resume sale",
    "campaign preview sale",
    f"campaign replay {FILE}",
    "campaign links make sale",
    "campaign links list sale",
    "campaign links revoke lnk_1",
    "campaign codes make sale --count 1",
    "campaign codes list sale",
    "campaign codes export sale",
    "campaign codes revoke cod_1",
)
DOES_WITHOUT = {
    "serve": "answers 503 until somebody migrates",
    "worker": "tries again until somebody migrates",
    "demo": "migrates",
    "migrate": "migrates",
    "seed": "migrates; refused outside the demo",
    "doctor": "says so among other things",
    "campaign check": "needs no database",
    "vendor sync": "needs no database",
    "vendor check": "needs no database",
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The campaign file; the settings name a database that nobody has migrated."""
    before = structlog.get_config()
    # a command takes its settings from the environment alone, as it does for whoever types it
    monkeypatch.setenv("KASSA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("KASSA_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    path = tmp_path / "two.toml"
    path.write_text(two(), encoding="utf-8")
    yield str(path)
    structlog.configure(**before)  # a command sends its log to where this test's output went


@pytest.mark.parametrize("words", NEEDS_SCHEMA)
def test_a_command_says_what_to_do(words: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.replace(FILE, file).split()) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", NOT_READY)


@pytest.mark.parametrize("words", ["audit", "export --jsonl", "reconcile --once", "campaign list"])
def test_a_command_says_that_the_database_is_away(
    words: str, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KASSA_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/nothing")  # nobody listens there
    assert main(words.split()) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "The database does not answer (OperationalError): check KASSA_DATABASE_URL, or run: kassa migrate\n"
    )


def test_the_doctor_says_so_too(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 1
    found = {row["check"]: row["mend"] for row in json.loads(capsys.readouterr().out)}
    assert found["database"] == "run: kassa migrate"


def test_every_command_is_known_here() -> None:
    known = {words.partition(f" {FILE}")[0] for words in NEEDS_SCHEMA} | set(DOES_WITHOUT)
    found = {" ".join(words) for words in _commands(_parser())}
    assert {command for command in found if not any(f"{each} ".startswith(f"{command} ") for each in known)} == set()


def _commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, those of commands under commands too."""
    under = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in under:
        for name, deeper in action.choices.items():
            yield from _commands(deeper, (*words, name))
    if not under:
        yield words
