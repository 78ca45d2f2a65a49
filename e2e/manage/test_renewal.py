"""Managing a subscription in a real browser: another plan, renewal off and on, a refused renewal mended."""

from playwright.sync_api import Page, expect

from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World


def test_an_upgrade_shows_its_price_as_it_is_typed(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/subscriptions")
    page.get_by_role("link", name="Team for Globex").click()
    page.get_by_role("link", name="Change the plan").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "245550")
    page.get_by_label("Seats in all").fill("12")
    expect(page.get_by_role("button", name="and switch to Scale")).not_to_have_text(
        "Pay 2,455.50 USD and switch to Scale"
    )
    page.get_by_label("Seats in all").fill("10")
    page.get_by_role("button", name="Pay 2,455.50 USD and switch to Scale").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have Scale for 10 people in Globex")


def test_renewal_is_turned_off_and_on(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/subscriptions")
    page.get_by_role("link", name="Team for Globex").click()
    page.get_by_role("link", name="Renewal").click()
    page.get_by_label("Another reason").check()
    page.get_by_role("button", name="Turn it off").click()
    expect(page.locator(".panel")).to_contain_text("Automatic renewal is off: it ends on 1 March 2027")
    page.get_by_role("button", name="Turn automatic renewal on").click()
    expect(page.locator(".panel")).to_contain_text("Renews on 1 March 2027")


def test_the_last_days_of_a_term(page: Page, world: World) -> None:
    """The next term is paid before its day, which then charges nothing."""
    sign_in(page, world, "bob")
    world.set_clock("2027-02-20T12:00:00Z")
    page.goto("/subscriptions")
    page.get_by_role("link", name="Team for Globex").click()
    subscription = page.url
    check_looks(page, is_flow=False)
    pays = page.get_by_role("link", name="Renew now")
    pays.click()
    check_looks(page)
    page.locator("main [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Team for Globex is renewed until 1 March 2028")
    check_looks(page)
    world.set_clock("2027-03-01T12:00:00Z")
    page.goto(f"{subscription}/renewal")
    expect(page.locator(".panel")).to_contain_text("Renews on 1 March 2028")
    assert [row["amount"] for row in world.charges() if row["at"] >= "2027"] == [378_885]


def test_an_unpaid_renewal_leads_to_its_payment(page: Page, world: World) -> None:
    sign_in(page, world, "eve")
    page.goto("/buy/seats?group=hooli")
    expect(page.get_by_text("is unpaid. Pay it first.")).to_be_visible()
    page.get_by_role("link", name="Pay the invoice").click()
    for name, typed in {"cc-number": "4242424242424242", "cc-exp": "12/30", "cc-csc": "123", "cc-name": "Eve"}.items():
        page.locator(f"[name={name}]").fill(typed)
    page.locator("[data-primary]").click()
    expect(page.get_by_label("Card number")).to_have_count(0)  # the vendor has answered
    world.drain()
    page.goto("/buy/seats?group=hooli")
    expect(page.get_by_role("button", name="and add 1 seat")).to_be_visible()
