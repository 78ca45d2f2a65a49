"""The way in: what a link or the plan page asked for becomes an intent, and the buyer lands on its checkout."""

from sqlalchemy import Connection

from app.core.ids import new_id
from app.events import funnel
from app.events.funnel import Step
from app.flows.campaigns.memory import ask_for, link_of
from app.flows.deps import Deps
from app.flows.journey import start_of
from app.flows.purchase import own_account
from app.identity.actor import Actor
from app.orders.intents import Choice, create_intent
from app.promotions.model import LandingFlow


async def start_intent(
    deps: Deps,
    actor: Actor,
    choice: Choice,
    *,
    promo: str = "",
    flow: LandingFlow | None = LandingFlow.PLANS,
    mark: str = "",
) -> str:
    """Keep ``choice`` for this visitor and return the new intent's id. No money, no reservation, no vendor.

    Args:
        promo: a code of the link, as typed; it is looked at when the price is. flow: what is bought; None
            where what was only remembered of other campaigns does not belong.
        mark: the browser's mark of this day, under which the funnel knows visits without a cookie.
    """
    intent_id = new_id("int")
    person_id = actor.person.person_id if actor.person else None

    def write(connection: Connection) -> None:
        create_intent(
            connection, intent_id, choice, visitor_id=actor.visitor_id, person_id=person_id, now=deps.clock.wall()
        )
        ask_for(connection, deps, actor, intent_id, flow, code=promo, campaign=choice.campaign)
        link_id = link_of(connection, deps, actor, choice.campaign)
        start = start_of(deps, choice, visitor_id=actor.visitor_id, mark=mark, link_id=link_id)
        funnel.begin(connection, intent_id, start, at=deps.clock.now())
        if person_id:
            funnel.note(connection, intent_id, Step.SIGNED_IN, at=deps.clock.now())

    await deps.db.write(write)
    return intent_id


async def account_currency(deps: Deps, actor: Actor) -> str | None:
    """Return the currency that the person's billing account is held to, None when they have none.

    A vendor's customer cannot hold subscriptions in two currencies, so the account's wins over a link's.
    """
    person = actor.person
    if person is None:
        return None
    account = await deps.db.read(lambda connection: own_account(connection, deps, person.person_id))
    return account.currency if account else None
