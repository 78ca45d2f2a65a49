"""Ways to send a mail: SMTP, or the demo's own outbox that can be looked at."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
from sqlalchemy import Connection, select

from app.core.clock import Clock
from app.core.ids import new_id
from app.db.engine import Database
from app.db.schema.store import mails
from app.db.sql import insert_new

SEND_TIMEOUT = 8.0  # seconds; a job's lease is longer


class MailUnavailable(Exception):
    """The mail could not be handed over; trying again later is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A rendered mail. ``message_id`` is the same on every try, so that a receiver can drop a second copy."""

    message_id: str
    kind: str
    to: str
    subject: str
    text: str
    html: str
    order_id: str


class Mailer(Protocol):
    """Hands letters over."""

    async def send(self, letter: Letter) -> None:
        """Send ``letter`` or raise MailUnavailable."""
        ...


class SmtpMailer:
    """Sends over SMTP.

    Args:
        url: ``smtp://user:password@host:587`` (STARTTLS when offered) or ``smtps://…``. sender: the From line.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message["Message-ID"] = f"<{letter.message_id}@{self._url.hostname}>"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        try:
            await aiosmtplib.send(
                message,
                hostname=self._url.hostname,
                port=self._url.port,
                username=unquote(self._url.username) if self._url.username else None,
                password=unquote(self._url.password) if self._url.password else None,
                use_tls=self._url.scheme == "smtps",
                timeout=SEND_TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnavailable(type(error).__name__) from error


class KeptMailer:
    """Keeps letters in the database for the demo's mail page; the same letter is kept once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def send(self, letter: Letter) -> None:
        values = {
            "mail_id": new_id("mail"),
            "kind": letter.kind,
            "dedupe_key": letter.message_id,
            "sent_to": letter.to,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "order_id": letter.order_id,
            "sent_at": self._clock.now(),
        }
        await self._db.write(lambda connection: insert_new(connection, mails, values))


def kept_letters(connection: Connection) -> list[dict[str, str]]:
    """Return the demo's letters, newest first."""
    rows = connection.execute(select(mails).order_by(mails.c.sent_at.desc(), mails.c.mail_id)).all()
    return [
        {
            "id": row.mail_id,
            "kind": row.kind,
            "to": row.sent_to,
            "subject": row.subject,
            "text": row.text,
            "html": row.html,
            "order": row.order_id,
            "sent_at": row.sent_at.isoformat(),
        }
        for row in rows
    ]
