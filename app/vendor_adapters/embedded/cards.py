"""Test cards and what their bank answers. Numbers outside the table are refused: a real card has no business here."""

from dataclasses import dataclass
from enum import Enum

from app.vendor_adapters.types import DeclineReason


class Behaviour(Enum):
    """How a test card's bank answers; it is stored in place of the number."""

    PAYS = "pays"
    CHALLENGES = "challenges"
    PAYS_ONCE = "pays_once"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    FUNDS = "funds"
    EXPIRED = "expired"
    CVC = "cvc"
    ADDRESS = "address"
    LIMIT = "limit"
    TYPE = "type"


class Answer(Enum):
    """What a bank says when it does not say no."""

    PAID = "paid"
    CHALLENGE = "challenge"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCard:
    """One number of the table; ``meaning`` is what people are told of it."""

    number: str
    brand: str
    behaviour: Behaviour
    meaning: str

    @property
    def spaced(self) -> str:
        """The number as it stands on a card."""
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


def _card(number: str, behaviour: Behaviour, meaning: str, brand: str = "Visa") -> DemoCard:
    return DemoCard(number=number, brand=brand, behaviour=behaviour, meaning=meaning)


TEST_CARDS = (
    _card("4242424242424242", Behaviour.PAYS, "pays"),
    _card("5555555555554444", Behaviour.PAYS, "pays", "Mastercard"),
    _card("4000002500003155", Behaviour.CHALLENGES, "asks for 3-D Secure when you pay"),
    _card("4000000000000002", Behaviour.DECLINED, "is declined"),
    _card("4000000000009995", Behaviour.FUNDS, "has not enough money"),
    _card("4000000000000069", Behaviour.EXPIRED, "has expired"),
    _card("4000000000000127", Behaviour.CVC, "has another security code"),
    _card("4000000000000036", Behaviour.ADDRESS, "belongs to another postal code"),
    _card("4000000000006975", Behaviour.LIMIT, "is over its limit"),
    _card("4000003560000008", Behaviour.TYPE, "does not allow this kind of purchase"),
    _card("4000000000000341", Behaviour.PAYS_ONCE, "pays once and is declined at the next charge"),
    _card("4000000000000119", Behaviour.NO_ANSWER, "gives no answer in time"),
)
BY_NUMBER = {card.number: card for card in TEST_CARDS}


def ask_bank(
    behaviour: Behaviour, *, is_expired: bool, is_stored: bool, is_buyer_present: bool
) -> Answer | DeclineReason:
    """Return the bank's answer to a charge.

    A card that asks for 3-D Secure does so only while the buyer is there: renewals rest on the check made before.
    """
    if is_expired:
        return DeclineReason.EXPIRED
    match behaviour:
        case Behaviour.PAYS:
            return Answer.PAID
        case Behaviour.PAYS_ONCE:
            return DeclineReason.DECLINED if is_stored else Answer.PAID
        case Behaviour.CHALLENGES:
            return Answer.CHALLENGE if is_buyer_present else Answer.PAID
        case Behaviour.NO_ANSWER:
            return Answer.LATER
        case _:
            return DeclineReason(behaviour.value)
