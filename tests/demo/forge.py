"""What the tests of the demo product share: making one, being its client, being somebody in front of it."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.catalog.load import load_catalog
from app.config import ROOT
from app.core.clock import Clock
from app.db.engine import Database
from app.demo.product import DemoProduct
from app.demo.world import Delays
from app.http import AsyncClient, Response

ORIGIN = "http://127.0.0.1:8001"
STORE = "http://localhost:8000"
CALLBACK = f"{STORE}/login/callback"
TOKEN = "product-token"
SECRET = "client-secret"
TRIAL = load_catalog(ROOT / "data" / "catalog.toml").rules.trial
VERIFIER = "v" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def open_product(path: Path, clock: Clock, *, origin: str = ORIGIN, delays: Delays | None = None) -> DemoProduct:
    """Return the product over a database file."""
    database = Database(f"sqlite:///{path}")
    return DemoProduct(database, clock, origin, STORE, TOKEN, "kassa", SECRET, delays or Delays(), TRIAL)


def challenge(verifier: str = VERIFIER) -> str:
    """Return the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def request_parameters(**changes: str | None) -> dict[str, str]:
    """Return a sound authorization request with changes; None takes a parameter away."""
    sound: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "kassa",
        "redirect_uri": CALLBACK,
        "scope": "openid email profile",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


def answer_of(response: Response) -> dict[str, str]:
    """Return what a redirect to the client tells it."""
    assert response.status_code == 303
    address = urlsplit(response.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(address.query, strict_parsing=True).items()}


def form_action(page: Response, button: str) -> str:
    """Return where the form with this button is sent."""
    before = page.text[: page.text.index(button)]
    actions: list[str] = re.findall(r'<form method="post" action="([^"]+)"', before)
    return actions[-1]


async def sign_in(browser: AsyncClient, username: str) -> None:
    """Sign somebody in to the product."""
    page = await browser.get("/sign-in")
    done = await browser.post(form_action(page, 'value="ann"'), data={"person": username})
    assert done.status_code == 303


async def code_for(browser: AsyncClient, username: str = "ann", **changes: str | None) -> str:
    """Return an authorization code for somebody."""
    page = await browser.get("/authorize", params=request_parameters(**changes))
    if page.status_code == 303:
        return answer_of(page)["code"]
    done = await browser.post(form_action(page, 'value="ann"'), data={"person": username})
    return answer_of(done)["code"]


async def exchange(browser: AsyncClient, code: str, /, **changes: str | None) -> Response:
    """Exchange a code as the store does, with changes; None takes a field away."""
    sound: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": "kassa",
        "client_secret": SECRET,
    }
    fields = {name: value for name, value in (sound | changes).items() if value is not None}
    return await browser.post("/token", data=fields)
