"""A buyer's hands: they press, choose and type, and count what they did; by mouse, or by keyboard alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Route, expect

_MOST_STEPS = 80  # more presses of Tab than any page has places to stop at


class Hands:
    """Uses a page by mouse and keyboard, as most people do.

    Attributes:
        clicks: presses of links, buttons, ticks and radios, and each choice in a select. fields: text fields typed
            into; going there is not counted apart. The card's own fields (``type_card``) are not counted.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.fields = 0

    def press(self, name: str) -> None:
        """Press the one button or link of that name."""
        main = self.page.get_by_role("main")
        found = main.get_by_role("button", name=name, exact=True).or_(main.get_by_role("link", name=name, exact=True))
        self.click(found)

    def press_the_next_step(self) -> None:
        """Press the page's one next step, whatever it is called."""
        self.click(self.page.locator("main [data-primary]"))

    def click(self, target: Locator) -> None:
        """Press a link, a button, a tick or a radio."""
        self.clicks += 1
        self._click(target)

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a select by its text."""
        self.clicks += 1
        self._choose(self.page.get_by_label(label, exact=True), option)

    def type(self, label: str, text: str) -> None:
        """Type into a text field, over what stands there."""
        self.fields += 1
        self._type(self.page.get_by_label(label, exact=True), text)

    def type_card(self, number: str) -> None:
        """Type a test card into the vendor's page."""
        card = {
            "Card number": number,
            "Valid through": "12/30",
            "Security code": "123",
            "Name on the card": "Ann Archer",
        }
        for label, text in card.items():
            self._type(self.page.get_by_label(label, exact=True), text)

    def _click(self, target: Locator) -> None:
        target.click()

    def _choose(self, target: Locator, option: str) -> None:
        target.select_option(label=option)

    def _type(self, target: Locator, text: str) -> None:
        target.fill(text)


class Keyboard(Hands):
    """Uses a page by keyboard alone: Tab to get there, Space and Enter to press, letters to choose and to type."""

    def _click(self, target: Locator) -> None:
        self._go_to(target)
        is_tick = target.get_attribute("type") in ("checkbox", "radio")
        self.page.keyboard.press("Space" if is_tick else "Enter")

    def _choose(self, target: Locator, option: str) -> None:
        self._go_to(target)
        self.page.keyboard.type(option)
        expect(target.locator("option:checked")).to_have_text(option)

    def _type(self, target: Locator, text: str) -> None:
        self._go_to(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def _go_to(self, target: Locator) -> None:
        expect(target).to_be_visible()
        for _ in range(_MOST_STEPS):
            if target.evaluate("it => it === document.activeElement"):
                expect(target).to_be_in_viewport()
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {target}")


@contextmanager
def held(page: Page, addresses: str) -> Iterator[None]:
    """Keep the answers to what the page asks for from it until the end of the block."""
    routes: list[Route] = []
    page.route(addresses, lambda route: routes.append(route))
    yield
    for route in routes:
        route.continue_()
    page.unroute(addresses)
