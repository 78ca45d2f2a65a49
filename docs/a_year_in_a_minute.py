"""A year in a minute: one plan is bought, grows, renews, fails a charge, recovers, is cancelled, ends and is resumed.

Runs against a demonstration (`make run`), whose world it makes anew: docs/a-year-in-a-minute.md says what it does.
Where a term begins and ends is read from the product, and what can be pressed from the pages: vendors differ in both.
Needs nothing but Python: python3 docs/a_year_in_a_minute.py [http://localhost:8000]
"""

import json
import re
import sys
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

STORE = (sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000").rstrip("/")
CARD = {"cc-number": "4242 4242 4242 4242", "cc-exp": "12/39", "cc-csc": "123", "cc-name": "Ann Archer"}
FAILING_CARD = CARD | {"cc-number": "4000 0000 0000 0341"}  # can be stored, and is declined when it is charged
ADDRESS = {
    "country": "US",
    "region": "NY",
    "full_name": "Ann Archer",
    "email": "ann@acme.example",
    "company": "Acme",
    "line1": "5 Main Street",
    "city": "New York",
    "postal_code": "10001",
    "terms": "yes",
}
MAKE_DEFAULT = "Set as default: Visa ending 0341"
AGREED = {"terms": "yes"}


class Forms(HTMLParser):
    """The links and forms of a page; of a form its address, its fields, and its buttons by their words."""

    def __init__(self, html):
        super().__init__()
        self.links, self.forms = [], []
        self._form, self._text, self._tag, self._select = None, "", {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        here = dict(attrs)
        if tag == "form":
            self._form = {"action": here.get("action", ""), "fields": {}, "buttons": []}
            self.forms.append(self._form)
        elif tag in ("a", "button"):
            self._text, self._tag = "", here
        elif self._form is not None and tag in ("input", "select", "textarea") and "name" in here:
            is_off = here.get("type") in ("checkbox", "radio") and "checked" not in here
            self._select = here["name"] if tag == "select" else ""
            if not is_off:
                self._form["fields"][here["name"]] = here.get("value") or ""
        elif tag == "option" and self._select and "selected" in here:
            self._form["fields"][self._select] = here.get("value") or ""

    def handle_data(self, data):
        self._text += data

    def handle_endtag(self, tag):
        words = " ".join(self._text.split())
        if tag == "a":
            self.links.append((words, self._tag.get("href", "")))
        elif tag == "button" and self._form is not None:
            self._form["buttons"].append((words, self._tag))
        elif tag == "form":
            self._form = None


class Browser:
    """Somebody at a browser: opens, presses, and reads."""

    def __init__(self):
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.url, self.html = STORE, ""

    def open(self, address):
        return self._go(Request(urljoin(f"{STORE}/", address)))

    def follow(self, text):
        href = next(href for words, href in Forms(self.html).links if text in words)
        return self._go(Request(urljoin(self.url, href)))

    def press(self, text, typed=()):
        for form in Forms(self.html).forms:
            for words, button in form["buttons"]:
                if text in words:
                    own = {button["name"]: button.get("value", "")} if "name" in button else {}
                    fields = form["fields"] | own | dict(typed)
                    action = urljoin(self.url, button.get("formaction") or form["action"])
                    return self._go(Request(action, urlencode(fields).encode()))
        raise LookupError(f"there is no button {text!r} on {self.url}")

    def offers(self, text):
        """Whether the page has a button or a link with these words."""
        page = Forms(self.html)
        buttons = [words for form in page.forms for words, _ in form["buttons"]]
        return any(text in words for words in [*buttons, *(words for words, _ in page.links)])

    def says(self, text):
        assert text in self.html, f"{self.url} does not say {text!r}"

    @property
    def total(self):
        return int(re.search(r'data-total="(\d+)"', self.html)[1])

    def _go(self, request):
        try:
            answer = self._opener.open(request, timeout=60)
        except HTTPError as error:
            if error.code != 422:  # the same page again: here with a total that now has its tax
                raise
            answer = error
        with answer:
            self.url, self.html = answer.url, answer.read().decode()
        return self


def control(path, order=None):
    """Use a demo control: read it, or give it an order."""
    body = None if order is None else json.dumps(order).encode()
    request = Request(f"{STORE}/_demo/{path}", body, {"Content-Type": "application/json"})
    with build_opener().open(request, timeout=120) as answer:
        return json.load(answer)


def go_to(day, what):
    """Move business time to a day; store, vendor and product do what falls due by then."""
    control("clock", {"now": day.isoformat()})
    print(f"{day:%d %B %Y}  {what}")


def group():
    """Return what the product has of the group."""
    return next(each for each in control("product")["groups"] if each["id"] == "acme")


def given():
    """Return the plan and the seats that the product gives the group."""
    return group()["plan"], group()["seats"]


def end():
    """Return when the plan ends that the product gives the group."""
    return datetime.fromisoformat(group()["ends_at"])


def kinds():
    """Return the kinds of the mails to the buyer, oldest first; how much is used is another story."""
    mine = [mail["kind"] for mail in reversed(control("mail")["mails"]) if mail["to"] == ADDRESS["email"]]
    return [kind for kind in mine if kind != "usage_alert"]


def main():
    control("reset", {})
    day = datetime.fromisoformat(control("clock")["now"])
    ann = Browser()

    print(f"{day:%d %B %Y}  ann buys Team for 10 people")
    ann.open("/login").press("Continue as ann")
    ann.open("/buy?plan=team&group=acme&seats=10").press("and subscribe", ADDRESS).press("and subscribe", AGREED)
    ann.press("Pay ", CARD)
    control("drain", {})
    assert given() == ("team", 10)
    first_end = end()

    go_to(day + timedelta(days=90), "three people more, for the rest of the term")
    ann.open("/buy/seats?group=acme&add=3")
    more = ann.total
    ann.press("and add 3 seats")
    control("drain", {})
    assert given() == ("team", 13)

    assert end() == first_end
    go_to(first_end - timedelta(days=15), "a mail says what will renew")
    go_to(first_end, "it renews by itself")
    ann.open("/subscriptions").follow("Team for Acme")
    path = ann.url
    assert given() == ("team", 13)
    second_end = end()
    assert second_end == a_year_after(first_end)

    ann.press("Change the card on file").press("Add", FAILING_CARD)
    if ann.open("/payment-methods").offers(MAKE_DEFAULT):  # there are vendors that make the newest card the default
        ann.press(MAKE_DEFAULT)
    go_to(second_end - timedelta(days=15), "a mail says what will renew; the card on file is one that will be refused")
    go_to(second_end, "the card is refused: a mail says so, and nobody is cut off")
    assert given() == ("team", 13)
    ann.open(path).says("E-PASTDUE")

    go_to(second_end + timedelta(days=1), "ann pays with another card, by the link of the mail")
    ann.open(path).follow("Pay the invoice")
    ann.press("Pay ", CARD)
    control("drain", {})
    ann.open(path).says("Active")
    third_end = end()
    assert third_end == a_year_after(second_end)

    ann.open(f"{path}/renewal").press("Turn it off", {"reason": "too_expensive"})
    go_to(third_end - timedelta(days=15), "renewal was turned off: a mail says when it ends")
    go_to(third_end, "it ends")
    assert given()[0] == "free"
    resume(ann, path, third_end)

    books = control("vendor")
    mine = [invoice for invoice in books["invoices"] if invoice["subscription"] in subscriptions(books)]
    print("invoices:", ", ".join(f"{invoice['total'] / 100:,.2f} {invoice['status']}" for invoice in mine))
    assert [invoice["total"] for invoice in mine] == [378_885, more, 492_551, 492_551, 378_885]
    assert {invoice["status"] for invoice in mine} == {"paid"}
    print("mails:", ", ".join(kinds()))
    assert kinds() == [
        "receipt",
        "receipt",
        "renewal_notice",
        "renewal_notice",
        "renewal_failed",
        "renewal_recovered",
        "about_to_end",
        "subscription_ended",
        "receipt",
    ]
    print("Every mail, invoice and entitlement is as it should be.")


def resume(ann, path, ended):
    """Take the plan up again ten days after its end: without a gap where the vendor can, else bought anew."""
    later = ended + timedelta(days=10)
    if ann.open(path).offers("Renew now"):
        go_to(later, "it is taken up again, for 10 people and without a gap")
        ann.open(f"{path}/renewal/payment?seats=10").press("and renew until")
        until = a_year_after(ended)
    else:
        go_to(later, "it is bought anew, for 10 people: this vendor cannot take up what has ended")
        ann.open("/buy?plan=team&group=acme&seats=10").press("and subscribe", AGREED | {"card": "new"})
        ann.press("Pay ", CARD)
        until = a_year_after(later)
    control("drain", {})
    assert given() == ("team", 10)
    assert end().date() == until.date()


def a_year_after(instant):
    """Return the same instant of the next year, on 28 February where that year has no 29th."""
    is_leap_day = (instant.month, instant.day) == (2, 29)
    return instant.replace(year=instant.year + 1, day=28 if is_leap_day else instant.day)


def subscriptions(books):
    """Return the vendor's ids of the group's subscriptions."""
    return [each["id"] for each in books["subscriptions"] if each["subject"] == "group:acme"]


if __name__ == "__main__":
    main()
