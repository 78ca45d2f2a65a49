"""From a vendor's name in the settings to its adapter. An adapter is imported only when it is chosen."""

from importlib import import_module
from importlib.util import find_spec

from app.catalog.model import Catalog
from app.config import Config, ConfigError
from app.core.clock import Clock
from app.vendor_adapters.errors import VendorMisconfigured
from app.vendor_adapters.port import VendorAdapter

_ADAPTERS = {"embedded": "app.vendor_adapters.embedded", "stripe": "app.vendor_adapters.stripe"}
"""Each module has ``create(config, catalog, clock) -> VendorAdapter``."""


def create_vendor(name: str, config: Config, catalog: Catalog, clock: Clock) -> VendorAdapter:
    """Return the adapter of that name; ConfigError when there is none, or it may not run with these settings."""
    module = _ADAPTERS.get(name)
    if module is None:
        raise ConfigError([f"KASSA_VENDOR names {name!r}; there is {', '.join(sorted(_ADAPTERS))}."])
    try:
        adapter: VendorAdapter = import_module(module).create(config, catalog, clock)
    except VendorMisconfigured as error:
        raise ConfigError([f"KASSA_VENDOR names {name!r}: {error.detail}."]) from error
    return adapter


def test_mode_of(name: str) -> str:
    """Return the module that opens a vendor's test mode for the conformance kit, empty when it has none.

    Such a module has ``why_not(config) -> str`` and ``open_harness(folder)``; it needs what the tests need.
    """
    module = f"{_ADAPTERS.get(name, '')}.test_mode"
    return module if name in _ADAPTERS and find_spec(module) is not None else ""
