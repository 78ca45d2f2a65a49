"""The promo field of a checkout: a code applied to it, or removed from it."""

from app.flows.campaigns.codes import Tried, take_back, try_code
from app.flows.checkout_page import Checkout, open_intent, read_checkout
from app.flows.deps import Deps
from app.identity.actor import Actor
from app.promotions.misses import Guesser


async def apply_code(deps: Deps, actor: Actor, intent_id: str, typed: str, guesser: Guesser) -> Tried[Checkout]:
    """Try ``typed`` and return the checkout as it then is."""
    intent = await open_intent(deps, actor, intent_id)

    async def read() -> Checkout:
        return await read_checkout(deps, actor, intent, guesser=guesser)

    return await try_code(deps, guesser, intent.intent_id, typed, read=read, promo_of=lambda checkout: checkout.promo)


async def remove_code(deps: Deps, actor: Actor, intent_id: str, key: str) -> Checkout:
    """Remove what is asked for under ``key`` and return the checkout as it then is."""
    intent = await open_intent(deps, actor, intent_id)
    await take_back(deps, intent.intent_id, key)
    return await read_checkout(deps, actor, intent)
