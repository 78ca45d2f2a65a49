"""How the pages of an account grow with it: the same pages for a small account and for a big one, in one run."""

import sys
import time
from statistics import median

from app.http import Response
from tests.support.big_account import Size, big_account
from tests.support.shop import Browser, Shop

ROUNDS = 30
SMALL = Size(subscriptions=25, invoices=25, managers=5)  # as much as fills a page, and no more to leaf through
BIG = Size(subscriptions=200, invoices=2_000, managers=50)
PAGES = (
    "/subscriptions",
    "/subscriptions?page=2",
    "{card}",
    "{card}/usage",
    "{card}/seat-changes",
    "{card}/plan-changes",
    "{card}/renewal",
    "/groups/{group}/usage",
    "/buy/packs?addon=compute-1000&group={group}",
    "/invoices",
    "/history",
    "/history?kind=invoices",
    "/account",
    "/payment-methods",
    "/orders",
)


async def bench_big(shop: Shop) -> None:
    """Print each page's median for both accounts, and how many times longer the big one's takes."""
    opened = {}
    for name, size in (("little", SMALL), ("huge", BIG)):
        started = time.perf_counter()
        browser = await big_account(shop, name, size)
        sys.stdout.write(f"{size} made in {time.perf_counter() - started:.0f} s\n")
        opened[name] = (browser, await addresses(browser))
    sys.stdout.write(f"{'page':<46}{'small ms':>10}{'big ms':>10}{'times':>7}\n")
    for template in PAGES:
        samples: dict[str, list[float]] = {name: [] for name in opened}
        for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine strikes both alike
            for name, (browser, known) in opened.items():
                samples[name].append(await _timed(browser, template.format(**known)))
        small, big = (median(samples[name]) for name in ("little", "huge"))
        sys.stdout.write(f"{template:<46}{small:>10.1f}{big:>10.1f}{big / small:>7.2f}\n")


async def addresses(browser: Browser) -> dict[str, str]:
    """Return the first subscription and group of whoever is signed in."""
    await browser.open("/subscriptions")
    title = browser.text.partition('<h2><a href="')[2]
    card, _, rest = title.partition('">')
    return {"card": card, "group": rest.partition("<")[0].removeprefix("Team for ")}


async def _timed(browser: Browser, path: str) -> float:
    started = time.perf_counter()
    answer: Response = await browser.open(path)
    if answer.status_code != 200:
        sys.exit(f"{path} answered {answer.status_code}")
    return (time.perf_counter() - started) * 1000
