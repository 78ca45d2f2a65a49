"""Countries, regions and postal codes as buyers write them."""

import re

import pytest

from app.catalog.countries import countries, country_name, has_postal, postal_fits, region_word, regions

CODES = [code for code, _name in countries()]


def test_countries_are_named_in_the_order_of_their_names() -> None:
    assert len(CODES) == len(set(CODES)) > 240
    assert {"DE", "US", "GB", "TW", "AX"} <= set(CODES)
    assert not {"EU", "UN", "EZ", "ZZ", "UK", "XA"} & set(CODES)
    assert countries()[0] == ("AF", "Afghanistan")
    assert CODES.index("AF") < CODES.index("AX") < CODES.index("AL")  # Åland stands with the A
    assert country_name("DE") == "Germany"
    assert country_name("ZZ") == "ZZ"


@pytest.mark.parametrize("country", ["US", "CA", "AU", "IN", "BR"])
def test_where_a_region_is_needed_there_is_a_list_with_short_codes(country: str) -> None:
    codes = [code for code, _name in regions(country)]
    assert codes
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch("[A-Z]{2,3}", code) for code in codes)


def test_regions_are_called_as_people_there_call_them() -> None:
    assert ("NY", "New York") in regions("US")
    assert [region_word(country) for country in ("US", "CA", "AU", "IN", "BR")] == [
        "state",
        "province",
        "state",
        "state",
        "state",
    ]
    assert regions("DE") == ()


@pytest.mark.parametrize("country", CODES)
def test_every_country_answers(country: str) -> None:
    assert all(code and name for code, name in regions(country))
    assert region_word(country)
    assert postal_fits(country, "") in (True, False)


@pytest.mark.parametrize(
    ("country", "code", "fits"),
    [
        ("DE", "10115", True),
        ("DE", " 10115 ", True),
        ("DE", "1011", False),
        ("DE", "１０１１５", False),
        ("US", "10001-1234", True),
        ("US", "1000", False),
        ("GB", "ec1y 8sy", True),
        ("GB", "EC1Y8SY", True),
        ("CA", "h3z-2y7", True),
        ("NL", "1012ab", True),
        ("IE", "D02 AF30", True),
        ("PA", "anything", True),
        ("ZZ", "anything", True),
        ("DE", "1" * 5000, False),
    ],
)
def test_postal_codes(country: str, code: str, fits: bool) -> None:
    assert postal_fits(country, code) is fits


def test_some_places_have_no_postal_codes() -> None:
    assert not any(has_postal(country) for country in ("HK", "AE", "PA"))
    assert all(has_postal(country) for country in ("DE", "US", "IE"))
