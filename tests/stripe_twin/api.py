"""The twin's API: the guard, the faults on request, keys and their answers, and then the endpoints."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.stripe_twin import billing_endpoints, shop_endpoints
from tests.stripe_twin.books import Books, CannotExpand
from tests.stripe_twin.endpoints import Request, handler_for
from tests.stripe_twin.guard import Guard
from tests.stripe_twin.refusals import Refusal, invalid
from tests.stripe_twin.runs import run_due

KEY_SECONDS = 24 * 3600
BUSY_SECONDS = 7
KINDS = ("broken", "rate_limit", "in_use", "bad_key", "forbidden")
KEPT = ("error_500",)
LOADED = (billing_endpoints, shop_endpoints)
"""Modules whose endpoints are answered."""


@dataclass(slots=True)
class Fault:
    """What befalls requests whose ``verb path`` matches, so many times (0: always).

    Attributes:
        kind: ``error_500`` (kept for the key, as Stripe does), ``broken`` (not kept), ``rate_limit``, ``in_use``,
            ``bad_key``, ``forbidden`` (a restricted key), or for the network: ``lost_request``, ``lost_answer``,
            ``refused``, ``silent``, ``proxy_page``.
    """

    kind: str
    pattern: str = ".*"
    times: int = 1

    def fits(self, verb: str, path: str) -> bool:
        """Whether it befalls this request."""
        return re.fullmatch(self.pattern, f"{verb} {path}") is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON and headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    digest: str
    endpoint: str
    answer: Answer
    at: int


class Api:
    """One Stripe account in test mode; ``origin`` is where its pages are."""

    def __init__(self, books: Books, origin: str) -> None:
        self.books = books
        self.origin = origin
        self.guard = Guard()
        self.faults: list[Fault] = []
        self._kept: dict[str, _Kept] = {}
        self._requests = 0
        self.skew = timedelta(0)
        self.last_params: Mapping[str, Any] = {}

    def handle(self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Answer a request."""
        self._requests += 1
        self.last_params = params
        answer = self._answer(verb, path, params, headers)
        dated = format_datetime(self.books.clock.wall() + self.skew, usegmt=True)
        named = {**answer.headers, "Request-Id": f"req_{self._requests:06d}", "Date": dated}
        return Answer(answer.status, answer.body, named)

    def forget(self) -> None:
        """Forget keys and faults."""
        self._kept.clear()
        self.faults.clear()

    def take_fault(self, kinds: tuple[str, ...], verb: str, path: str) -> str:
        """Return the kind of the fault that befalls a request, empty for none, and count it."""
        for fault in self.faults:
            if fault.kind in kinds and fault.fits(verb, path):
                if fault.times == 1:
                    self.faults.remove(fault)
                fault.times = max(0, fault.times - 1)
                return fault.kind
        return ""

    def _answer(self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        if problems := self.guard.request(verb, path, params, headers):
            return Answer(400, invalid("; ".join(problems), code="parameter_unknown").body)
        if not headers.get("authorization", "").startswith("Bearer sk_test_"):
            return Answer(401, Refusal(401, "invalid_request_error", message="Invalid API Key provided.").body)
        key = headers.get("idempotency-key", "") if verb == "post" else ""
        if (turned_away := self._turned_away(verb, path)) is not None:
            return turned_away
        if (known := self._known(key, verb, path, params)) is not None:
            return known
        if self.take_fault(KEPT, verb, path):
            return self._keep(key, verb, path, params, Answer(500, _failure().body))
        return self._done(key, verb, path, params)

    def _turned_away(self, verb: str, path: str) -> Answer | None:
        """Return what is answered before Stripe looks at a request's key."""
        match self.take_fault(KINDS, verb, path):
            case "bad_key":
                return Answer(401, Refusal(401, "invalid_request_error", message="Invalid API Key provided.").body)
            case "forbidden":
                message = "The provided key does not have the required permissions for this endpoint."
                return Answer(403, Refusal(403, "invalid_request_error", message=message).body)
            case "rate_limit":
                body = Refusal(429, "invalid_request_error", code="rate_limit", message="Too many requests.").body
                return Answer(429, body, {"Retry-After": str(BUSY_SECONDS)})
            case "in_use":
                message = "There is currently another in-progress request using this key."
                body = Refusal(409, "invalid_request_error", code="idempotency_key_in_use", message=message).body
                return Answer(409, body)
            case "broken":
                return Answer(500, _failure().body)
        return None

    def _done(self, key: str, verb: str, path: str, params: Mapping[str, Any]) -> Answer:
        run_due(self.books, self.origin)
        found = handler_for(verb, path)
        if found is None:
            raise LookupError(f"the twin has no {verb} {path}")
        handler, refs = found
        request = Request(books=self.books, origin=self.origin, path=path, refs=refs, params=params)
        try:
            body = json.loads(json.dumps(handler(request)))
        except Refusal as refusal:
            self.guard.error(refusal.body)
            answer = Answer(refusal.status, refusal.body)
            return self._keep(key, verb, path, params, answer) if refusal.is_kept else answer
        except CannotExpand as error:
            return Answer(400, invalid(f"This property cannot be expanded: {error}", param="expand").body)
        self.guard.answer(verb, path, body)
        return self._keep(key, verb, path, params, Answer(200, body))

    def _known(self, key: str, verb: str, path: str, params: Mapping[str, Any]) -> Answer | None:
        kept = self._kept.get(key) if key else None
        if kept is None or kept.at + KEY_SECONDS <= self.books.now:
            return None
        if (kept.endpoint, kept.digest) != (f"{verb} {path}", _digest(params)):
            message = "Keys for idempotent requests can only be used with the same endpoint and parameters."
            return Answer(400, Refusal(400, "idempotency_error", message=message).body)
        headers = {**kept.answer.headers, "Idempotent-Replayed": "true"}
        if kept.answer.status >= 500:
            headers["Stripe-Should-Retry"] = "false"
        return Answer(kept.answer.status, kept.answer.body, headers)

    def _keep(self, key: str, verb: str, path: str, params: Mapping[str, Any], answer: Answer) -> Answer:
        if key:
            self._kept[key] = _Kept(_digest(params), f"{verb} {path}", answer, self.books.now)
        return answer


def _failure() -> Refusal:
    return Refusal(500, "api_error", message="Something went wrong on our side.")


def _digest(params: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
