"""One Stripe account in test mode put together: books, API, pages, webhooks."""

import stripe

from app.catalog.model import Catalog
from app.core.clock import Clock
from tests.stripe_twin.api import Api
from tests.stripe_twin.app import create_app
from tests.stripe_twin.books import Books
from tests.stripe_twin.desk import Desk
from tests.stripe_twin.holdings import hold
from tests.stripe_twin.post import PostOffice


class Account:
    """A fresh account that holds ``catalog``, with one webhook endpoint.

    Args:
        origin: where API and pages are.
    """

    def __init__(self, catalog: Catalog, clock: Clock, *, origin: str, webhook_url: str, secret: str) -> None:
        self.origin = origin
        self._catalog = catalog
        self._webhook_url = webhook_url
        self.books = Books(clock)
        self.api = Api(self.books, origin)
        self.desk = Desk(self.books, origin)
        self.app = create_app(self.api, self.desk)
        self.post = PostOffice(self.books, url=webhook_url, secret=secret)
        self.books.heard = self.post.take
        self._furnish()

    def reset(self) -> None:
        """Forget everything but the catalog and the endpoint."""
        self.books.clear()
        self.api.forget()
        self.post.clear()
        self._furnish()

    def _furnish(self) -> None:
        hold(self.books, self._catalog)
        self.books.new(
            "webhook_endpoint",
            api_version=stripe.api_version,
            enabled_events=["*"],
            metadata={},
            status="enabled",
            url=self._webhook_url,
        )
