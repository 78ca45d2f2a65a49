"""Times the promotions engine: a decision among many campaigns, and every way in which a secret code fails."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median, quantiles

from sqlalchemy import Connection, text

from app.promotions.campaigns import Campaigns
from app.promotions.cart import Cart, Facts
from app.promotions.evaluate import evaluate
from app.promotions.model import BudgetSpec, Campaign, CodeSpec, Offer, OrderKind, Rules, Status
from app.promotions.store import codes
from app.promotions.store.campaigns import that_matter
from tests.promotions.till import Till
from tests.promotions.world import NEW, NOW, OLD, SEALER, WINDOW, campaign, cart, line, offer, percent, published, typed

AMONG = (10, 100, 1_000)
CALLS, ROUNDS = 100, 150
THREE_LINES = cart(line(), line("compute-1000", 5, 1_000), line("storage-10", 2, 6_000))
Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Taken:
    """What many calls took, in microseconds of this thread at work: what else the machine does is not counted."""

    samples: tuple[float, ...]

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.samples)

    @property
    def noise(self) -> float:
        """How far apart the middle half of all calls lie."""
        lower, _, upper = quantiles(self.samples, n=4)
        return upper - lower

    def slower_than(self, other: "Taken") -> float:
        """How often one call of this took longer than one of ``other``; one half says nothing."""
        pairs = [(one > another) + (one == another) / 2 for one in self.samples for another in other.samples]
        return sum(pairs) / len(pairs)


def report_decisions(till: Till) -> None:
    """Print what a decision takes among more and more campaigns; the till's database is fresh, and is filled."""
    sys.stdout.write(f"\n{'live campaigns':<24}{'evaluate us':>12}{'with reading us':>17}{'rows read':>11}\n")
    written = _that_match()
    for count in AMONG:
        others = [_other(i) for i in range(count - len(written))]
        found = Campaigns(published(each) for each in (*written, *others))
        entries = [typed(each.slug) for each in written if each.codes]
        till.publish(*written, *others)
        calls: dict[str, Call] = {
            "pure": lambda found=found, entries=entries: evaluate(THREE_LINES, NEW, NOW, found, entries),  # type: ignore[misc]
            "whole": lambda: till.look("FIRST10", "SECOND10", "THIRD10", bought=THREE_LINES),
        }
        taken = _timed(calls, CALLS)
        rows = till.database.read_now(_rows)
        sys.stdout.write(f"{count:<24}{taken['pure'].typical:>12.0f}{taken['whole'].typical:>17.0f}{rows:>11}\n")


def _rows(connection: Connection) -> int:
    """How many campaigns are read for the cart, those that are named included."""
    named = [each.slug for each in _that_match()]
    return len(that_matter(connection, named, [THREE_LINES], NOW))


def _that_match() -> list[Campaign]:
    """Three codes and two automatic offers that are all looked at and may stand together."""
    names = ("first", "second", "third", "auto-plan", "auto-packs")
    return [
        campaign(
            name,
            offer(
                name,
                percent(500 + 100 * i),
                addons=["compute-1000", "storage-10"],
                automatic=name.startswith("auto"),
                combines_with=[other for other in names if other != name],
            ),
            codes=[] if name.startswith("auto") else [CodeSpec(code=f"{name.upper()}10")],
        )
        for i, name in enumerate(names)
    ]


def _other(number: int) -> Campaign:
    """A live campaign that cannot match: by another code, or by itself for another plan, order, currency, place."""
    slug = f"other-{number}"
    kinds: tuple[Offer, ...] = (
        offer(slug, percent(1_000)),
        offer(slug, percent(1_000), plans=["scale"], automatic=True),
        offer(slug, percent(1_000), rules=Rules(order=(OrderKind.RENEWAL,)), automatic=True),
        offer(slug, percent(1_000), rules=Rules(currencies=("eur",)), automatic=True),
        offer(slug, percent(1_000), deployments=["self_hosted"], automatic=True),
    )
    return campaign(slug, kinds[number % len(kinds)], codes=[CodeSpec(code=f"OTHER{number}")])


