"""Only our own paths, and only allow-listed places to go back to."""

from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.addresses import allowed_return, origin_of, safe_path

ALLOWED = ("https://app.example/groups", "http://127.0.0.1:8001")
_NASTY = st.text(alphabet="/\\.%:@?#=&;\t\r\n 0259fFhtps\x00\x7f e\u3002\uff0f", max_size=30)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/plans",
        "/plans?deployment=hosted&seats=10",
        "/buy?plan=team&return_to=https%3A%2F%2Fapp.example%2Fgroups%2F%2Fx",
        "/checkouts/int_4k7?a=//x",
        "/invites/a%20b",
    ],
)
def test_a_path_of_this_site_is_kept(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "plans",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/%09/evil.example",
        "/%2Fevil.example",
        "/%252Fevil.example",
        "/%25252Fevil.example",
        "/%5Cevil.example",
        "/.//evil.example",
        "/%2e%2e//evil.example",
        "/a/../plans",
        "https:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/plans#x",
        "/plans\r\nSet-Cookie: a=b",
        " /plans",
        "/pl ans",
        "/gr\u00fcn",
        "/\uff0fevil.example",
        "/" + "a" * 2000,
    ],
)
def test_anything_else_leads_home(path: str) -> None:
    assert safe_path(path) == "/"


@given(_NASTY)
def test_what_is_kept_stays_on_this_site_however_a_browser_reads_it(value: str) -> None:
    kept = safe_path(value)
    for seen in (kept, unquote(kept.partition("?")[0]), kept.replace("\\", "/")):
        assert urlsplit(urljoin("https://store.example/here", seen)).netloc == "store.example"
    assert kept.isascii()
    assert kept.isprintable()


@given(st.lists(st.text(alphabet="abcXYZ019-_~é ", min_size=1, max_size=8), max_size=4))
def test_every_plain_path_is_kept(segments: list[str]) -> None:
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/groups",
        "https://app.example/groups/acme?tab=billing",
        "https://APP.example:443/groups/acme#seats",
        "http://127.0.0.1:8001",
        "http://127.0.0.1:8001/anywhere",
    ],
)
def test_a_place_under_an_allowed_prefix_may_be_returned_to(address: str) -> None:
    assert allowed_return(address, ALLOWED) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/groups",
        "https://evil.example/groups",
        "http://app.example/groups",
        "https://app.example:8443/groups",
        "https://app.example/groupsies",
        "https://app.example/",
        "https://app.example/groups/../admin",
        "https://app.example/groups/%2e%2e/admin",
        "https://app.example/groups\\@evil.example",
        "https://app.example@evil.example/groups",
        "https://ann:secret@app.example/groups",
        "https://app.example.evil.example/groups",
        "https:app.example/groups",
        "https:///app.example/groups",
        "https://app.example:99999/groups",
        "https://[::1/groups",
        "javascript://app.example/groups%0aalert(1)",
        "http://127.0.0.1:80010/x",
        "http://127.0.0.1:8001\t/x",
    ],
)
def test_any_other_place_is_dropped(address: str) -> None:
    assert allowed_return(address, ALLOWED) == ""


@given(st.one_of(_NASTY, st.builds(lambda a, b: f"https://{a}app.example{b}", _NASTY, _NASTY)))
def test_what_may_be_returned_to_has_an_allowed_host(value: str) -> None:
    kept = allowed_return(value, ALLOWED)
    assert not kept or urlsplit(kept).hostname in ("app.example", "127.0.0.1")
    assert "@" not in urlsplit(kept).netloc


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://App.example:8443/groups?x=1") == "https://app.example:8443"
    assert origin_of("not an address") == ""
