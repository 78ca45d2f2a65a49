"""What can go wrong for a buyer, as data: one id, one text, one status each. Pages show the text, the id beside it,
and whether money moved; docs/errors.md lists them."""

from dataclasses import dataclass
from enum import Enum


class ProblemId(Enum):
    """Each member is the id that a page shows and support asks for."""

    E_PRICE = "E-PRICE"
    E_QUOTE = "E-QUOTE"
    E_GROUP = "E-GROUP"
    E_HASPLAN = "E-HASPLAN"
    E_OWNER = "E-OWNER"
    E_SEATS_LOW = "E-SEATS-LOW"
    E_SEATS_MAX = "E-SEATS-MAX"
    E_SEATS_RENEW = "E-SEATS-RENEW"
    E_CHANGED = "E-CHANGED"
    E_CHANNEL = "E-CHANNEL"
    E_MULTIYEAR = "E-MULTIYEAR"
    E_PO = "E-PO"
    E_OFFLINE = "E-OFFLINE"
    E_COMMUNITY = "E-COMMUNITY"
    E_CHANGES = "E-CHANGES"
    E_EXPIRED = "E-EXPIRED"
    E_ENDS = "E-ENDS"
    E_RENEWED = "E-RENEWED"
    E_RENEW_EARLY = "E-RENEW-EARLY"
    E_RENEW_DAY = "E-RENEW-DAY"
    E_RENEW_PEOPLE = "E-RENEW-PEOPLE"
    E_RENEW_BOOKED = "E-RENEW-BOOKED"
    E_RENEW_DISCOUNT = "E-RENEW-DISCOUNT"
    E_NOCARD = "E-NOCARD"
    E_PASTDUE = "E-PASTDUE"
    E_SEATS = "E-SEATS"
    E_ADDR_REGION = "E-ADDR-REGION"
    E_ADDR_POST = "E-ADDR-POST"
    E_COUNTRY = "E-COUNTRY"
    E_TAXID = "E-TAXID"
    E_PROMO_UNKNOWN = "E-PROMO-UNKNOWN"
    E_PROMO_ENDED = "E-PROMO-ENDED"
    E_PROMO_SOON = "E-PROMO-SOON"
    E_PROMO_KIND = "E-PROMO-KIND"
    E_PROMO_PLAN = "E-PROMO-PLAN"
    E_PROMO_MIN = "E-PROMO-MIN"
    E_PROMO_CUR = "E-PROMO-CUR"
    E_PROMO_NEW = "E-PROMO-NEW"
    E_PROMO_USED = "E-PROMO-USED"
    E_PROMO_OUT = "E-PROMO-OUT"
    E_PROMO_RATE = "E-PROMO-RATE"
    E_PROMO_PAUSED = "E-PROMO-PAUSED"
    E_PROMO_COUNTRY = "E-PROMO-COUNTRY"
    E_PROMO_MAX = "E-PROMO-MAX"
    E_PROMO_EXISTING = "E-PROMO-EXISTING"
    E_PROMO_ACCOUNT = "E-PROMO-ACCOUNT"
    E_PROMO_NOEFFECT = "E-PROMO-NOEFFECT"
    E_PROMO_BUSY = "E-PROMO-BUSY"
    E_EMAIL = "E-EMAIL"
    E_CARD_DECLINED = "E-CARD-DECLINED"
    E_CARD_FUNDS = "E-CARD-FUNDS"
    E_CARD_EXPIRED = "E-CARD-EXPIRED"
    E_CARD_CVC = "E-CARD-CVC"
    E_CARD_ADDRESS = "E-CARD-ADDRESS"
    E_CARD_TYPE = "E-CARD-TYPE"
    E_CARD_LIMIT = "E-CARD-LIMIT"
    E_CARD_AUTH = "E-CARD-AUTH"
    E_CARD_RATE = "E-CARD-RATE"
    E_STATE = "E-STATE"
    E_IDP = "E-IDP"
    E_VENDOR = "E-VENDOR"
    E_PRODUCT = "E-PRODUCT"
    E_GRANT = "E-GRANT"
    E_RATE = "E-RATE"
    E_INPUT = "E-INPUT"
    E_GONE = "E-GONE"
    E_BUSY = "E-BUSY"
    E_SERVER = "E-SERVER"

    @property
    def code(self) -> str:
        """The id as people see it, such as ``E-PRICE``."""
        return self.value

    @property
    def text(self) -> str:
        """The text, with named places in braces."""
        return _TEXTS[self][0]

    @property
    def status(self) -> int:
        """The HTTP status that a page answering with this problem has."""
        return _TEXTS[self][1]


