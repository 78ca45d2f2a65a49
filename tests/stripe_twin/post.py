"""Sending webhooks: each event to the one endpoint that there is, at least once, and as badly as a test asks."""

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.vendor_adapters.world import Post, Row, WebhookFaults
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.ledger import instant
from tests.stripe_twin.signing import sign

PAUSE = timedelta(seconds=5)
MOST_TRIES = 40


@dataclass(slots=True)
class Letter:
    """An event on its way; ``after`` is wall time."""

    event: Obj
    after: datetime
    place: float
    status: str = "waiting"
    tries: int = 0
    last_answer: int = 0


class PostOffice:
    """Keeps what is to be sent to ``url``, signed with ``secret`` at the moment of sending."""

    def __init__(self, books: Books, *, url: str, secret: str) -> None:
        self._books = books
        self._url = url
        self._secret = secret
        self._lots = random.Random(20261123)  # noqa: S311  # the same accidents in every run
        self._sending = asyncio.Lock()  # nobody sends what somebody else is sending
        self.letters: list[Letter] = []
        self.faults = WebhookFaults()

    def take(self, event: Obj) -> None:
        """Take an event that has just happened."""
        faults, wall = self.faults, self._books.clock.wall()
        for _ in range(faults.copies):
            is_lost = self._lots.random() * 1_000_000 < faults.drop_ppm
            place = self._lots.random() if faults.shuffle else float(len(self.letters))
            status = "dropped" if is_lost else "waiting"
            self.letters.append(Letter(event=event, after=wall + faults.delay, place=place, status=status))

    async def deliver(self, post: Post, now: datetime, *, everything: bool) -> int:
        """Try each letter that is due, or all that wait, once; return how many arrived."""
        async with self._sending:
            due = [one for one in self.letters if one.status == "waiting" and (everything or one.after <= now)]
            arrived = 0
            for letter in sorted(due, key=lambda one: one.place):
                arrived += await self._send(letter, post)
            return arrived

    def clear(self) -> None:
        """Throw everything away."""
        self.letters.clear()
        self.faults = WebhookFaults()

    def shown(self) -> list[Row]:
        """Return what was sent and what waits."""
        return [
            {
                "id": number,
                "order": letter.event["data"]["object"].get("metadata", {}).get("kassa_order", ""),
                "event": letter.event["id"],
                "kind": letter.event["type"],
                "subject": letter.event["data"]["object"].get("id", ""),
                "status": letter.status,
                "attempts": letter.tries,
                "last_answer": letter.last_answer,
                "occurred_at": instant(letter.event["created"]),
            }
            for number, letter in enumerate(self.letters, 1)
        ]

    async def _send(self, letter: Letter, post: Post) -> bool:
        wall = self._books.clock.wall()
        letter.tries, letter.after = letter.tries + 1, wall + PAUSE * letter.tries
        body = json.dumps(self._books.shown(letter.event)).encode()
        headers = {"content-type": "application/json", **sign(body, wall, self._secret)}
        try:
            letter.last_answer = await post(self._url, headers, body)
        except Exception:
            letter.last_answer = 0  # whatever stopped this one must not stop the others
        has_arrived = 200 <= letter.last_answer < 300
        letter.status = "delivered" if has_arrived else "failed" if letter.tries >= MOST_TRIES else "waiting"
        return has_arrived
