"""The whole demonstration in one process: store, product with its sign-in, a vendor with its pages, and browsers."""

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode, urljoin, urlsplit

from joserfc.jwk import RSAKey
from sqlalchemy import Connection
from starlette.types import ASGIApp

from app.catalog.load import load_catalog
from app.commands.demo_seed import seed_accounts
from app.commands.demo_world import DemoWorld
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.demo.product import DemoProduct
from app.demo.sign_in.signing import ALGORITHM
from app.demo.store.people import find_person
from app.demo.store.seeding import create_tables
from app.demo.store.tokens import add_signing_key
from app.demo.world import Delays
from app.emails.transports import KeptMailer
from app.entitlements.http_product import HttpProduct
from app.flows.deps import Deps
from app.http import ASGITransport, AsyncBaseTransport, AsyncClient, Request, Response
from app.identity.claims import Claims
from app.identity.people import upsert_person
from app.identity.sessions import open_session
from app.identity.sso import IdentityProvider
from app.main import CALLBACK, create_app
from app.vendor_adapters.capabilities import Capabilities
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.world import Row, VendorWorld
from app.web.session import SessionCookie
from tests.support.sellers import DEADLINE, SELLERS

_FORM = re.compile(r"<form\b(?P<tag>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_CONTROL = re.compile(
    r"<(?P<kind>input|select|textarea|button)\b(?P<tag>[^>]*)>(?P<rest>.*?(?=<input|<select|<textarea|<button|\Z))",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r'([a-zA-Z-]+)(?:="([^"]*)")?')
_BUTTON = re.compile(r"<button\b(?P<tag>[^>]*)>(?P<text>.*?)</button>", re.DOTALL)
_OPTION = re.compile(r"<option\b([^>]*)>")


_prepared: dict[datetime, bytes] = {}
"""A product's database as it begins, by the business time that it begins at: seeding one takes longer than a page."""


class Network(AsyncBaseTransport):
    """Leads each request to the application that stands at its port."""

    def __init__(self) -> None:
        self._at: dict[int, ASGITransport] = {}

    def put(self, port: int, app: ASGIApp) -> None:
        """Let ``app`` answer at ``port``."""
        self._at[port] = ASGITransport(app, raise_app_exceptions=False)

    async def handle_async_request(self, request: Request) -> Response:
        return await self._at[request.url.port or 80].handle_async_request(request)


@dataclass(frozen=True, slots=True)
class Form:
    """A form on a page: the address that it goes to, and its fields as they stand."""

    action: str
    fields: Mapping[str, str]