_TEXTS: dict[ProblemId, tuple[str, int]] = {
    ProblemId.E_PRICE: (
        "The price changed while you were reading. You have not been charged. New total: {total}.",
        422,
    ),
    ProblemId.E_QUOTE: ("This offer is more than 30 minutes old. We refreshed it.", 422),
    ProblemId.E_GROUP: (
        "You are not an owner of '{group}' (any more). Ask one of its owners, or choose another group.",
        422,
    ),
    ProblemId.E_HASPLAN: ("'{group}' already has {plan} until {until}.", 422),
    ProblemId.E_OWNER: ("You are signed in as {person}. This link is for a group that {person} does not own.", 403),
    ProblemId.E_SEATS_LOW: ("'{group}' has {members} members. With {seats} seats you will be {over} over.", 200),
    ProblemId.E_SEATS_MAX: ("You can buy up to {most} seats here.", 422),
    ProblemId.E_SEATS_RENEW: ("{people} people use seats. Remove {remove} first, or renew {people}.", 422),
    ProblemId.E_CHANGED: ("Someone changed this subscription a moment ago. It now has {seats} seats.", 422),
    ProblemId.E_CHANNEL: (
        "You bought this through {partner}. Ask them to add seats. They change the plan and renew it, too. {contact}.",
        422,
    ),
    ProblemId.E_MULTIYEAR: ("This subscription runs for several years. Our sales team changes it for you.", 422),
    ProblemId.E_PO: ("This subscription is paid by {how}. Our sales team changes it for you.", 422),
    ProblemId.E_OFFLINE: ("This subscription uses an offline licence. Our sales team changes it for you.", 422),
    ProblemId.E_CHANGES: ("Our sales team changes seats and plan of this subscription for you.", 422),
    ProblemId.E_COMMUNITY: (
        "This subscription is a community grant. It is renewed by applying again: talk to sales.",
        422,
    ),
    ProblemId.E_EXPIRED: ("This subscription ended on {date}. {what}.", 422),
    ProblemId.E_ENDS: (
        "Automatic renewal is off: it ends on {date}, and no term follows to change. Turn it on first.",
        422,
    ),
    ProblemId.E_RENEWED: ("The next term is paid already, until {until}. It can be changed from {start} on.", 422),
    ProblemId.E_RENEW_EARLY: ("The next term begins on {start}. It can be paid from {open} on.", 422),
    ProblemId.E_RENEW_DAY: ("The next term is charged on its day and cannot be paid before.", 422),
    ProblemId.E_RENEW_PEOPLE: (
        "{people}. Before {start} the next term can be paid for the seats that there are: add the others first.",
        422,
    ),
    ProblemId.E_RENEW_BOOKED: (
        "From {start} you have booked {what}: that is charged on {start}. Before, only what runs now can be paid.",
        422,
    ),
    ProblemId.E_RENEW_DISCOUNT: (
        "A discount counts for the next term, and is taken off on its day only: it cannot be paid by hand.",
        422,
    ),
    ProblemId.E_NOCARD: ("There is no card on file to charge{then}.", 422),
    ProblemId.E_PASTDUE: ("{invoice} is unpaid. Pay it first.", 422),
    ProblemId.E_SEATS: ("Enter the number of seats as a whole number from 1 to {most}, like 25.", 422),
    ProblemId.E_ADDR_REGION: ("Choose a {region}: your bank checks it.", 422),
    ProblemId.E_ADDR_POST: ("This postal code does not look right for {country}.", 422),
    ProblemId.E_COUNTRY: ("We cannot sell to this country.", 422),
    ProblemId.E_TAXID: ("We could not confirm this VAT number. You can buy now with VAT, or correct it.", 422),
    ProblemId.E_PROMO_UNKNOWN: ("This code is not valid. Check it and try again.", 422),
    ProblemId.E_PROMO_ENDED: ("This offer ended on {date}.", 422),
    ProblemId.E_PROMO_SOON: ("This offer starts on {date}.", 422),
    ProblemId.E_PROMO_KIND: ("{code} is for {what}.", 422),
    ProblemId.E_PROMO_PLAN: ("{code} is for {what}.", 422),
    ProblemId.E_PROMO_MIN: ("{code} is for {what}.", 422),
    ProblemId.E_PROMO_CUR: ("{code} is for {what}.", 422),
    ProblemId.E_PROMO_NEW: ("{code} is for new customers.", 422),
    ProblemId.E_PROMO_USED: ("This code has already been used.", 422),
    ProblemId.E_PROMO_OUT: ("This offer is used up.", 422),
    ProblemId.E_PROMO_RATE: ("Too many tries. Try again in {minutes} minutes, or go on without a code.", 429),
    ProblemId.E_PROMO_PAUSED: ("This offer is paused.", 422),
    ProblemId.E_PROMO_COUNTRY: ("{code} is not for your country.", 422),
    ProblemId.E_PROMO_MAX: ("{code} is for at most {most}.", 422),
    ProblemId.E_PROMO_EXISTING: ("{code} is for existing customers.", 422),
    ProblemId.E_PROMO_ACCOUNT: ("{code} is not for this account.", 422),
    ProblemId.E_PROMO_NOEFFECT: ("{code} changes nothing here.", 422),
    ProblemId.E_PROMO_BUSY: ("Busy: try again.", 503),
    ProblemId.E_EMAIL: ("Confirm your e-mail address first. Your order is kept.", 403),
    ProblemId.E_CARD_DECLINED: (
        "Your bank declined the card and gave no reason. Try another card or call the bank.",
        200,
    ),
    ProblemId.E_CARD_FUNDS: ("There is not enough money on the card.", 200),
    ProblemId.E_CARD_EXPIRED: ("The card has expired.", 200),
    ProblemId.E_CARD_CVC: ("The security code is wrong.", 200),
    ProblemId.E_CARD_ADDRESS: ("The bank could not match the address: check the postal code.", 200),
    ProblemId.E_CARD_TYPE: (
        "This card does not allow this kind of purchase. Cards issued in India often need a local reseller.",
        200,
    ),
    ProblemId.E_CARD_LIMIT: ("That is over the card's limit.", 200),
    ProblemId.E_CARD_AUTH: ("The bank's check was not completed.", 200),
    ProblemId.E_CARD_RATE: ("Too many card attempts. Try again in {seconds} s. That is at {time} UTC.", 429),
    ProblemId.E_STATE: ("Sign-in was interrupted. Your order is kept.", 400),
    ProblemId.E_IDP: ("We cannot take orders right now. Nothing was charged. Your choices are saved.", 503),
    ProblemId.E_VENDOR: ("We cannot take orders right now. Nothing was charged. Your choices are saved.", 503),
    ProblemId.E_PRODUCT: ("We cannot take orders right now. Nothing was charged. Your choices are saved.", 503),
    ProblemId.E_GRANT: ("Paid. Switching it on takes longer than usual; we will mail you. Order {order}.", 200),
    ProblemId.E_RATE: ("Too many tries. Try again in {minutes} minutes.", 429),
    ProblemId.E_INPUT: ("{text}", 422),
    ProblemId.E_GONE: ("There is no such page, or it is not yours. Nothing was changed.", 404),
    ProblemId.E_BUSY: ("The store is busy for a moment. Try again: the same order is never charged twice.", 503),
    ProblemId.E_SERVER: ("Something went wrong on our side. Press again: the same order is never charged twice.", 500),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem on a page; ``field`` is the name of the form field that it is about, if any.

    ``path`` is another page on which it can be mended. ``wait``: after so many seconds it is over by
    itself; 0 where it is not.
    """

    id: ProblemId
    text: str
    field: str = ""
    path: str = ""
    wait: int = 0

    @property
    def code(self) -> str:
        """The id as people see it."""
        return self.id.code


def problem(which: ProblemId, field: str = "", **words: str) -> Problem:
    """Return the problem with its text filled in."""
    return Problem(which, which.text.format(**words), field)


class Refused(Exception):
    """A flow will not go on; the page shows ``problems``, keeps what was typed, and no money moved."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(found.code for found in problems))
        self.problems = problems


class SignInNeeded(Exception):
    """Nobody is signed in, or not any more; the answer is the way to sign in and back, and nothing was done."""


class NotYours(Exception):
    """The thing does not exist or belongs to somebody else; the two must look the same (404)."""
