"""Mails on their way out: sealed into the outbox with the fact that causes them, rendered and sent by the worker."""

import dataclasses
import json
from datetime import datetime

from sqlalchemy import Connection

from app.db.sealing import Sealer
from app.emails.mails import Mail
from app.emails.render import render, unpack
from app.events import outbox
from app.flows.deps import Deps


def enqueue_mail(
    connection: Connection, sealer: Sealer, mail: Mail, *, dedupe_key: str, order_id: str = "", now: datetime
) -> bool:
    """Add a mail unless one with the same key was ever added; ``now`` is wall time.

    It is sealed, because a sign-in link or an activation code may stand in it.
    """
    sealed = sealer.seal(json.dumps(dataclasses.asdict(mail)))
    payload = {"mail": type(mail).__name__, "sealed": sealed}
    return outbox.enqueue(
        connection, kind=outbox.MAIL, dedupe_key=dedupe_key, payload=payload, order_id=order_id, now=now
    )


async def send_mail(deps: Deps, job: outbox.Job) -> None:
    """Send the mail of an outbox job; MailUnavailable when it should be tried again."""
    mail = unpack(str(job.payload["mail"]), deps.sealer.open(str(job.payload["sealed"])))
    await deps.mailer.send(render(mail, message_id=job.job_id, order_id=job.order_id))
