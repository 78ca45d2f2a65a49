"""The whole demonstration in one process: store, product with its sign-in, vendor with its pages, and browsers."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from starlette.types import ASGIApp

from app.catalog.load import load_catalog
from app.commands.demo_seed import seed_accounts
from app.commands.demo_world import DemoWorld
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.demo.product import DemoProduct
from app.demo.world import Delays
from app.emails.transports import KeptMailer
from app.entitlements.http_product import HttpProduct
from app.flows.deps import Deps
from app.http import ASGITransport, AsyncBaseTransport, AsyncClient, Request, Response
from app.identity.sso import IdentityProvider
from app.main import CALLBACK, create_app
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from app.vendor_adapters.embedded.books import Row
from app.vendor_adapters.embedded.pages import create_pages

_FORM = re.compile(r"<form\b(?P<tag>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_CONTROL = re.compile(
    r"<(?P<kind>input|select|textarea|button)\b(?P<tag>[^>]*)>(?P<rest>.*?(?=<input|<select|<textarea|<button|\Z))",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r'([a-zA-Z-]+)(?:="([^"]*)")?')
_BUTTON = re.compile(r"<button\b(?P<tag>[^>]*)>(?P<text>.*?)</button>", re.DOTALL)
_OPTION = re.compile(r"<option\b([^>]*)>")


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
    """A form on a page: where it goes, and its fields as they stand."""

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

    async def send(self, form: Form, **typed: str) -> Response:
        """Send a form with ``typed`` in its fields; a field typed as ``None`` is left out."""
        fields = {**form.fields, **typed}
        return await self._go("POST", urljoin(self.url, form.action), fields)

    async def press(self, text: str, **typed: str) -> Response:
        """Type into the form whose button says ``text`` and press it."""
        return await self.send(self.form(text), **typed)

    def form(self, button: str) -> Form:
        """Return the form on the present page whose button says so."""
        for found in _FORM.finditer(self.text):
            for pressed in _BUTTON.finditer(found["body"]):
                if button in _words(pressed["text"]):
                    return _form(found["tag"], found["body"], pressed["tag"])
        raise LookupError(f"no button {button!r} on {self.url}: {_headline(self.text)}")

    @property
    def text(self) -> str:
        """The present page's HTML, unescaped."""
        return unescape(self.page.text) if self.page is not None else ""

    @property
    def status(self) -> int:
        """The present page's status."""
        return self.page.status_code if self.page is not None else 0

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
    vendor: EmbeddedVendor
    product: DemoProduct
    network: Network

    async def books(self, kind: str) -> list[Row]:
        """Return one list of the vendor's books, without what was seeded."""
        return [row for row in (await EmbeddedWorld(self.vendor).books())[kind] if row["order"]]

    def browser(self) -> Browser:
        """Return a fresh browser."""
        return Browser(self.network, self.deps.config.base_url)

    async def signed_in(self, username: str) -> Browser:
        """Return a browser in which somebody is signed in to the product and the store."""
        browser = self.browser()
        await browser.open("/login")
        await browser.press(f"Continue as {username}")
        return browser


@asynccontextmanager
async def open_shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """Yield the demonstration over ``database``, seeded, at a standing clock; nothing runs by itself."""
    config.var.mkdir(parents=True, exist_ok=True)
    network, catalog = Network(), load_catalog(config.catalog)
    http = AsyncClient(transport=network, timeout=5)
    vendor = EmbeddedVendor(
        database=Database(f"sqlite:///{config.var}/vendor.db"),
        catalog=catalog,
        clock=clock,
        secret=config.vendor_secret,
        origin=config.vendor_url,
        webhook_url=f"{config.base_url}/webhooks/embedded",
        store_origin=config.base_url,
        deadline=0.5,
    )
    vendor.prepare()
    product = DemoProduct(
        Database(f"sqlite:///{config.var}/product.db"),
        clock,
        config.product_url,
        config.base_url,
        config.product_token,
        config.oidc.client_id,
        config.oidc.client_secret,
        Delays(hang=1.0, slow=0.05),
    )
    deps = Deps(
        config=config,
        catalog=catalog,
        db=database,
        sealer=Sealer(config.secret_keys),
        clock=clock,
        vendors={vendor.name: vendor},
        selling=vendor.name,
        product=HttpProduct(config.product_url, config.product_token, transport=network, timeout=0.5),
        mailer=KeptMailer(database, clock),
        identity=IdentityProvider(config.oidc, config.base_url + CALLBACK, clock, transport=network, seconds=0.5),
    )
    world = DemoWorld(deps, product, vendor, http)
    network.put(config.port, create_app(deps, world=world))
    network.put(config.demo_port, product.app)
    network.put(config.vendor_port, create_pages(vendor))
    await product.prepare()
    await seed_accounts(deps, EmbeddedWorld(vendor))
    yield Shop(deps, clock, world, vendor, product, network)
    await http.aclose()
    await vendor.close()
    product.close()


def _form(tag: str, body: str, pressed: str) -> Form:
    fields: dict[str, str] = {}
    for control in _CONTROL.finditer(body):
        attributes = dict(_ATTRIBUTE.findall(control["tag"]))
        name = attributes.get("name", "")
        is_off = attributes.get("type") in ("checkbox", "radio") and "checked" not in attributes
        if not name or control["kind"] == "button" or is_off:
            continue
        fields[name] = _value(control["kind"], attributes, control["rest"])
    own, button = dict(_ATTRIBUTE.findall(tag)), dict(_ATTRIBUTE.findall(pressed))
    if "name" in button:
        fields[button["name"]] = button.get("value", "")
    return Form(action=button.get("formaction") or own.get("action", ""), fields=fields)


def _value(kind: str, attributes: Mapping[str, str], rest: str) -> str:
    if kind == "input":
        return attributes.get("value", "")
    if kind == "textarea":
        return rest.partition("</textarea")[0].lstrip("\n")
    options = [dict(_ATTRIBUTE.findall(option)) for option in _OPTION.findall(rest)]
    chosen = next((option for option in options if "selected" in option), options[0] if options else {})
    return chosen.get("value", "")


def _words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", text).split())


def _headline(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    return str(found.group(1)).strip() if found else text[:200]
