"""What campaigns leave in the books: the replay of past orders, the audit's and the export's part, doctor and seed."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from app.cli import _parser
from app.commands.audit import audit
from app.commands.campaign import campaign
from app.commands.doctor import check_campaigns
from app.commands.export import export
from app.commands.past_orders_store import past_orders
from app.commands.seed import seed_file
from app.config import Config
from app.core.clock import FrozenClock, SystemClock
from app.db.clock_store import write_offset
from app.db.engine import Database
from app.db.schema.orders import orders
from app.db.schema.promotions import campaigns, promo_budgets, promo_reservations
from app.flows.campaigns.publish import check_file, publish_checked, publish_text
from app.orders.kinds import FIRST_ORDER, RENEWAL
from app.promotions import settling
from app.promotions.cart import Standing
from app.promotions.claims import Claimant, claim
from app.promotions.identity_keys import identity_keys
from app.promotions.model import OrderKind
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.faults import GOOD
from tests.promotions.world import NEW, cart
from tests.support.databases import opened
from tests.support.journeys import at_checkout, pay, settled, to_payment
from tests.support.shop import Shop, open_shop
from tests.support.witness import only_order

pytestmark = pytest.mark.engines("sqlite")
Out = pytest.CaptureFixture[str]
HALF_AN_HOUR = timedelta(minutes=30)
OFF = 34_800  # a tenth of ten seats of Team


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """A shop that has sold ten seats of Team for the full price, with a campaign that runs now."""
    async with open_shop(config, database, clock) as opened:
        browser = await at_checkout(opened)
        await to_payment(browser)
        await pay(browser)
        await settled(opened)
        database.write_now(lambda c: write_offset(c, clock.now() + HALF_AN_HOUR - SystemClock().wall()))
        await publish_text(opened.deps, GOOD.replace("2027-03-01", "2026-11-01"), actor="cli")
        yield opened


# --- replay ---


async def replay(shop: Shop, path: Path, *words: str) -> int:
    return await campaign(shop.deps.config, _parser().parse_args(["campaign", "replay", str(path), *words]))


async def test_a_replay_says_what_would_have_been(shop: Shop, tmp_path: Path, capsys: Out) -> None:
    """The window and the status of the file do not count: it is asked what it would have done."""
    path = written(tmp_path, "sale.toml", GOOD)
    capsys.readouterr()
    assert await replay(shop, path) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "1 paid order since 25 August 2026, each as if its buyer had come by a way in that still had uses:",
        "sale: would have applied to 1 order, cost 348.00 USD",
    ]
    assert told.err == "orders: 1 of 1\n"
    poor = written(tmp_path, "poor.toml", GOOD.replace("usd = 100_000", "usd = 34_799"))
    assert await replay(shop, poor, "--last", "48h") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "sale: would have applied to 0 orders, hit its cap after 47 h",
        "  not to others: exhausted 1",
    ]
    assert await replay(shop, path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["orders"], found["campaigns"]) == (
        1,
        [{"campaign": "sale", "orders": 1, "cost": {"usd": OFF}, "refused": {}, "capped_at": None}],
    )


async def test_a_replay_that_cannot_be_is_told_by_name(shop: Shop, tmp_path: Path, capsys: Out) -> None:
    path = written(tmp_path, "sale.toml", GOOD)
    capsys.readouterr()
    for last in ("soon", "0d", "90", "-1d", "9" * 20 + "d"):
        assert await replay(shop, path, f"--last={last}") == 1
        assert "kassa campaign replay: bad-value: --last is" in capsys.readouterr().err
    bad = written(tmp_path, "bad.toml", GOOD.replace("percent_bp = 1000", "percent_bp = 10001"))
    assert await replay(shop, bad) == 1
    assert f"{bad}:13: percent-range: " in capsys.readouterr().err


async def test_past_orders_are_what_the_engine_would_have_seen(shop: Shop) -> None:
    """The buyer was new when the plan was bought, and no longer when seats were added, a second later."""
    shop.clock.advance(timedelta(seconds=1))
    bob = await shop.known("bob")
    await bob.open("/buy/seats?group=globex&add=3")
    await bob.press("and add 3 seats", terms="yes")
    await settled(shop)
    since = shop.clock.now() - timedelta(days=1)
    first, second = await shop.deps.db.read(lambda c: past_orders(c, shop.deps, since))
    (line,) = first.cart.lines
    assert (first.cart.kind.value, line.item, line.quantity, line.added, line.amount) == (
        *("first_order", "team", 10, 10),
        348_000,
    )
    assert (first.facts.country, first.facts.mail_domain) == ("US", "acme.example")
    assert first.facts.history is not None
    assert first.facts.history.standing(first.at) is Standing.NEW
    (line,) = second.cart.lines
    assert (second.cart.kind.value, line.item, line.quantity, line.added) == ("add_seats", "team", 13, 3)
    assert second.facts.history is not None
    assert second.facts.history.standing(second.at) is Standing.EXISTING
    assert (first.takes_offers, second.takes_offers) == (True, True)
    assert await shop.deps.db.read(lambda c: past_orders(c, shop.deps, shop.clock.now())) == [second]
    later = shop.clock.now() + timedelta(seconds=1)
    assert await shop.deps.db.read(lambda c: past_orders(c, shop.deps, later)) == []


async def test_a_next_term_that_was_paid_by_hand_is_a_renewal(shop: Shop) -> None:
    paid = orders.c.kind == FIRST_ORDER
    await shop.deps.db.write(lambda c: c.execute(update(orders).where(paid).values(kind=RENEWAL)).rowcount)
    since = shop.clock.now() - timedelta(days=1)
    (renewed,) = await shop.deps.db.read(lambda c: past_orders(c, shop.deps, since))
    (line,) = renewed.cart.lines
    assert (renewed.cart.kind, line.quantity, line.added, line.amount) == (OrderKind.RENEWAL, 10, 10, 348_000)
    assert not renewed.takes_offers


# --- audit and export ---


async def redeemed(shop: Shop) -> str:
    """Let the order have been bought with SALE10, and return its id: books that agree."""
    order_id, now = (await only_order(shop)).order_id, shop.clock.now()

    def write(connection: Connection) -> None:
        asked = Asked(codes=("SALE10",))
        found = read_situation(connection, asked, sealer=shop.deps.sealer, carts=[cart()], now=now)
        who = Claimant(order_id=order_id, account_id="acc_1", identities=("key",))
        claim(connection, found.decide(cart(), NEW, now), who, now=now, until=shop.clock.wall())
        settling.commit(connection, order_id, now=now)
        connection.execute(update(orders).values(discount=OFF))

    await shop.deps.db.write(write)
    return order_id


async def test_a_past_order_has_the_keys_that_claims_count_by(shop: Shop) -> None:
    """Person, account and mailbox, and what a claim noted besides: the card."""
    await redeemed(shop)
    order = await only_order(shop)
    since = shop.clock.now() - timedelta(days=1)
    (past,) = await shop.deps.db.read(lambda c: past_orders(c, shop.deps, since))
    known = {"person_id": order.person_id, "account_id": order.account_id, "email": "ann@acme.example"}
    assert set(past.identities) == {"key", *identity_keys(shop.deps.sealer, **known)}


async def test_the_export_tells_of_campaigns(shop: Shop, capsys: Out) -> None:
    order_id = await redeemed(shop)
    capsys.readouterr()
    assert await export(shop.deps.config) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_type = {each["type"]: [other for other in records if other["type"] == each["type"]] for each in records}
    assert [(each["campaign"], each["cap"]) for each in by_type["campaign"]] == [("sale", 50)]
    uses = next(each for each in by_type["budget"] if each["budget"] == "campaign:sale:uses")
    assert (uses["cap"], uses["held"], uses["used"], uses["overdrawn"]) == (50, 0, 1, 0)
    (reservation,) = by_type["reservation"]
    assert (reservation["state"], reservation["order"], reservation["amount"]) == ("committed", order_id, OFF)
    (redemption,) = by_type["redemption"]
    assert redemption["reservation"] == reservation["reservation"]
    assert (redemption["campaign"], redemption["order"], redemption["amount"]) == ("sale", order_id, OFF)
    assert redemption["at"] == shop.clock.now().isoformat()
    assert "SALE10" not in json.dumps(by_type["reservation"])


async def test_books_with_a_redemption_pass_the_audit(shop: Shop, capsys: Out) -> None:
    await redeemed(shop)
    capsys.readouterr()
    assert await audit(shop.deps.config) == 0, capsys.readouterr().out


def _another_count(connection: Connection) -> None:
    connection.execute(update(promo_budgets).where(promo_budgets.c.budget_id == "campaign:sale:uses").values(used=2))


def _another_amount(connection: Connection) -> None:
    connection.execute(update(orders).values(discount=OFF + 1))


def _no_longer_reserved(connection: Connection) -> None:
    connection.execute(update(promo_reservations).values(state="reserved"))


def _of_another_order(connection: Connection) -> None:
    connection.execute(update(promo_reservations).values(order_id="O-OTHER"))


def _over_the_cap(connection: Connection) -> None:
    connection.execute(update(promo_budgets).where(promo_budgets.c.budget_id == "campaign:sale:uses").values(used=51))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (_another_count, "held, used and overdrawn are (0, 2, 0), and (0, 1, 0) by the ledger"),
        (_another_amount, f"{OFF + 1} was taken off, and its reservations say {OFF}"),
        (_no_longer_reserved, "reserved, and the order is granted"),
        (_of_another_order, "committed, and the order is unknown"),
        (_over_the_cap, "51 are taken, and never more than 50 were there"),
    ],
)
async def test_the_audit_finds_what_does_not_fit(shop: Shop, capsys: Out, tamper: object, says: str) -> None:
    await redeemed(shop)
    assert callable(tamper)
    await shop.deps.db.write(tamper)
    capsys.readouterr()
    assert await audit(shop.deps.config) == 1
    assert says in capsys.readouterr().out


async def test_a_cap_that_was_lowered_is_no_fault(shop: Shop, capsys: Out) -> None:
    await redeemed(shop)
    lower = GOOD.replace("2027-03-01", "2026-11-01").replace("usd = 100_000", "usd = 1")
    await publish_text(shop.deps, lower, actor="cli")
    capsys.readouterr()
    assert await audit(shop.deps.config) == 0, capsys.readouterr().out


# --- doctor ---


async def test_the_doctor_reads_the_campaigns(shop: Shop, tmp_path: Path) -> None:
    assert (await check_campaigns(shop.deps)).is_well
    faulty = written(tmp_path, "bad.toml", GOOD.replace("team", "teem"))
    for path, says in ((faulty, f"{faulty}:8: unknown-plan: "), (tmp_path, "unreadable: it cannot be read")):
        found = await check_campaigns(replace(shop.deps, config=replace(shop.deps.config, campaigns=path)))
        assert says in found.found
        assert found.mend == f"mend the file; all of it: kassa campaign check {path}"


# --- seed ---

AS_JSON = {
    "people": [{"username": "una"}],
    "campaigns": [
        {
            "slug": "seeded",
            "window": {"starts": "2027-03-01T00:00:00Z", "ends": "2027-04-01T00:00:00Z"},
            "codes": [{"code": "SEED10", "expires": "2027-03-20T00:00:00+01:00"}],
            "offer": [{"target": {"plans": ["team"]}, "benefit": {"percent_bp": 1000}}],
        }
    ],
}


def slugs(config: Config) -> list[str]:
    with opened(config.database_url) as database:
        return sorted(database.read_now(lambda c: c.execute(select(campaigns.c.slug)).scalars().all()))


@pytest.mark.parametrize("name", ["more.json", "more.toml", "campaigns.toml"])
async def test_campaigns_are_seeded(config: Config, tmp_path: Path, capsys: Out, name: str) -> None:
    as_toml = GOOD if name == "campaigns.toml" else GOOD.replace("[[campaign", "[[campaigns").replace("schema = 1", "")
    path = written(tmp_path, name, json.dumps(AS_JSON) if name.endswith(".json") else as_toml)
    people = 1 if name.endswith(".json") else 0
    for _ in range(2):
        assert await seed_file(config, path) == 0
        assert capsys.readouterr().out.endswith(f"{people} people, 0 groups and 1 campaigns are there.\n")
    assert slugs(config) == ["seeded" if people else "sale"]


async def test_a_seed_with_a_bad_campaign_adds_nothing(config: Config, tmp_path: Path, capsys: Out) -> None:
    toml = GOOD.replace("[[campaign", "[[campaigns").replace("1000", "10001") + '\n[[people]]\nusername = "una"\n'
    path = written(tmp_path, "bad.toml", toml)
    assert await seed_file(config, path) == 1
    assert f"{path}:13: percent-range: " in capsys.readouterr().err
    no_instant = json.loads(json.dumps(AS_JSON).replace("2027-04-01T00:00:00Z", "in April"))
    path = written(tmp_path, "bad.json", json.dumps(no_instant))
    assert await seed_file(config, path) == 1
    assert f"{path}:1: bad-value: ends must be an instant" in capsys.readouterr().err
    path = written(tmp_path, "worse.json", json.dumps(AS_JSON | {"people": [{"username": "Una Unger"}]}))
    assert await seed_file(config, path) == 1
    assert slugs_or_none(config) == []


def slugs_or_none(config: Config) -> list[str]:
    path = Path(config.database_url.removeprefix("sqlite:///"))
    return slugs(config) if path.exists() else []


async def test_a_seed_whose_code_is_taken_adds_nothing(shop: Shop, tmp_path: Path, capsys: Out) -> None:
    await publish_checked(shop.deps, check_file(shop.deps, shop.deps.config.campaigns), actor="cli")
    path = written(tmp_path, "taken.json", json.dumps(AS_JSON).replace("SEED10", "launch 20"))
    capsys.readouterr()
    assert await seed_file(shop.deps.config, path) == 1
    assert "duplicate-code: launch 20 stands for spring-launch too" in capsys.readouterr().err
    assert "seeded" not in slugs(shop.deps.config)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
