"""``kassa campaign``: what it says, what it changes, who is named for it, and how it ends."""

import csv
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from app.cli import _parser
from app.commands.campaign import campaign
from app.commands.database import NotReady
from app.commands.progress import Progress
from app.config import Config
from app.core.clock import FrozenClock, SystemClock
from app.db.clock_store import write_offset
from app.db.engine import Database
from app.db.schema.events import audit
from app.promotions.links import LinkTokens
from app.promotions.store import campaigns
from tests.promotions.faults import four_mistakes, two
from tests.stripe_twin.speaking import selling_with_stripe

pytestmark = pytest.mark.engines("sqlite")
Out = pytest.CaptureFixture[str]
NOW = datetime(2027, 3, 15, 12, tzinfo=UTC)
SECRETS = """
[[campaign]]
slug = "secrets"
window = { starts = 2027-03-01T00:00:00Z, ends = 2027-04-01T00:00:00Z }
codes = [{ batch = 600, prefix = "OSS", redemptions_each = 1 }]

[[campaign.offer]]
target = { plans = ["scale"] }
benefit = { percent_bp = 10000 }
"""


@pytest.fixture(autouse=True)
def _middle_of_march(database: Database) -> None:
    """Business time is in the middle of the campaigns' windows, whatever day it is."""
    database.write_now(lambda connection: write_offset(connection, NOW - SystemClock().wall()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good file of three campaigns, one with secret codes."""
    return written(tmp_path, two() + SECRETS)


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def run(config: Config, *words: str | Path) -> int:
    return await campaign(config, _parser().parse_args(["campaign", *map(str, words)]))


def told(database: Database, action: str) -> list[tuple[str, str]]:
    """Return (actor, subject) of the audit's lines of an action."""
    rows = select(audit.c.actor, audit.c.subject).where(audit.c.action == action).order_by(audit.c.seq)
    return [(row.actor, row.subject) for row in database.read_now(lambda c: c.execute(rows).all())]


def versions(database: Database) -> dict[str, int]:
    def read(connection: Connection) -> dict[str, int]:
        return {each.slug: each.version for each in campaigns.list_all(connection)}

    return database.read_now(read)


async def test_four_faults_are_four_lines_and_nothing_is_published(
    config: Config, database: Database, tmp_path: Path, capsys: Out
) -> None:
    text = four_mistakes()
    path, lines = written(tmp_path, text), text.splitlines()
    for word in ("check", "publish"):
        assert await run(config, word, path) == 1
        found = [line.removeprefix(f"{path}:").split(": ", 2) for line in capsys.readouterr().err.splitlines()]
        assert [(name, lines[int(line) - 1].split()[0]) for line, name, _ in found] == [
            ("duplicate-code", "codes"),
            ("unknown-plan", "target"),
            ("window-reversed", "window"),
            ("amount-missing-currency", "benefit"),
        ]
    assert versions(database) == {}
    assert await run(config, "check", path, "--json") == 1
    told_to_programs = json.loads(capsys.readouterr().out)
    assert [[str(each["line"]), each["name"], each["reason"]] for each in told_to_programs] == found
    assert {each["file"] for each in told_to_programs} == {str(path)}


async def test_the_store_s_own_file_is_meant_where_none_is_named(config: Config, capsys: Out) -> None:
    assert await run(config, "check") == 0
    told = capsys.readouterr()
    assert told.out == f"{config.campaigns}: 4 campaigns, no faults\n"
    reason = "no offer is looked for at a renewal: naming it does nothing (a warning)"
    assert told.err == f"{config.campaigns}:72: takes-no-offers: {reason}\n"
    assert await run(config, "check", "--json") == 0
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)] == ["warning"]


async def test_what_stripe_cannot_carry_is_named(config: Config, database: Database, capsys: Out) -> None:
    """A change takes no discount there: fifty off added seats is refused, packs and first orders are not."""
    selling = selling_with_stripe(config)
    lines = lines_of(config.campaigns)
    for word in ("check", "publish"):
        assert await run(selling, word) == 1
        (found,) = capsys.readouterr().err.splitlines()
        line, name, _ = found.removeprefix(f"{config.campaigns}:").split(": ", 2)
        assert (name, "add_seats" in lines[int(line) - 1]) == ("vendor-cannot", True)
    assert versions(database) == {}


async def test_publishing_twice_changes_nothing_more(
    config: Config, database: Database, file: Path, capsys: Out
) -> None:
    for word in ("published version 1", "unchanged, version 1"):
        assert await run(config, "publish", file) == 0
        assert capsys.readouterr().out == "".join(f"{slug}: {word}\n" for slug in ("sale", "bonus", "secrets"))
    written(file.parent, (two() + SECRETS).replace("percent_bp = 500", "percent_bp = 600"))
    assert await run(config, "publish", file) == 0
    assert versions(database) == {"sale": 1, "bonus": 2, "secrets": 1}
    published = told(database, "campaign.published")
    assert [subject for _, subject in published] == [
        f"campaign:{slug}" for slug in ("sale", "bonus", "secrets", "bonus")
    ]
    assert all(actor.startswith("cli:") for actor, _ in published)