class Browser:
    """Somebody's browser without scripts: follows redirects, keeps cookies by origin, sends forms."""

    def __init__(self, network: Network, home: str) -> None:
        self._clients: dict[str, AsyncClient] = {}
        self._network = network
        self._home = home
        self.url = home
        self.page: Response | None = None

    async def open(self, address: str) -> Response:
        """Open an address; a path is the store's."""
        return await self._go("GET", urljoin(self._home, address), {})

    async def look(self, address: str) -> Response:
        """Ask for an address and go nowhere, to see the answer itself."""
        url = urljoin(self._home, address)
        return await self._client(url).request("GET", url)

    async def send(self, form: Form, **typed: str) -> Response:
        """Send a form with ``typed`` in its fields; a field typed as ``None`` is left out."""
        fields = {**form.fields, **typed}
        return await self._go("POST", urljoin(self._home, form.action), fields)

    async def send_only(self, form: Form, **typed: str) -> Response:
        """Send a form and go nowhere, as somebody who closes the window at once; the page stays what it was."""
        return await self._client(form.action).request("POST", form.action, data={**form.fields, **typed})

    async def change(self, form: Form, part: str, **typed: str) -> Response:
        """Change something in a form as a browser with scripts does, and be shown the parts that answer."""
        url, fields = form.action + part, {**form.fields, **typed}
        self.page = await self._client(url).post(url, data=fields, headers={"HX-Request": "true"})
        return self.page

    async def send_pairs(self, form: Form, *more: tuple[str, str]) -> Response:
        """Send a form with further fields, whose names may repeat those that it has."""
        return await self.raw(form.action, urlencode([*form.fields.items(), *more]))

    async def raw(
        self,
        url: str,
        body: str,
        kind: str = "application/x-www-form-urlencoded",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """Post a body as it stands, and be shown the answer."""
        self.url = url
        self.page = await self._client(url).post(url, content=body, headers={"Content-Type": kind, **headers})
        return self.page

    async def press(self, text: str, **typed: str) -> Response:
        """Type into the form whose button says ``text`` and press it."""
        return await self.send(self.form(text), **typed)

    def form(self, button: str) -> Form:
        """Return the form on the present page whose button says so."""
        page = self.page.text if self.page is not None else ""
        for found in _FORM.finditer(page):
            body = found["body"] + _outside(page, found["tag"])
            for pressed in _BUTTON.finditer(body):
                if button in _words(pressed["text"]):
                    return _form(self.url, found["tag"], body, pressed["tag"])
        raise LookupError(f"no button {button!r} on {self.url}: {_headline(self.text)}")

    def link(self, text: str) -> str:
        """Return where the link that says so leads."""
        for tag, shown in re.findall(r"<a\b([^>]*)>(.*?)</a>", self.page.text if self.page else "", re.DOTALL):
            if text in _words(shown):
                return urljoin(self.url, _attributes(tag)["href"])
        raise LookupError(f"no link {text!r} on {self.url}: {_headline(self.text)}")

    @property
    def text(self) -> str:
        """The present page's HTML, unescaped."""
        return unescape(self.page.text) if self.page is not None else ""

    @property
    def status(self) -> int:
        """The present page's status."""
        return self.page.status_code if self.page is not None else 0

    def keep_cookie(self, name: str, value: str) -> None:
        """Hold a cookie of the store."""
        self._client(self._home).cookies.set(name, value)

    async def close(self) -> None:
        """Forget everything."""
        for client in self._clients.values():
            await client.aclose()

    async def _go(self, method: str, url: str, fields: Mapping[str, str]) -> Response:
        for _ in range(15):
            answer = await self._client(url).request(method, url, data=fields or None)
            self.url, self.page = url, answer
            if answer.status_code not in (302, 303):
                return answer
            method, url, fields = "GET", urljoin(url, answer.headers["location"]), {}
        raise RecursionError(f"redirected too often, last to {url}")

    def _client(self, url: str) -> AsyncClient:
        host = urlsplit(url).hostname or ""  # cookies go by host, whatever the port
        if host not in self._clients:
            self._clients[host] = AsyncClient(transport=self._network)
        return self._clients[host]


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a test reaches into."""

    deps: Deps
    clock: FrozenClock
    world: DemoWorld
    vendor_world: VendorWorld
    product: DemoProduct
    network: Network

    @property
    def vendor(self) -> EmbeddedVendor:
        """The embedded vendor, for what only it has; a test that asks for it runs over no other."""
        vendor = self.deps.vendor
        assert isinstance(vendor, EmbeddedVendor)
        return vendor

    @property
    def capabilities(self) -> Capabilities:
        """What the vendor that sells can do."""
        return self.deps.vendor.capabilities

    async def books(self, kind: str) -> list[Row]:
        """Return one list of the vendor's books, without what was seeded and what belongs to no order."""
        return [row for row in await self.every(kind) if row["order"]]

    async def every(self, kind: str) -> list[Row]:
        """Return one list of the vendor's books."""
        return (await self.vendor_world.books())[kind]

    def browser(self) -> Browser:
        """Return a fresh browser."""
        return Browser(self.network, self.deps.config.base_url)

    async def signed_in(self, username: str) -> Browser:
        """Return a browser in which somebody is signed in to the product and the store."""
        browser = self.browser()
        await browser.open("/login")
        await browser.press(f"Continue as {username}")
        return browser

    async def known(self, username: str) -> Browser:
        """Return a browser in which somebody is signed in to the store, without the way through the sign-in."""
        person = await self.product.world.db.read(lambda connection: find_person(connection, username))
        assert person is not None, f"nobody is called {username}"
        facts = {name: getattr(person, name) for name in ("username", "name", "email", "email_verified")}
        issuer, now = self.deps.config.oidc.issuer, self.clock.wall()
        claims = Claims(issuer=issuer, subject=person.sub, roles=frozenset(person.roles), **facts)

        def write(connection: Connection) -> str:
            known = upsert_person(connection, claims, now)
            return open_session(connection, replaced=None, person_id=known.person_id, now=now)[0]

        cookie = SessionCookie(self.deps.config).given(await self.deps.db.write(write), 3600)
        browser = self.browser()
        browser.keep_cookie(*cookie.partition(";")[0].split("=", 1))
        return browser


@asynccontextmanager
async def open_shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """Yield the demonstration over ``database``, seeded, at a standing clock; nothing runs by itself."""
    config.var.mkdir(parents=True, exist_ok=True)
    network, catalog = Network(), load_catalog(config.catalog)
    http = AsyncClient(transport=network, timeout=5)
    seller = SELLERS[config.vendors[0]](config, catalog, clock)
    for port in (config.vendor_port, 80):  # a vendor that is nowhere on this machine has its pages there
        network.put(port, seller.pages)
    product = DemoProduct(
        Database(f"sqlite:///{config.var}/product.db"),
        clock,
        config.product_url,
        config.base_url,
        config.product_token,
        config.oidc.client_id,
        config.oidc.client_secret,
        Delays(hang=1.0, slow=0.05),
        catalog.rules.trial,
    )
    deps = Deps(
        config=config,
        catalog=catalog,
        db=database,
        sealer=Sealer(config.secret_keys),
        clock=clock,
        vendors={seller.adapter.name: seller.adapter},
        selling=seller.adapter.name,
        product=HttpProduct(config.product_url, config.product_token, transport=network, timeout=5),
        mailer=KeptMailer(database, clock),
        identity=IdentityProvider(config.oidc, config.base_url + CALLBACK, clock, transport=network, seconds=DEADLINE),
    )
    world = DemoWorld(deps, product, seller.world, http)
    network.put(config.port, create_app(deps, world=world))
    network.put(config.demo_port, product.app)
    await _prepare(product, config.var / "product.db", clock.now())
    await seed_accounts(deps, seller.world)
    yield Shop(deps, clock, world, seller.world, product, network)
    await http.aclose()
    await seller.adapter.close()
    product.close()
    complaints = seller.complaints()
    assert not complaints, complaints


async def _prepare(product: DemoProduct, file: Path, now: datetime) -> None:
    """Give a product its tables, its key and its seed, which are those of the month of ``now``; an old one has them."""
    if not _is_there(file, now):
        await product.world.db.write(_with_signing_key)
        await product.prepare()
        with closing(sqlite3.connect(file)) as connection:
            _prepared[now] = connection.serialize()


def _is_there(file: Path, now: datetime) -> bool:
    if not file.exists() and now in _prepared:
        file.write_bytes(_prepared[now])
    return file.exists()


@cache
def _signing_key() -> dict[str, str | list[str]]:
    """One key for all shops of a test run: making one takes longer than a purchase."""
    key = RSAKey.generate_key(2048, {"kid": "key_of_the_tests", "use": "sig", "alg": ALGORITHM})
    return dict(key.as_dict(private=True))


def _with_signing_key(connection: Connection) -> None:
    create_tables(connection)
    add_signing_key(connection, _signing_key())


def _outside(page: str, tag: str) -> str:
    """Return the controls that belong to a form and stand elsewhere on its page."""
    owned = rf'\sform="{re.escape(_attributes(tag).get("id", "-"))}"'
    control = rf"<input\b[^>]*{owned}[^>]*>|<button\b[^>]*{owned}[^>]*>.*?</button>"
    return "".join(re.findall(control, page, re.DOTALL))


def _form(page: str, tag: str, body: str, pressed: str) -> Form:
    fields: dict[str, str] = {}
    for control in _CONTROL.finditer(body):
        attributes = _attributes(control["tag"])
        name = attributes.get("name", "")
        is_off = attributes.get("type") in ("checkbox", "radio") and "checked" not in attributes
        if not name or control["kind"] == "button" or is_off:
            continue
        fields[name] = _value(control["kind"], attributes, control["rest"])
    own, button = _attributes(tag), _attributes(pressed)
    if "name" in button:
        fields[button["name"]] = button.get("value", "")
    return Form(action=urljoin(page, button.get("formaction") or own.get("action", "")), fields=fields)


def _value(kind: str, attributes: Mapping[str, str], rest: str) -> str:
    if kind == "input":
        return attributes.get("value", "")
    if kind == "textarea":
        return unescape(rest.partition("</textarea")[0].lstrip("\n"))
    options = [_attributes(option) for option in _OPTION.findall(rest)]
    chosen = next((option for option in options if "selected" in option), options[0] if options else {})
    return chosen.get("value", "")


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}


def _words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def _headline(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    return str(found.group(1)).strip() if found else text[:200]
