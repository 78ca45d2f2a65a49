"""Signing in and out: through the product's identity provider, by a one-time link, and as somebody else."""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection

from app.core.problems import ProblemId
from app.emails.mails import SignInLink
from app.flows.deps import Deps
from app.flows.post import enqueue_mail
from app.identity import limits, login_links
from app.identity.limits import Limit
from app.identity.login_links import LoginLink
from app.identity.people import upsert_person
from app.identity.sessions import hash_of
from app.identity.sign_ins import StartedSignIn, keep_sign_in, next_path_of, take_sign_in
from app.identity.sso import Answer, SignInInterrupted, SignInUnavailable

LINKS_A_VISITOR = Limit(5, timedelta(hours=1))
LINKS_AN_ADDRESS = Limit(5, timedelta(hours=1))
LINKS_A_NETWORK = Limit(30, timedelta(hours=1))
_SWITCH = "switch account:"  # sets these sealed texts apart from all others
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody proved who they are; the session is for the caller to start."""

    person_id: str
    next_path: str
    id_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSignedIn:
    """Nobody did, and why; ``next_path`` is where the buyer meant to go, empty when that is not known."""

    problem: ProblemId
    next_path: str


async def begin_sign_in(
    deps: Deps, *, visitor_id: str, next_path: str, login_hint: str = "", prompt: str = ""
) -> str | None:
    """Write a new sign-in down and return the issuer's address for it; None when the issuer does not answer."""
    if deps.identity is None:
        return None
    started = StartedSignIn(next_path=next_path)
    try:
        address = await deps.identity.begin(started, login_hint=login_hint, prompt=prompt)
    except SignInUnavailable as error:
        _log.warning("sign-in unavailable", reason=str(error))
        return None
    now = deps.clock.wall()
    await deps.db.write(lambda connection: keep_sign_in(connection, started, visitor_id=visitor_id, now=now))
    return address


async def finish_sign_in(deps: Deps, *, visitor_id: str, state: str, answer: Answer) -> SignedIn | NotSignedIn:
    """Take the issuer's answer to a sign-in of this visitor, once, and return who came.

    The sign-in is used up before the issuer is asked, so that an answer that is sent again finds nothing.
    """
    now = deps.clock.wall()

    def take(connection: Connection) -> tuple[StartedSignIn | None, str]:
        started = take_sign_in(connection, state=state, visitor_id=visitor_id, now=now)
        return started, next_path_of(connection, state=state, visitor_id=visitor_id)

    started, next_path = await deps.db.write(take)
    if started is None or deps.identity is None:
        return NotSignedIn(problem=ProblemId.E_STATE, next_path=next_path)
    try:
        claims = await deps.identity.finish(started, answer)
    except SignInInterrupted as error:
        _log.info("sign-in interrupted", reason=str(error))
        return NotSignedIn(problem=ProblemId.E_STATE, next_path=next_path)
    except SignInUnavailable as error:
        _log.warning("sign-in unavailable", reason=str(error))
        return NotSignedIn(problem=ProblemId.E_IDP, next_path=next_path)
    person = await deps.db.write(lambda connection: upsert_person(connection, claims, now))
    return SignedIn(person_id=person.person_id, next_path=next_path, id_token=claims.id_token)


async def send_sign_in_link(
    deps: Deps, *, email: str, next_path: str, visitor_id: str, network: str
) -> timedelta | None:
    """Mail a one-time link to an address, known here or not; return how long to wait when there were too many.

    The same work is done for every address, so that neither the answer nor its time tells who is a customer.
    """
    now, address = deps.clock.wall(), login_links.normal_email(email)
    buckets = {
        f"link:visitor:{visitor_id}": LINKS_A_VISITOR,
        f"link:address:{deps.sealer.fingerprints(address, 'sign-in link')[0]}": LINKS_AN_ADDRESS,
        f"link:network:{limits.network_of(network)}": LINKS_A_NETWORK,
    }

    def write(connection: Connection) -> timedelta | None:
        wait = limits.take(connection, buckets, now)
        if wait is not None:
            return wait
        token = login_links.new_link(connection, email=address, next_path=next_path, visitor_id=visitor_id, now=now)
        mail = SignInLink(
            to=address,
            url=f"{deps.config.base_url}/login/link/{token}",
            hours=login_links.LIFETIME // timedelta(hours=1),
        )
        enqueue_mail(connection, deps.sealer, mail, dedupe_key=f"sign-in-link:{hash_of(token)}", now=now)
        return None

    return await deps.db.write(write)


async def read_link(deps: Deps, token: str) -> LoginLink | None:
    """Return what a one-time link would do, without using it; None when it does not work (any more)."""
    now = deps.clock.wall()
    return await deps.db.read(lambda connection: login_links.find_link(connection, token, now))


async def use_link(deps: Deps, token: str) -> SignedIn | None:
    """Use a one-time link and return whom it signs in; None when it does not work (any more)."""
    now, config = deps.clock.wall(), deps.config

    def take(connection: Connection) -> SignedIn | None:
        link = login_links.take_link(connection, token, now)
        if link is None:
            return None
        person = login_links.person_at(
            connection, link.email, issuer=config.oidc.issuer, mail_issuer=f"{config.base_url}/mail", now=now
        )
        return SignedIn(person_id=person.person_id, next_path=link.next_path)

    return await deps.db.write(take)


async def sign_out_address(deps: Deps, id_token: str) -> str:
    """Return where the browser goes to be signed out at the issuer too; empty when there is nothing to do there."""
    if deps.identity is None or not id_token:
        return ""
    return await deps.identity.logout_url(id_token=id_token, return_to=f"{deps.config.base_url}/")


async def switch_address(deps: Deps, id_token: str, next_path: str) -> str:
    """Return the issuer's sign-out address from which the browser comes back to sign in as somebody else.

    The issuer leads back to one registered address, the home page, so ``next_path`` travels sealed in ``state``.
    Empty when there is nothing to do at the issuer.
    """
    if deps.identity is None or not id_token:
        return ""
    state = deps.sealer.seal(_SWITCH + next_path)
    return await deps.identity.logout_url(id_token=id_token, return_to=f"{deps.config.base_url}/", state=state)


def path_after_switch(deps: Deps, state: str) -> str:
    """Return the ``next_path`` that ``switch_address`` sealed; empty when the state is not one of ours."""
    try:
        opened = deps.sealer.open(state)
    except (InvalidToken, ValueError):
        return ""
    return opened.removeprefix(_SWITCH) if opened.startswith(_SWITCH) else ""
