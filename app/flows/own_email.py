"""An address that the product has not confirmed: nothing is ordered with it until its owner has, by a mail of ours."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from app.core.problems import ProblemId, Refused, problem
from app.emails.mails import EmailConfirmation
from app.flows import wording
from app.flows.deps import Deps
from app.flows.post import enqueue_mail
from app.identity import email_proofs, limits
from app.identity.actor import Person
from app.identity.limits import Limit
from app.identity.sessions import hash_of

MAILS_A_PERSON = Limit(5, timedelta(hours=1))
MAILS_AN_ADDRESS = Limit(5, timedelta(hours=1))  # whoever calls themselves by it


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEmail:
    """The address of the person signed in, and whether an order can be made with it."""

    email: str
    is_confirmed: bool


async def own_email(deps: Deps, person: Person) -> OwnEmail:
    """Return the person's address and whether the issuer, or they themselves by our mail, confirmed it."""
    is_confirmed = person.email_verified
    if not is_confirmed and person.email:
        is_confirmed = await deps.db.read(lambda connection: email_proofs.is_proven(connection, person))
    return OwnEmail(email=person.email, is_confirmed=is_confirmed)


async def check_email(deps: Deps, person: Person, *, next_path: str) -> None:
    """Raise Refused with E-EMAIL, which leads to confirming and from there to ``next_path``, unless it is confirmed."""
    if not (await own_email(deps, person)).is_confirmed:
        raise Refused(replace(problem(ProblemId.E_EMAIL), path=wording.email_path(next_path)))


async def send_confirmation(deps: Deps, person: Person, *, next_path: str) -> timedelta | None:
    """Mail the link to the person's own address; return how long to wait when there were too many mails."""
    now = deps.clock.wall()
    address = deps.sealer.fingerprints(person.email.lower(), "e-mail confirmation")[0]
    buckets = {f"proof:person:{person.person_id}": MAILS_A_PERSON, f"proof:address:{address}": MAILS_AN_ADDRESS}

    def write(connection: Connection) -> timedelta | None:
        wait = limits.take(connection, buckets, now)
        if wait is not None:
            return wait
        token = email_proofs.new_proof(connection, person, next_path=next_path, now=now)
        mail = EmailConfirmation(
            to=person.email,
            person=person.username or person.name or person.email,
            url=f"{deps.config.base_url}/account/email/{token}",
            hours=email_proofs.LIFETIME // timedelta(hours=1),
        )
        enqueue_mail(connection, deps.sealer, mail, dedupe_key=f"email_confirmation:{hash_of(token)}", now=now)
        return None

    return await deps.db.write(write)


async def confirm_email(deps: Deps, person: Person, token: str) -> str | None:
    """Take the address as confirmed and return where to go on; None when the link does not work for this person."""
    now = deps.clock.wall()
    return await deps.db.write(lambda connection: email_proofs.take_proof(connection, person, token, now=now))