async def test_publishing_waits_for_others_and_then_says_that_they_write(
    config: Config, database: Database, file: Path, capsys: Out
) -> None:
    with database.engine.begin():
        assert await run(config, "publish", file) == 1
    told = "kassa campaign publish: busy: others write to the database just now; try again\n"
    assert (capsys.readouterr().err, versions(database)) == (told, {})


async def test_a_code_that_is_taken_is_refused_with_its_line(
    config: Config, database: Database, file: Path, capsys: Out
) -> None:
    await run(config, "publish", file)
    capsys.readouterr()
    other = written(
        file.parent, two().replace('"sale"', '"clean"').replace("SALE10", "CLEAN").replace('"bonus"', '"x"')
    )
    assert await run(config, "publish", other) == 1
    taken = "BONUS10 stands for bonus too, which is published and runs at the same time"
    assert capsys.readouterr().err == f"{other}:19: duplicate-code: {taken}\n"
    assert set(versions(database)) == {"sale", "bonus", "secrets"}


async def test_the_list_says_where_each_campaign_stands(config: Config, file: Path, capsys: Out) -> None:
    assert await run(config, "list") == 0
    assert capsys.readouterr().out == "No campaign is published yet.\n"
    await run(config, "publish", file)
    await run(config, "pause", "bonus")
    capsys.readouterr()
    assert await run(config, "list", "--json") == 0
    listed = {each["slug"]: each for each in json.loads(capsys.readouterr().out)}
    assert {slug: each["state"] for slug, each in listed.items()} == {
        "sale": "running",
        "bonus": "paused",
        "secrets": "running",
    }
    assert (listed["sale"]["cap"], listed["sale"]["used"], listed["sale"]["version"]) == (50, 0, 1)
    assert await run(config, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["slug", "state", "version", "starts", "ends", "used", "held", "cap"]
    assert len(lines) == 4


async def test_pausing_and_resuming_name_who_did_it(
    config: Config, database: Database, file: Path, capsys: Out
) -> None:
    await run(config, "publish", file)
    assert await run(config, "pause", "sale") == 0
    assert await run(config, "pause", "sale") == 1
    assert capsys.readouterr().err == "kassa campaign pause: not-live: sale is paused\n"
    assert await run(config, "resume", "sale") == 0
    assert await run(config, "resume", "sale") == 1
    assert await run(config, "pause", "nothing") == 1
    assert "unknown-campaign: no campaign nothing is published; there are: " in capsys.readouterr().err
    for action in ("campaign.paused", "campaign.resumed"):
        ((actor, subject),) = told(database, action)
        assert (actor.startswith("cli:"), subject) == (True, "campaign:sale")


async def test_a_link_is_made_listed_and_revoked(config: Config, database: Database, file: Path, capsys: Out) -> None:
    await run(config, "publish", file)
    capsys.readouterr()
    assert await run(config, "links", "make", "sale", "--domain", "Uni.example", "--seats", "5", "--note", "May") == 0
    link_id, address = capsys.readouterr().out.split()
    token = address.removeprefix(f"{config.base_url}/c/")
    claims = LinkTokens(config.secret_keys, SystemClock()).read(token)
    assert (claims.link_id, claims.expires_at) == (link_id, None)
    assert await run(config, "links", "list", "sale", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["audience"], listed["leads_to"]) == ("mail_domain uni.example", "plans team 5")
    assert (listed["state"], listed["note"], listed["link"]) == ("works", "May", link_id)
    assert await run(config, "links", "revoke", link_id) == 0
    assert await run(config, "links", "revoke", link_id) == 1
    assert "already-revoked" in capsys.readouterr().err
    await run(config, "links", "list", "sale")
    assert "revoked" in capsys.readouterr().out
    assert [subject for _, subject in told(database, "link.made") + told(database, "link.revoked")] == [
        f"link:{link_id}",
        f"link:{link_id}",
    ]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("nowhere",), "unknown-campaign"),
        (("sale", "--plan", "teem"), "unknown-plan"),
        (("sale", "--addon", "cpu"), "unknown-addon"),
        (("sale", "--seats", "5001"), "bad-value"),
        (("sale", "--addon", "compute-1000", "--packs", "100000"), "bad-value"),
        (("sale", "--domain", "ann@uni.example"), "bad-value"),
        (("sale", "--account", "acc_none"), "unknown-account"),
        (("sale", "--expires", "soon"), "bad-value"),
        (("sale", "--expires", "2001-01-01"), "window-reversed"),
        (("sale", "--note", "x" * 201), "bad-value"),
    ],
)
async def test_a_link_that_could_lead_nowhere_is_not_made(
    config: Config, database: Database, file: Path, capsys: Out, words: tuple[str, ...], fault: str
) -> None:
    await run(config, "publish", file)
    assert await run(config, "links", "make", *words) == 1
    assert f"kassa campaign links make: {fault}: " in capsys.readouterr().err
    assert told(database, "link.made") == []


