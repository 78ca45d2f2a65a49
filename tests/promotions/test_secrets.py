"""Secret codes: every failure is one message, one way through the code, and the same queries."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Event

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from app.catalog.model import MissLimit
from app.promotions.answers import Reason
from app.promotions.cart import History, Source
from app.promotions.codes import SecretCode
from app.promotions.decision import Decision, Ref, Rejected
from app.promotions.misses import ALARM, Guesser, count_miss, is_miss, wait
from app.promotions.model import BudgetSpec, CodeSpec, Customer, CustomerKind, OrderKind, Rules, Status
from app.promotions.publish import pause
from app.promotions.store import codes, ledger
from app.promotions.store.codes import BatchFull, make_codes
from app.promotions.wording import refusal, way_out
from tests.promotions.till import Till
from tests.promotions.world import CATALOG, NEW, NOW, SEALER, WINDOW, campaign, cart, line, offer, percent
from tests.support.databases import opened

PROGRAMME = campaign(
    "programme",
    offer(
        "programme",
        percent(10_000),
        plans=["scale"],
        rules=Rules(order=(OrderKind.FIRST_ORDER,), max_seats=100, customer=Customer(kind=CustomerKind.NEW)),
    ),
    budget=BudgetSpec(per_identity=1),
    codes=[CodeSpec(batch=5, prefix="OSS", is_secret=True, redemptions_each=1)],
    listed=False,
)
SCALE = cart(line("scale", 25, 118_800))


def make(till: Till, count: int) -> tuple[SecretCode, ...]:
    return till.database.write_now(
        lambda c: make_codes(c, PROGRAMME, count, sealer=SEALER, actor="cli", now=till.clock.now())
    )


@pytest.fixture
def code(till: Till) -> str:
    """One secret code of the programme."""
    till.publish(PROGRAMME)
    return make(till, 1)[0].text


Fail = Callable[[Till, str], Decision]


def used_up(till: Till, code: str) -> Decision:
    decision = till.look(code, bought=SCALE)
    if decision.applied:  # the first time
        till.claim(decision, "O-1")
        till.commit("O-1")
    return till.look(code, bought=SCALE)


def revoked(till: Till, code: str) -> Decision:
    def revoke(connection: Connection) -> None:
        for each in codes.list_codes(connection, "programme"):
            codes.revoke_code(connection, each.code_id, now=till.clock.now())

    till.database.write_now(revoke)
    return till.look(code, bought=SCALE)


def paused(till: Till, code: str) -> Decision:
    till.database.write_now(lambda c: pause(c, "programme"))
    return till.look(code, bought=SCALE)


def over(till: Till, code: str) -> Decision:
    till.clock.advance(WINDOW.ends - NOW)
    return till.look(code, bought=SCALE)


def drafted(till: Till, code: str) -> Decision:
    till.publish(replace(PROGRAMME, status=Status.DRAFT))
    return till.look(code, bought=SCALE)


FAILURES: dict[str, Fail] = {
    "unknown": lambda till, code: till.look("OSS-0000-0000-0000", bought=SCALE),
    "malformed": lambda till, code: till.look("OSS-\N{CYRILLIC CAPITAL LETTER A}", bought=SCALE),
    "too long": lambda till, code: till.look("O" * 10_000, bought=SCALE),
    "another plan": lambda till, code: till.look(code),
    "another kind of order": lambda till, code: till.look(code, bought=replace(SCALE, kind=OrderKind.RENEWAL)),
    "too many seats": lambda till, code: till.look(code, bought=cart(line("scale", 101, 118_800))),
    "not new": lambda till, code: till.look(
        code, bought=SCALE, facts=replace(NEW, history=History(account_until=NOW - timedelta(days=900)))
    ),
    "used up": used_up,
    "revoked": revoked,
    "paused": paused,
    "over": over,
    "drafted": drafted,
    "no effect": lambda till, code: till.look(code, bought=cart(line("scale", 1, amount=0))),
}


def told(decision: Decision) -> bytes:
    (rejected,) = decision.rejected
    problem = refusal(rejected, CATALOG)
    shown = (problem.code, problem.id.status, problem.text, problem.field, way_out(rejected, CATALOG))
    return repr((*shown, decision.applied, decision.pending, decision.totals.discount)).encode()


def test_a_code_that_is_right_works(till: Till, code: str) -> None:
    decision = till.look(code.lower().replace("-", " "), bought=SCALE)
    assert (decision.totals.due, decision.applied[0].ref.label) == (0, f"OSS…{code[-3:]}")


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_every_failure_is_the_same_answer_to_the_byte(till: Till, code: str, failure: Fail) -> None:
    """Invariant 9: what is told cannot be told apart."""
    assert told(failure(till, code)) == told(FAILURES["unknown"](till, code))


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_every_failure_asks_the_same_queries(till: Till, code: str, failure: Fail) -> None:
    """Invariant 9: nor can the way to it."""
    failure(till, code)  # what has to be written for it is not counted
    bought = failure(till, code).trace.cart
    assert _asked(till, lambda: till.look(code, bought=bought)) == _asked(till, lambda: till.look("NOPE"))


def test_of_a_code_that_is_none_as_much_is_read(till: Till, code: str) -> None:
    """A secret code's campaign stands in for what is none, so that it takes as long; it is no part of the answer."""
    none = "OSS-0000-0000-0000"
    asked = [_asked(till, partial(till.look, each), is_whole=True) for each in (code, none)]
    assert asked[0] == asked[1]
    decision = till.look(none, bought=SCALE)
    assert (decision.trace.campaigns, decision.applied, [each.slug for each in decision.rejected]) == ((), (), [""])


