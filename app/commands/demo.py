"""``kassa demo``: everything on this machine, in one process, with no key and no network."""

import asyncio
import socket
import sys
from typing import cast

import structlog

from app import worker
from app.commands.database import prepare_database
from app.commands.demo_world import DemoWorld
from app.commands.own_world import OwnWorld
from app.commands.remote_world import RemoteWorld
from app.config import Config
from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.db.errors import DATABASE_AWAY
from app.demo import product as demo_product
from app.flows.deps import Deps
from app.flows.offers import refresh_offers
from app.http import AsyncClient, HTTPError
from app.main import build_deps, create_app
from app.servers import PortTaken, bind, bind_free, serve_all, stop_on_signals
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from app.vendor_adapters.embedded.pages import create_pages
from app.vendor_adapters.world import NoControls, VendorWorld
from app.web.log import configure_logs

EMBEDDED = "embedded"
HOST = "127.0.0.1"
TICK = 0.5  # seconds between two looks of the vendor at what fell due
log = structlog.get_logger()


async def demo(environ_config: Config) -> int:
    """Migrate, seed, and serve store, product, vendor and worker until Ctrl-C."""
    if not environ_config.is_demo:
        sys.stderr.write("kassa demo runs only with KASSA_ENV=demo: its vendor moves no money.\n")
        return 1
    try:
        store_socket = bind(HOST, environ_config.port, "PORT")
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sockets = [store_socket, bind_free(HOST, environ_config.demo_port)]
    vendor_port = environ_config.vendor_port
    if EMBEDDED in environ_config.vendors:  # any other vendor has its pages elsewhere
        sockets.append(bind_free(HOST, vendor_port))
        vendor_port = _port(sockets[-1])
    config = environ_config.on_ports(demo_port=_port(sockets[1]), vendor_port=vendor_port)
    config.keep_ports()
    try:
        return await _run(config, sockets)
    except (NoControls, HTTPError) as error:
        sys.stderr.write(f"The vendor cannot be shown: {error or type(error).__name__}.\n")
        return 1


async def _run(config: Config, sockets: list[socket.socket]) -> int:
    is_new = not (config.var / "product.db").exists()
    try:
        prepare_database(config).close()
    except DATABASE_AWAY as error:
        sys.stderr.write(f"The database does not answer ({type(error).__name__}): check KASSA_DATABASE_URL.\n")
        return 1
    deps = build_deps(config)
    configure_logs(deps.clock)
    await follow(deps.db, cast(SystemClock, deps.clock))
    product = demo_product.create(config, deps.clock)
    async with AsyncClient(timeout=5) as http:
        seller, *others = (_world_of(name, deps, http) for name in config.vendors)
        world = DemoWorld(deps, product, seller, http, others)
        await world.prepare(config.demo_now if is_new else None)
        await refresh_offers(deps)
        stop = stop_on_signals()
        sys.stdout.write(_welcome(config))
        sys.stdout.flush()
        working = asyncio.create_task(worker.run(deps, stop))
        ticking = asyncio.create_task(_tick(world, stop))
        pages = [create_pages(vendor) for vendor in deps.vendors.values() if isinstance(vendor, EmbeddedVendor)]
        applications = [create_app(deps, world=world), product.app, *pages]
        await serve_all(list(zip(applications, sockets, strict=True)), stop)
        await asyncio.gather(working, ticking)
    return 0


def _world_of(name: str, deps: Deps, http: AsyncClient) -> VendorWorld:
    """Return the hand on a vendor: on ours, on a counterpart that is set, or on nothing."""
    vendor = deps.vendors[name]
    if isinstance(vendor, EmbeddedVendor):
        return EmbeddedWorld(vendor)
    if deps.config.demo_world:
        return RemoteWorld(http, deps.config.demo_world, name)
    return OwnWorld(deps.clock, name)


async def _tick(world: DemoWorld, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await world.tick()
        except Exception as error:
            log.warning("vendor tick failed", error=type(error).__name__)
        try:
            async with asyncio.timeout(TICK):
                await stop.wait()
        except TimeoutError:
            continue


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _vendor_line(config: Config) -> str:
    if config.vendors[0] == EMBEDDED:
        return f"  Vendor    {config.vendor_url}   (the payment pages)"
    return f"  Vendor    {config.vendors[0]}, with payment pages of its own; use its test mode"


def _welcome(config: Config) -> str:
    return f"""
Kassa runs. No money moves: this is a demonstration.

  Store     {config.base_url}
  Product   {config.product_url}   (Forge, with its own sign-in)
{_vendor_line(config)}
  Mails     {config.base_url}/_demo/mail.html

People: ann (owns acme and zen), bob (globex has Team), cleo (initech, by a partner),
        dan (no group), eve (hooli, umbrella, stark, wayne).
Cards:  4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, 4000 0025 0000 3155 asks for 3-D Secure;
        any later expiry, any CVC.

First:  open {config.product_url}, continue as ann, open acme and press "Buy Team".

Ctrl-C ends it.

"""