SCALE = cart(line("scale", 25, 118_800))


def report_secrets(till: Till) -> None:
    """Print what each kind of failure of a secret code takes; the till's database is fresh, and is filled."""
    taken = _timed(_failures(till), ROUNDS)
    base = taken["unknown"]
    sys.stdout.write(f"\n{'secret code':<24}{'median us':>10}{'over unknown us':>17}{'noise us':>10}{'slower':>8}\n")
    for name, each in taken.items():
        over = each.typical - base.typical
        share = round(100 * each.slower_than(base))
        sys.stdout.write(f"{name:<24}{each.typical:>10.0f}{over:>17.0f}{each.noise:>10.0f}{share:>6} %\n")


def _failures(till: Till) -> Mapping[str, Call]:
    def looked(code: str, bought: Cart = SCALE, facts: Facts = NEW) -> Call:
        return lambda: till.look(code, bought=bought, facts=facts)

    def one_query_more() -> object:
        till.database.read_now(lambda c: c.execute(text("SELECT 1")).all())
        return till.look("OSS-1111-1111-1111", bought=SCALE)

    used = _code_of(till, _programme("used"))
    till.claim(till.look(used, bought=SCALE), "O-1")
    till.commit("O-1")
    revoked = _code_of(till, _programme("revoked"))
    till.database.write_now(lambda c: _revoke(c, revoked))
    works = _code_of(till, _programme("works"))
    paused = _code_of(till, _programme("paused", status=Status.PAUSED))
    long_ago = replace(WINDOW, starts=WINDOW.starts - timedelta(days=90), ends=WINDOW.starts)
    ended = _code_of(till, replace(_programme("ended"), window=long_ago))
    return {
        "unknown": looked("OSS-0000-0000-0000"),
        "unknown, once more": looked("OSS-2222-2222-2222"),
        "malformed": looked("OSS-\N{CYRILLIC CAPITAL LETTER A}"),
        "10,000 characters": looked("O" * 10_000),
        "used up": looked(used),
        "revoked": looked(revoked),
        "paused": looked(paused),
        "ended": looked(ended),
        "another plan": looked(works, cart()),
        "too many seats": looked(works, cart(line("scale", 101, 118_800))),
        "an existing customer": looked(works, SCALE, OLD),
        "control: a query more": one_query_more,
    }


def _programme(slug: str, status: Status = Status.LIVE) -> Campaign:
    rules = Rules(order=(OrderKind.FIRST_ORDER,), max_seats=100, countries=("US",))
    return campaign(
        slug,
        offer(slug, percent(10_000), plans=["scale"], rules=rules),
        budget=BudgetSpec(per_identity=1),
        codes=[CodeSpec(batch=5, prefix="OSS", is_secret=True, redemptions_each=1)],
        listed=False,
        status=status,
    )


def _code_of(till: Till, found: Campaign) -> str:
    till.publish(found)
    (made,) = till.database.write_now(
        lambda c: codes.make_codes(c, found, 1, sealer=SEALER, actor="bench", now=till.clock.now())
    )
    return made.text


def _revoke(connection: Connection, code: str) -> None:
    for each in codes.find_codes(connection, code, SEALER):
        codes.revoke_code(connection, each.code_id, now=NOW)


def _timed(calls: Mapping[str, Call], rounds: int) -> dict[str, Taken]:
    """Call each in turn, so that a slow moment of the machine strikes all alike; the first rounds are not counted."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    warm_up = rounds // 10
    for number in range(rounds + warm_up):
        for name, call in _rotated(list(calls.items()), number):
            started = time.thread_time_ns()
            call()
            taken = (time.thread_time_ns() - started) / 1000
            if number >= warm_up:
                samples[name].append(taken)
    return {name: Taken(tuple(each)) for name, each in samples.items()}


def _rotated(pairs: Sequence[tuple[str, Call]], by: int) -> list[tuple[str, Call]]:
    """Nobody always comes after the same one: what it leaves in the caches would be counted."""
    start = by % len(pairs)
    return [*pairs[start:], *pairs[:start]]
