"""One key, one effect: the key is kept in the transaction of its effect, so that neither is there without the other."""

from collections.abc import Callable

from sqlalchemy import insert, select

from app.vendor_adapters.embedded import tokens
from app.vendor_adapters.embedded.desk import NAME, Desk
from app.vendor_adapters.embedded.schema import idempotency
from app.vendor_adapters.errors import KeyReused


def once(desk: Desk, key: str, arguments: object, effect: Callable[[], str]) -> str:
    """Return the ref that ``effect`` makes, running it for the first call with ``key`` only.

    Keys are kept for ever. KeyReused when the key came with other arguments or another operation. A refusal leaves
    no trace, so that the call may be made again. The answer is read anew each time: it is what became of the one
    effect, as it is now.
    """
    fingerprint = tokens.digest(desk.operation, arguments)
    row = desk.connection.execute(select(idempotency).where(idempotency.c.key == key)).one_or_none()
    if row is None:
        subject = effect()
        desk.connection.execute(
            insert(idempotency).values(key=key, arguments=fingerprint, subject=subject, made_wall=desk.wall)
        )
        return subject
    if row.arguments != fingerprint:
        raise KeyReused(vendor=NAME, operation=desk.operation, request_id=desk.request_id)
    kept: str = row.subject
    return kept
