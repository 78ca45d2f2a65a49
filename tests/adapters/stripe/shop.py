"""Short words for what tests do with the adapter: a buyer, a cart, a card typed on a page."""

from app.catalog.load import load_catalog
from app.config import ROOT
from tests.stripe_twin.twin import StripeTwin

CATALOG = load_catalog(ROOT / "data" / "catalog.toml")


class Shop:
    """A store with one buyer."""

    def __init__(self, twin: StripeTwin) -> None:
        self.twin = twin
