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
from app.flows.group_names import group_name

GROUP = "\ue000"
"""Stands in a mail's texts for the name of its group until it is sent: the product is asked outside transactions."""


def enqueue_mail(
    connection: Connection,
    sealer: Sealer,
    mail: Mail,
    *,
    dedupe_key: str,
    order_id: str = "",
    group_id: str = "",
    now: datetime,
) -> bool:
    """Add a mail unless one with the same key was ever added; ``now`` is wall time.

    It is sealed, because a sign-in link or an activation code may stand in it. ``group_id`` is the group whose name
    takes the place of ``GROUP``.
    """
    sealed = sealer.seal(json.dumps(dataclasses.asdict(mail)))
    payload = {"mail": type(mail).__name__, "sealed": sealed, "group": group_id}
    return outbox.enqueue(
        connection, kind=outbox.MAIL, dedupe_key=dedupe_key, payload=payload, order_id=order_id, now=now
    )


async def send_mail(deps: Deps, job: outbox.Job) -> None:
    """Send the mail of an outbox job; MailUnavailable when it should be tried again.

    A group that it speaks of is called by its id while the product does not answer: a mail waits for no name.
    """
    body = deps.sealer.open(str(job.payload["sealed"]))
    group_id = str(job.payload.get("group", ""))  # a mail of an earlier release has none
    if group_id:
        body = _with_name(body, await group_name(deps, group_id))
    mail = unpack(str(job.payload["mail"]), body)
    await deps.mailer.send(render(mail, message_id=job.job_id, order_id=job.order_id))


def _with_name(body: str, name: str) -> str:
    fields = json.loads(body).items()
    return json.dumps({key: text.replace(GROUP, name) if isinstance(text, str) else text for key, text in fields})
