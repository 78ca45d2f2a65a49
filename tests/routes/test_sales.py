"""Talk to sales: the form, its answer, and what must not come of it."""

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.events import outbox
from app.db.schema.store import leads
from tests.support.storefront import Storefront, open_storefront

pytestmark = pytest.mark.engines("sqlite")
CART = "/checkouts/int_00000000000000000000"
GOOD = {
    "name": "Zoë Ångström",
    "email": "zoe@example.com",
    "company": "Übung & Söhne",
    "plan": "scale",
    "deployment": "hosted",
    "seats": "300",
    "message": "Purchase order?\r\nThank you",
    "consent": "yes",
    "website": "",
    "next": CART,
}


@pytest.fixture
def front(config: Config, database: Database, clock: FrozenClock) -> Iterator[Storefront]:
    with open_storefront(config, database, clock) as front:
        yield front


async def test_the_form_is_filled_with_what_the_link_says(front: Storefront) -> None:
    async with front.browser() as browser:
        answer = await browser.get(f"/sales?plan=team&seats=25&deployment=hosted&next={CART}")
    assert answer.status_code == 200
    assert '<option value="team" selected>Team</option>' in answer.text
    assert re.search(r'name="seats" value="25"', answer.text)
    assert f'<a href="{CART}">Continue buying</a>' in answer.text


async def test_a_request_has_a_reference_and_a_way_back_to_the_cart(front: Storefront, database: Database) -> None:
    async with front.browser() as browser:
        sent = await browser.post("/sales", data=GOOD)
        assert sent.status_code == 303
        path = sent.headers["Location"]
        answer = await browser.get(path)
    assert re.fullmatch(r"/sales/L-[0-9A-Z]{6}", path)
    assert path.removeprefix("/sales/") in answer.text
    assert f'href="{CART}"' in answer.text
    [lead] = database.read_now(lambda connection: connection.execute(select(leads)).all())
    assert (lead.name, lead.company, lead.email) == ("Zoë Ångström", "Übung & Söhne", "zoe@example.com")
    assert (lead.plan, lead.deployment, lead.seats, lead.message) == (
        "scale",
        "hosted",
        300,
        "Purchase order?\nThank you",
    )
    assert (lead.intent_id, lead.consent) == ("int_00000000000000000000", True)


async def test_for_htmx_the_way_on_is_a_header(front: Storefront) -> None:
    async with front.browser() as browser:
        sent = await browser.post("/sales", data=GOOD, headers={"HX-Request": "true"})
    assert sent.status_code == 204
    assert re.fullmatch(r"/sales/L-[0-9A-Z]{6}", sent.headers["HX-Redirect"])
    assert "Location" not in sent.headers


async def test_the_systems_downstream_and_the_person_are_told(front: Storefront, database: Database) -> None:
    async with front.browser() as browser:
        path = (await browser.post("/sales", data=GOOD)).headers["Location"]
    jobs = database.read_now(lambda connection: connection.execute(select(outbox)).all())
    told = {job.kind: json.loads(job.payload) for job in jobs}
    assert set(told) == {"lead.created", "mail"}
    assert told["lead.created"] == {"lead_id": path.removeprefix("/sales/")}
    assert told["mail"]["mail"] == "SalesRequest"
    assert "zoe@example.com" not in json.dumps(told)


async def test_little_is_asked_for(front: Storefront) -> None:
    async with front.browser() as browser:
        sent = await browser.post("/sales", data={"name": "A", "email": "a@b.de", "plan": "", "consent": "yes"})
        answer = await browser.get(sent.headers["Location"])
    assert 'href="/plans"' in answer.text


async def test_what_is_missing_is_told_and_what_was_typed_is_kept(front: Storefront, database: Database) -> None:
    typed = {**GOOD, "name": "", "email": "zoe@", "seats": "ten", "consent": "", "message": "<b>&"}
    async with front.browser() as browser:
        answer = await browser.post("/sales", data=typed)
    assert answer.status_code == 422
    assert "<title>Error: Talk to sales – Kassa</title>" in answer.text
    for field in ("name", "email", "seats", "consent"):
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert 'aria-describedby="email-hint email-error" aria-invalid="true"' in answer.text
    assert 'value="zoe@"' in answer.text
    assert 'value="ten"' in answer.text
    assert "&lt;b&gt;&amp;</textarea>" in answer.text
    assert "Übung &amp; Söhne" in answer.text
    assert database.read_now(lambda connection: connection.execute(select(leads)).all()) == []


@pytest.mark.parametrize("seats", ["0", "-1", "1.5", "❾", "1" + "0" * 4000])
async def test_odd_seats_are_a_fault_of_their_field(front: Storefront, seats: str) -> None:
    async with front.browser() as browser:
        answer = await browser.post("/sales", data={**GOOD, "seats": seats})
    assert answer.status_code == 422
    assert '<a href="#seats">' in answer.text


async def test_a_field_that_people_do_not_see_stops_machines(front: Storefront, database: Database) -> None:
    async with front.browser() as browser:
        form = await browser.get("/sales")
        answer = await browser.post("/sales", data={**GOOD, "website": "http://spam.example"})
    assert '<div class="trap">' in form.text
    assert answer.status_code == 422
    assert '<div class="trap">' not in answer.text  # a person whose browser filled it in sees it now
    assert database.read_now(lambda connection: connection.execute(select(leads)).all()) == []


async def test_nobody_else_sees_the_answer(front: Storefront) -> None:
    async with front.browser() as browser:
        path = (await browser.post("/sales", data=GOOD)).headers["Location"]
    async with front.browser() as other:
        assert (await other.get(path)).status_code == 404
        assert (await other.get("/sales/L-000000")).status_code == 404


async def test_after_too_many_the_form_is_kept_and_the_wait_told(front: Storefront, database: Database) -> None:
    async with front.browser() as browser:
        for _ in range(5):
            assert (await browser.post("/sales", data=GOOD)).status_code == 303
        answer = await browser.post("/sales", data=GOOD)
    assert answer.status_code == 429
    assert "E-RATE" in answer.text
    assert "Zoë Ångström" in answer.text
    assert len(database.read_now(lambda connection: connection.execute(select(leads)).all())) == 5


async def test_another_browser_cannot_flood_one_mailbox(front: Storefront) -> None:
    statuses = []
    for _ in range(6):
        async with front.browser() as browser:
            statuses.append((await browser.post("/sales", data=GOOD)).status_code)
    assert statuses == [303] * 5 + [429]


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_the_way_back_stays_on_this_site(front: Storefront, path: str) -> None:
    async with front.browser() as browser:
        form = await browser.get("/sales", params={"next": path})
        sent = await browser.post("/sales", data={**GOOD, "next": path})
        answer = await browser.get(sent.headers["Location"])
    assert '<input type="hidden" name="next" value="">' in form.text
    assert 'href="/plans?plan=scale' in answer.text
    assert [mark for mark in (f'"{path}"', "Continue buying</a>:") if mark in form.text + answer.text] == []


async def test_another_site_cannot_send_it(front: Storefront) -> None:
    async with front.browser() as browser:
        answer = await browser.post("/sales", data=GOOD, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
