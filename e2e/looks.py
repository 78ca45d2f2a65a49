"""What holds for every page of the buying path, in whatever state it is."""

from playwright.sync_api import Page, expect

from e2e.accessibility import check_contrast, check_page, check_page_without_scripts

_WIDTHS = (320, 360)
_TOO_WIDE = """() => {
  const seen = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= seen) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((it) => it.getBoundingClientRect().right > seen + 1);
  return ["the page", ...wide.map((it) => `${it.tagName} ${it.id} ${it.className}`)];
}"""
# What is being worked out anew is drawn paler for a moment; what was typed is sent off only after a pause of 300 ms.
_SETTLED = """async () => {
  const pause = document.querySelector("[hx-trigger*=delay]") ? 400 : 0;
  for (let quiet = 0; quiet <= pause; quiet += 50) {
    if (document.querySelector(".htmx-request")) quiet = 0;
    await new Promise((done) => setTimeout(done, 50));
  }
}"""
_RUNS_SCRIPTS = "matchMedia('(scripting: enabled)').matches"
_FIRST_SUBMIT = "main button:not([type=button]), main input[type=submit]"


def check_looks(page: Page, *, is_flow: bool = True) -> None:
    """No violation of WCAG in light and dark, nothing to scroll sideways at 320 and 360 px, one next step.

    Args:
        is_flow: whether it is a step of a purchase: then its first submit button is the one next step, if it has any.
    """
    expect(page.get_by_role("heading", level=1)).to_have_count(1)  # waits for a page that is still on its way
    if page.evaluate(_RUNS_SCRIPTS):
        # reduced motion, so that no colour is met on its way from one scheme to the other
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.evaluate(_SETTLED)
        check_contrast(page)
        page.emulate_media(color_scheme="light")
        check_page(page)
    else:  # there axe would wait for ever: no timer of it ever fires
        browser = page.context.browser
        assert browser is not None
        check_page_without_scripts(page, browser)
    _check_widths(page)
    first = page.locator(_FIRST_SUBMIT).first
    if is_flow and first.count():
        assert first.get_attribute("data-primary") is not None, f"{page.url}: first in main is {first.inner_text()!r}"


def _check_widths(page: Page) -> None:
    size = page.viewport_size
    assert size is not None
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        too_wide = page.evaluate(_TOO_WIDE)
        assert too_wide == [], f"{page.url} is too wide for {width} px: {too_wide}"
    page.set_viewport_size(size)