async def test_secret_codes_are_shown_once(config: Config, database: Database, file: Path, capsys: Out) -> None:
    await run(config, "publish", file)
    capsys.readouterr()
    assert await run(config, "codes", "make", "secrets", "--count", "3") == 0
    shown = capsys.readouterr()
    made = shown.out.split()
    assert len(set(made)) == 3
    assert "not shown again" in shown.err
    kept = database.read_now(lambda c: str(c.exec_driver_sql("SELECT * FROM campaign_codes").all()))
    await run(config, "codes", "list", "secrets")
    listed = capsys.readouterr().out
    await run(config, "codes", "export", "secrets")
    exported = capsys.readouterr().out
    for code in made:
        assert code not in kept + listed + exported
        assert code.replace("-", "").lower() not in (kept + listed + exported).lower()
    rows = list(csv.DictReader(StringIO(exported)))
    assert sorted(row["code"] for row in rows) == sorted(f"OSS…{code[-3:]}" for code in made)
    assert {(row["state"], row["used"], row["cap"], row["secret"]) for row in rows} == {("works", "0", "1", "yes")}
    assert [subject for _, subject in told(database, "codes.made")] == ["campaign:secrets"]


async def test_a_large_batch_goes_into_a_file_of_ones_own(config: Config, file: Path, capsys: Out) -> None:
    await run(config, "publish", file)
    out = file.parent / "codes.txt"
    assert await run(config, "codes", "make", "secrets", "--count", "599", "--output", out) == 0
    assert len(set(lines_of(out))) == 599
    assert mode_of(out) == 0o600
    assert "codes: 500 of 599" in capsys.readouterr().err
    assert await run(config, "codes", "make", "secrets", "--count", "1", "--output", out) == 1  # never over another
    assert "unwritable" in capsys.readouterr().err
    assert await run(config, "codes", "make", "secrets", "--count", "2") == 1
    assert "batch-full: secrets has room for 1 more codes, not for 2" in capsys.readouterr().err
    assert await run(config, "codes", "list", "secrets", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 599


async def test_a_code_is_revoked_by_its_id_or_as_it_is_typed(
    config: Config, database: Database, file: Path, capsys: Out
) -> None:
    await run(config, "publish", file)
    await run(config, "codes", "make", "secrets", "--count", "2")
    first, _ = [line for line in capsys.readouterr().out.split() if line.startswith("OSS-")]
    assert await run(config, "codes", "revoke", first.lower()) == 0
    await run(config, "codes", "list", "sale", "--json")
    public = json.loads(capsys.readouterr().out.partition("revoked\n")[2])[0]
    assert await run(config, "codes", "revoke", public["id"]) == 0
    assert await run(config, "codes", "revoke", "sale 10") == 1
    assert await run(config, "codes", "revoke", "nothing-like-it") == 1
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == ["already-revoked", "unknown-code"]
    await run(config, "publish", file)  # still in the file, and still revoked
    capsys.readouterr()
    await run(config, "codes", "list", "sale", "--json")
    assert [each["state"] for each in json.loads(capsys.readouterr().out)] == ["revoked"]
    assert len(told(database, "code.revoked")) == 2


async def test_a_preview_is_a_link_that_ends(
    config: Config, file: Path, tmp_path: Path, capsys: Out, clock: FrozenClock
) -> None:
    await run(config, "publish", file)
    capsys.readouterr()
    assert await run(config, "preview", "sale", "--days", "2") == 0
    address = capsys.readouterr().out.split()[0]
    tokens = LinkTokens(config.secret_keys, SystemClock())
    assert tokens.read_preview(address.removeprefix(f"{config.base_url}/c/")) == "sale"
    assert await run(config, "preview", "nothing") == 1


async def test_without_a_database_a_file_is_checked_and_the_rest_says_so(
    config: Config, tmp_path: Path, file: Path, capsys: Out
) -> None:
    away = replace(config, database_url="postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    assert await run(away, "check", file) == 0
    with pytest.raises(NotReady, match="check KASSA_DATABASE_URL"):
        await run(away, "publish", file)
    older = replace(config, database_url=f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(NotReady, match="run: kassa migrate"):
        await run(older, "list")


class Terminal(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_long_work_shows_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    terminal, elsewhere = Terminal(), StringIO()
    for stream in (terminal, elsewhere):
        progress = Progress("orders", 200, stream)
        for _ in range(200):
            progress.advance()
    assert terminal.getvalue().endswith("\rorders [##############################] 200 of 200\n")
    assert terminal.getvalue().count("\r") < 40
    assert elsewhere.getvalue().splitlines() == [f"orders: {20 * i} of 200" for i in range(1, 11)]
