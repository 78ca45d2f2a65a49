"""The store's sign-in against the demo product's own provider: two programs that were written apart agree."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.config import Config, OidcConfig
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.http import ASGITransport, AsyncClient
from app.identity.sso import IdentityProvider
from tests.demo.forge import CALLBACK, ORIGIN, SECRET, form_action, open_product
from tests.support.asgi import asgi_client
from tests.support.browser import opened_browser
from tests.support.ok_provider import Provider
from tests.support.store import edge_deps


async def choose(product: AsyncClient, address: str, person: str) -> str:
    """Open the product's sign-in page, go on as ``person``; return where the product leads."""
    page = await product.get(address)
    assert page.status_code == 200, page.text
    return (await product.post(form_action(page, 'value="ann"'), data={"person": person})).headers["location"]


@pytest.mark.engines("sqlite")
async def test_signing_in_silently_again_and_as_somebody_else(
    config: Config, database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    demo = open_product(tmp_path / "product.db", clock)
    await demo.prepare()
    oidc = OidcConfig(issuer=ORIGIN, client_id="kassa", client_secret=SECRET)
    identity = IdentityProvider(oidc, CALLBACK, clock, transport=ASGITransport(demo.app))
    deps = edge_deps(replace(config, oidc=oidc), database, clock, identity)
    unused = Provider(clock, redirect_uri=CALLBACK)
    async with opened_browser(deps, unused) as store, asgi_client(demo.app, base_url=ORIGIN) as product:
        asked = await store.client.get("/login", params={"next": "/orders"})
        back = await store.client.get(await choose(product, asked.headers["location"], "ann"))
        assert (back.status_code, back.headers["location"]) == (303, "/orders")
        ann = await store.who()
        assert ann["roles"] == ["marketing", "support"]

        store.client.cookies.clear()
        asked = await store.client.get("/login", params={"next": "/packs"})
        silent = await product.get(asked.headers["location"])
        assert silent.status_code == 303
        assert (await store.client.get(silent.headers["location"])).headers["location"] == "/packs"
        assert await store.subject() == ann["subject"]

        sent = await store.client.post("/login/switch", data={"next": "/packs"})
        home = await product.get(sent.headers["location"])
        assert urlsplit(home.headers["location"]).path == "/"
        again = await store.client.get(home.headers["location"])
        asked = await store.client.get(again.headers["location"])
        back = await store.client.get(await choose(product, asked.headers["location"], "bob"))
        assert back.headers["location"] == "/packs"
        assert await store.subject() not in ("", ann["subject"])

        sent = await store.client.post("/logout")
        assert (await product.get(sent.headers["location"])).headers["location"] == f"{deps.config.base_url}/"
    await identity.close()
    demo.close()
