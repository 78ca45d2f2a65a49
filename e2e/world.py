"""The demo controls, as docs/http.md describes them: the clock, the queues, the faults, and everybody's books."""

from datetime import datetime
from typing import Any

import httpx2

from e2e.demo import Demo

# JSON as it comes: the tests that read it say what they expect of it
Row = dict[str, Any]


class World:
    """One demo's world.

    Attributes:
        store, product, vendor: where each answers, without a trailing slash.
    """

    def __init__(self, demo: Demo, client: httpx2.Client) -> None:
        self.store = demo.store
        self.product = demo.product
        self.vendor = demo.vendor
        self._client = client

    def reset(self) -> None:
        """Begin again with a fresh world of the same people."""
        self._call("DELETE", "/_demo/faults")
        self._call("POST", "/_demo/reset")

    def now(self) -> datetime:
        """Return business time."""
        return datetime.fromisoformat(self._call("GET", "/_demo/clock")["now"])

    def set_clock(self, now: str) -> None:
        """Move business time on to an instant such as ``2027-03-01T00:00:00Z``, and run what falls due."""
        self._call("POST", "/_demo/clock", {"now": now})

    def advance(self, period: str) -> None:
        """Move business time on by a period such as ``P30D``, and run what falls due."""
        self._call("POST", "/_demo/clock", {"advance": period})

    def drain(self) -> Row:
        """Work through everything that waits, until all is quiet; returns the counts."""
        counts: Row = self._call("POST", "/_demo/drain")
        return counts

    def break_vendor(self, op: str, fault: str, *, times: int = 1) -> None:
        """Have the vendor's operation ``op`` fail ``times`` times (0: until ``mend``), such as ``timeout_after``."""
        self._call("POST", "/_demo/faults", {"vendor": [{"op": op, "fault": fault, "times": times}]})

    def break_product(self, op: str, fault: str, *, times: int = 1) -> None:
        """The same for the product: ``grant``, ``usage``, ``owners`` or ``any``."""
        self._call("POST", "/_demo/faults", {"product": [{"op": op, "fault": fault, "times": times}]})

    def break_sign_in(self, op: str, fault: str, *, times: int = 1) -> None:
        """The same for the identity provider: ``discovery``, ``token``, ``jwks`` or ``any``."""
        self._call("POST", "/_demo/faults", {"idp": [{"op": op, "fault": fault, "times": times}]})

    def disturb_webhooks(self, *, duplicate: int = 1, shuffle: bool = False, drop: float = 0.0) -> None:
        """Have the vendor's reports come several times, in any order, or not at all."""
        self._call("POST", "/_demo/faults", {"webhooks": {"duplicate": duplicate, "shuffle": shuffle, "drop": drop}})

    def mend(self) -> None:
        """End every fault."""
        self._call("DELETE", "/_demo/faults")

    def vendor_books(self) -> dict[str, list[Row]]:
        """Return the vendor's whole books; amounts are in minor units."""
        books: dict[str, list[Row]] = self._call("GET", "/_demo/vendor")
        return books

    def charges(self) -> list[Row]:
        """Return what was charged."""
        return self.vendor_books()["charges"]

    def refund(self, charge: str, amount: int) -> None:
        """Have the vendor give ``amount`` minor units of a charge back."""
        self._call("POST", "/_demo/vendor/refunds", {"charge": charge, "amount": amount})

    def dispute(self, charge: str, state: str) -> None:
        """Have a charge disputed: ``state`` is the dispute's new state."""
        self._call("POST", "/_demo/vendor/disputes", {"charge": charge, "state": state})

    def product_books(self) -> Row:
        """Return the product's groups and the grants that it received."""
        books: Row = self._call("GET", "/_demo/product")
        return books

    def mails(self) -> list[Row]:
        """Return the mails that were sent, newest first."""
        mails: list[Row] = self._call("GET", "/_demo/mail")["mails"]
        return mails

    def _call(self, method: str, path: str, body: Row | None = None) -> Any:
        answer = self._client.request(method, f"{self.store}{path}", json=body)
        assert answer.is_success, f"{method} {path} answered {answer.status_code}: {answer.text[:2000]}"
        return answer.json() if answer.content else {}
