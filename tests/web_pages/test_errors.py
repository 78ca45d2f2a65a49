"""What nobody handled still ends on a page that says what happened, whether money moved, and what to do."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import NotYours, ProblemId, Refused, problem
from app.entitlements.product import ProductUnavailable
from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, VendorUnavailable
from app.web.errors import exception_handlers
from tests.support.asgi import asgi_client
from tests.support.storefront import Storefront

pytestmark = pytest.mark.engines("sqlite")
HTMX = {"HX-Request": "true"}
WHERE = {"vendor": "v", "operation": "buy"}

FAILURES: dict[str, Callable[[], Exception]] = {
    "refused": lambda: Refused(problem(ProblemId.E_EMAIL), problem(ProblemId.E_COUNTRY, "country")),
    "not-yours": lambda: NotYours("int_1"),
    "not-found": lambda: HTTPException(404),
    "unreadable": lambda: HTTPException(413),
    "database": lambda: OperationalError("SELECT secret", {}, Exception("locked")),
    "vendor": lambda: VendorUnavailable(**WHERE, retry_after=7.0),
    "vendor-odd": lambda: KeyReused(**WHERE, detail="secret"),
    "outcome": lambda: OutcomeUnknown(**WHERE),
    "product": lambda: ProductUnavailable("secret"),
    "bug": lambda: RuntimeError("secret"),
}


async def fail(request: Request) -> Response:
    raise FAILURES[request.path_params["how"]]()


@pytest.fixture
async def browser(front: Storefront) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=[Route("/fail/{how}", fail, methods=["GET", "POST"])], exception_handlers=exception_handlers)
    app.state.deps = front.deps
    base_url = front.deps.config.base_url
    async with asgi_client(app, base_url=base_url, raise_app_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("how", "status", "code", "heading"),
    [
        ("refused", 403, "E-EMAIL", "Confirm your e-mail address"),
        ("not-yours", 404, "E-GONE", "There is no such page"),
        ("not-found", 404, "E-GONE", "There is no such page"),
        ("unreadable", 413, "E-INPUT", "That did not work"),
        ("database", 503, "E-BUSY", "The store is busy"),
        ("vendor", 503, "E-VENDOR", "We cannot take orders right now"),
        ("vendor-odd", 503, "E-VENDOR", "We cannot take orders right now"),
        ("product", 503, "E-PRODUCT", "We cannot take orders right now"),
        ("outcome", 503, "E-SERVER", "Something went wrong"),
        ("bug", 500, "E-SERVER", "Something went wrong"),
    ],
)
async def test_every_failure_has_its_page(
    browser: httpx2.AsyncClient, how: str, status: int, code: str, heading: str
) -> None:
    answer = await browser.get(f"/fail/{how}")
    assert answer.status_code == status
    assert f"<title>Error: {heading} – Kassa</title>" in answer.text
    assert f"<h1>{heading}</h1>" in answer.text
    assert "There is a problem" in answer.text
    assert code in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(("how", "seconds"), [("database", "2"), ("vendor", "7"), ("product", "30"), ("outcome", "30")])
async def test_what_passes_says_when_to_come_back(browser: httpx2.AsyncClient, how: str, seconds: str) -> None:
    assert (await browser.get(f"/fail/{how}")).headers["Retry-After"] == seconds


@pytest.mark.parametrize("how", ["vendor", "product"])
async def test_where_nothing_was_charged_the_page_says_so(browser: httpx2.AsyncClient, how: str) -> None:
    assert (await browser.get(f"/fail/{how}")).text.count("Nothing was charged.") == 1


@pytest.mark.parametrize("how", ["outcome", "bug", "database"])
async def test_where_money_may_have_moved_the_page_does_not_deny_it(browser: httpx2.AsyncClient, how: str) -> None:
    text = (await browser.post(f"/fail/{how}")).text
    assert "Nothing was charged" not in text
    assert "the same order is never charged twice" in text


async def test_a_problem_that_says_nothing_of_money_gets_a_line_that_does(browser: httpx2.AsyncClient) -> None:
    assert "<p>Nothing was charged.</p>" in (await browser.get("/fail/unreadable")).text


async def test_every_problem_is_listed_and_leads_to_its_field(browser: httpx2.AsyncClient) -> None:
    text = (await browser.get("/fail/refused")).text
    assert "Confirm your e-mail address first." in text
    assert '<a href="#country">We cannot sell to this country.</a>' in text


async def test_for_htmx_the_problem_goes_beside_the_page(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/fail/vendor", headers=HTMX)
    assert answer.status_code == 503
    assert "<h1>" not in answer.text
    assert '<hx-partial hx-target="#problem"' in answer.text
    assert "E-VENDOR" in answer.text
    assert answer.headers["Vary"] == "HX-Request"


async def test_history_is_restored_with_whole_pages(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/fail/vendor", headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<h1>" in answer.text


async def test_the_way_on_is_the_same_page_or_the_form_that_was_sent(browser: httpx2.AsyncClient) -> None:
    assert '<a class="button" href="/fail/vendor?a=1&amp;b=%22">' in (await browser.get('/fail/vendor?a=1&b="')).text
    form = {"Referer": "http://localhost:8000/checkouts/int_1"}
    assert '<a class="button" href="/checkouts/int_1">' in (await browser.post("/fail/vendor", headers=form)).text
    elsewhere = {"Referer": "http://localhost:8000.evil.example/x"}
    assert '<a class="button" href="/">' in (await browser.post("/fail/vendor", headers=elsewhere)).text
    assert '<a class="button" href="/plans">' in (await browser.get("/fail/not-yours")).text


async def test_a_method_that_a_page_does_not_have_keeps_its_header(browser: httpx2.AsyncClient) -> None:
    answer = await browser.delete("/fail/bug")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
