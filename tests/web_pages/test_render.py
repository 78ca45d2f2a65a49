"""Links, static files and the frame around every page."""

import pytest
from jinja2 import UndefinedError

from app.config import ROOT
from app.web.render import asset, environment, link


def test_a_link_leaves_out_what_is_empty_and_escapes_the_rest() -> None:
    assert link("/plans", plan="", seats=10, from_="a&b") == "/plans?seats=10&from=a%26b"
    assert link("/plans", plan="") == "/plans"


def test_a_static_file_has_a_new_address_when_it_changes() -> None:
    assert asset("kassa.css").startswith("/static/kassa.css?v=")
    assert asset("kassa.css") != asset("app.js").replace("app.js", "kassa.css")


def test_what_a_view_does_not_have_is_an_error_and_no_blank() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ page.nothing }}").render(page=object())


def test_every_template_escapes() -> None:
    assert environment().from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"


def test_scripts_stay_small() -> None:
    assert len((ROOT / "static" / "app.js").read_text("utf-8").splitlines()) <= 100
