"""The funnel's and the engine's words as marketing reads them."""

from app.events.funnel import Side, Step
from app.promotions.answers import Reason

STEPS = {
    Step.LANDING: "Opened the link",
    Step.PLANS_VIEWED: "Saw the offer",
    Step.PLAN_CHOSEN: "Chose to buy",
    Step.SIGNED_IN: "Signed in",
    Step.CHECKOUT_VIEWED: "Saw the checkout",
    Step.DETAILS_VALID: "Gave valid details",
    Step.PAYMENT_READY: "Ready to pay",
    Step.CONFIRMED: "Pressed the button",
    Step.PAID: "Paid",
    Step.GRANTED: "Switched on",
    Step.RETURNED: "Went back to the product",
}
ENTRIES = {
    Step.LANDING: "By a campaign link",
    Step.PLANS_VIEWED: "By the plan page",
    Step.PLAN_CHOSEN: "Straight to the checkout",
}
SIDES = {
    Side.PROMO_APPLIED: "A promotion applied",
    Side.PROMO_REJECTED: "A code or link did not apply",
    Side.SALES_CHOSEN: "Asked the sales team",
    Side.QUOTE_REPRICED: "The price was another one when the button was pressed",
    Side.ACTION_REQUIRED: "The bank wanted to hear from the buyer",
}
KINDS = {
    "first_order": "New plan",
    "packs": "Packs",
    "add_seats": "More seats",
    "plan_change": "Another plan",
    "renewal": "A renewal paid by hand",
}
DEPLOYMENTS = {"hosted": "Hosted", "self_hosted": "Self-hosted"}
_FAILURES = {
    "card_declined": "Card declined",
    "card_funds": "Not enough money on the card",
    "card_expired": "Card too old",
    "card_cvc": "Wrong card check number",
    "card_address": "Address does not fit the card",
    "card_type": "Kind of card not taken",
    "card_limit": "Card over its limit",
    "card_auth": "Not confirmed with the bank",
    "timed_out": "Left the payment page until it closed",
    "cancelled": "Given up, or the price had changed",
}
# why it did not apply, and what marketing can do about it
_REFUSALS = {
    Reason.MALFORMED: ("Nothing that could be a code", "Look at how the code is printed."),
    Reason.UNKNOWN: ("No such code", "Look for misprints in mails and advertisements."),
    Reason.NOT_STARTED: ("Used before the campaign starts", "Start it earlier, or send the link later."),
    Reason.ENDED: ("Used after the campaign ended", "Prolong it, or take the link out of what still runs."),
    Reason.PAUSED: ("Used while the campaign was paused", "Resume it, or say when it comes back."),
    Reason.ORDER_KIND: ("For another kind of order", "Say what it is for, or widen its rules."),
    Reason.ITEM: ("For another plan, add-on or deployment", "Name the plan in the advertisement."),
    Reason.CURRENCY: ("Not for this currency", "Add an amount for the currency."),
    Reason.COUNTRY: ("Not for this country", "Send the link to the right countries alone."),
    Reason.ACCOUNT: ("For other accounts or mail domains", "Check who was sent the link."),
    Reason.BELOW_MINIMUM: ("Too small an order", "Lower the minimum, or name it in the headline."),
    Reason.ABOVE_MAXIMUM: ("Too large an order", "Raise the maximum, or lead large orders to sales."),
    Reason.NOT_NEW: ("For new customers alone", "Leave customers out of the mailing, or make them an offer."),
    Reason.NOT_EXISTING: ("For customers alone", "Leave strangers out of the mailing."),
    Reason.NOT_LAPSED: ("For customers who come back", "Check who was sent the link."),
    Reason.USED: ("Used already by the same customer", "Nothing: the limit works."),
    Reason.EXHAUSTED: ("Nothing was left", "Raise the budget and publish, or end the campaign."),
    Reason.NO_EFFECT: ("Would have taken nothing off", "Check the offer against what is sold."),
    Reason.NOT_COMBINED: ("Another offer was better", "Let the two combine, or leave it so."),
}
_BY_NAME = {reason.value: words for reason, words in _REFUSALS.items()}


def failure(reason: str) -> str:
    """Return why an order was not paid."""
    return _FAILURES.get(reason, _sentence(reason))


def refusal(reason: str) -> tuple[str, str]:
    """Return why a code or a link did not apply, and what to do about it, which may be empty."""
    return _BY_NAME.get(reason, (_sentence(reason), ""))


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize()
