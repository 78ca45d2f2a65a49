"""The steps of a purchase that many journeys take."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from e2e.hands import Hands
from e2e.world import Row, World

PAYS = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
HAS_NO_MONEY = "4000 0000 0000 9995"
EXPIRED = "4000 0000 0000 0069"
WRONG_CODE = "4000 0000 0000 0127"
MISTYPED = "4242 4242 4242 4241"
ASKS_THE_BANK = "4000 0025 0000 3155"
GIVES_NO_ANSWER = "4000 0000 0000 0119"
AT_THE_VENDOR = {
    "E-CARD-DECLINED": "card was declined",
    "E-CARD-FUNDS": "insufficient funds",
    "E-CARD-EXPIRED": "has expired",
    "E-CARD-CVC": "security code is incorrect",
    "E-CARD-AUTH": "unable to authenticate",
}
"""What a vendor says of a refusal whose page takes another card itself."""
FOR_ACME = "/buy?plan=team&group=acme&seats=10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A billing address; ``region`` only where the country has states."""

    country: str
    region: str = ""
    line1: str
    city: str
    postal_code: str


NEW_YORK = Place(
    country="United States", region="New York", line1="350 Fifth Avenue", city="New York", postal_code="10118"
)
BERLIN = Place(country="Germany", line1="Hauptstraße 5", city="Berlin", postal_code="10115")


def fill_address(hands: Hands, place: Place) -> None:
    """Fill in where the bill goes; name and e-mail are there already."""
    hands.choose("Country", place.country)
    if place.region:
        show_the_total(hands)
        hands.choose("State", place.region)
    hands.type("Address line 1", place.line1)
    hands.type("Town or city", place.city)
    hands.type("Postal code", place.postal_code)


def show_the_total(hands: Hands) -> None:
    """Without scripts, press the button that does what happens by itself with them."""
    if hands.page.get_by_role("button", name="Update the total").is_visible():
        hands.press("Update the total")


def agree(hands: Hands) -> None:
    """Tick the terms."""
    hands.click(hands.page.get_by_role("checkbox", name="I agree"))


def go_on_to_pay(page: Page, world: World, link: str = FOR_ACME) -> None:
    """Go from a link to the vendor's payment page as somebody who is signed in, with an address in New York."""
    hands = Hands(page)
    page.goto(link)
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    agree(hands)
    expect_total(page, 378_885)
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.vendor, "/pay/")


def pay(page: Page, number: str = PAYS) -> None:
    """Type a card on the vendor's page and pay."""
    hands = Hands(page)
    hands.type_card(number)
    hands.press_the_next_step()


def expect_refused(page: Page, world: World, code: str, text: str) -> None:
    """The card was refused: told at the checkout, or on the vendor's page where another card can be tried there."""
    told = re.compile(f"{re.escape(code)}|{AT_THE_VENDOR[code]}")
    expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
    if page.url.startswith(world.vendor):
        expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
        return
    expect_problem(page, code, text)
    expect(page.locator(".error-summary")).to_contain_text("You have not been charged.")


def back_to_the_card(page: Page, world: World) -> None:
    """Be where another card can be typed after one was refused."""
    if not page.url.startswith(world.vendor):
        hands = Hands(page)
        agree(hands)
        hands.press_the_next_step()
    expect_at(page, world.vendor, "/pay/")
    expect_total(page, 378_885)


def expect_at(page: Page, origin: str, path: str) -> None:
    """The page is one of ``origin`` whose path begins with ``path``."""
    expect(page).to_have_url(re.compile(f"^{re.escape(origin + path)}"))


def expect_total(page: Page, minor: int, currency: str = "usd") -> None:
    """The page's one payable total is this."""
    total = page.locator("[data-total]")
    expect(total).to_have_attribute("data-total", str(minor))
    expect(total).to_have_attribute("data-currency", currency)


def expect_problem(page: Page, code: str, text: str = "") -> None:
    """The error summary tells this problem, with its id; it has the focus, and the title says so too."""
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("There is a problem")
    expect(summary.locator("li").filter(has_text=code).filter(has_text=text).first).to_be_visible()
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))


def expect_granted(page: Page, heading: str = "You have Team for 10 people in Acme") -> None:
    """The order's page says that what was bought is there."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def ordered(rows: list[Row]) -> list[Row]:
    """Return those rows of the vendor's books that an order made, and no seed."""
    return [row for row in rows if row["order"]]


def grants(world: World, group: str) -> list[Row]:
    """Return what the product was told to switch on for a group."""
    return [row for row in world.product_books()["grants"] if row["group"] == group]