def _asked(till: Till, look: Callable[[], object], *, is_whole: bool = False) -> list[str]:
    """Return the statements, in order; unless they are whole, without how many values stand in a list."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        seen.append(statement if is_whole else re.sub(r"IN \((?:[^()]|\([^()]*\))*\)", "IN (…)", statement))

    engines = _engines(till)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        look()
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    return [statement for statement in seen if not statement.startswith("BEGIN")]


def _engines(till: Till) -> list[Engine]:
    found: list[Engine] = []
    till.database.read_now(lambda c: found.append(c.engine))
    return found


def test_a_batch_is_shown_once_and_kept_hashed(till: Till) -> None:
    till.publish(PROGRAMME)
    made = make(till, 3)
    kept = till.database.read_now(lambda c: str(c.exec_driver_sql("SELECT * FROM campaign_codes").all()))
    for each in made:
        assert each.text not in kept
        assert each.text.replace("-", "").lower() not in kept.lower()
    assert len(make(till, 2)) == 2
    with pytest.raises(BatchFull) as full:
        make(till, 1)
    assert full.value.room == 0
    assert len(till.database.read_now(lambda c: codes.list_codes(c, "programme"))) == 5


def test_a_batch_that_two_make_at_once_has_no_more_codes_than_the_file_says(till: Till, database_url: str) -> None:
    till.publish(PROGRAMME)
    made, tried = Event(), Event()

    def faster(connection: Connection) -> None:
        make_codes(connection, PROGRAMME, 3, sealer=SEALER, actor="cli", now=NOW)
        made.set()
        tried.wait(0.5)  # for as long as the other would need if nothing held it up

    with opened(database_url) as other, ThreadPoolExecutor() as pool:
        first = pool.submit(till.database.write_now, faster)
        made.wait(5)
        with pytest.raises(BatchFull):
            other.write_now(lambda c: make_codes(c, PROGRAMME, 3, sealer=SEALER, actor="cli", now=NOW))
        tried.set()
        first.result()
    assert len(till.database.read_now(lambda c: codes.list_codes(c, "programme"))) == 3


def test_each_code_of_a_batch_is_used_once(till: Till) -> None:
    till.publish(PROGRAMME)
    first, second = make(till, 2)
    for order, code in (("O-1", first.text), ("O-2", second.text)):
        till.claim(till.look(code, bought=SCALE), order)
        till.commit(order)
        assert till.look(code, bought=SCALE).applied == ()
    listed = till.database.read_now(lambda c: codes.list_codes(c, "programme"))
    assert [(each.cap, each.used) for each in listed] == [(1, 1), (1, 1)]
    assert {each.code_id for each in till.database.read_now(lambda c: list(ledger.entries(c)))} == {
        each.code_id for each in listed
    }
    assert till.faults() == []


LIMITS = (
    MissLimit(scope="session", most=3, within=timedelta(minutes=10)),
    MissLimit(scope="account", most=5, within=timedelta(hours=1)),
)


def test_guessing_is_slowed_down(till: Till) -> None:
    ann = Guesser(session="vis_1", account="per_1", network="192.0.2.7")

    def miss(guesser: Guesser) -> bool:
        return till.database.write_now(lambda c: count_miss(c, guesser, LIMITS, till.clock.wall()))

    def pause_of(guesser: Guesser) -> timedelta | None:
        return till.database.read_now(lambda c: wait(c, guesser, LIMITS, till.clock.wall()))

    for _ in range(3):
        assert pause_of(ann) is None
        miss(ann)
    assert pause_of(ann) == timedelta(minutes=10)
    another_tab = Guesser(session="vis_2", account="per_1", network="192.0.2.7")
    assert pause_of(another_tab) is None
    till.clock.advance(timedelta(minutes=4))
    assert pause_of(ann) == timedelta(minutes=6)
    for _ in range(2):
        miss(another_tab)
    assert pause_of(another_tab) == timedelta(minutes=56)
    assert pause_of(Guesser(session="vis_3")) is None


def test_misses_by_everybody_are_one_alarm_a_window(till: Till) -> None:
    def misses(number: int) -> list[bool]:
        def write(connection: Connection) -> list[bool]:
            return [count_miss(connection, Guesser(session="vis"), LIMITS, till.clock.wall()) for _ in range(number)]

        return till.database.write_now(write)

    assert misses(ALARM.most) == [False] * (ALARM.most - 1) + [True]
    assert misses(20) == [False] * 20
    till.clock.advance(ALARM.within - timedelta(seconds=1))
    assert misses(1) == [False]
    till.clock.advance(timedelta(seconds=1))  # it goes on after all: told anew
    assert misses(ALARM.most) == [False] * (ALARM.most - 2) + [True, False]


@pytest.mark.parametrize(
    ("reason", "is_secret", "counts"),
    [
        (Reason.UNKNOWN, False, True),
        (Reason.MALFORMED, False, True),
        (Reason.ENDED, False, False),
        (Reason.ENDED, True, True),
        (Reason.USED, True, True),
    ],
)
def test_only_guesses_are_misses(reason: Reason, is_secret: bool, counts: bool) -> None:
    ref = Ref(source=Source.CODE, label="X", is_secret=is_secret)
    assert is_miss(Rejected(ref=ref, reason=reason)) is counts
