"""Tax numbers: one way of writing, and a form that is judged without calling anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.load import load_catalog
from app.catalog.tax_ids import is_tax_id, normalise_tax_id, tax_id_example, tax_id_kind, tax_id_label
from app.config import ROOT

RULES = load_catalog(ROOT / "data" / "catalog.toml").rules.tax_ids


@pytest.mark.parametrize(
    ("country", "kind", "label"),
    [
        ("DE", "eu_vat", "VAT number"),
        ("GR", "eu_vat", "VAT number"),
        ("GB", "gb_vat", "VAT number"),
        ("CH", "ch_vat", "VAT number (UID)"),
        ("AU", "au_abn", "ABN"),
        ("IN", "in_gst", "GSTIN"),
        ("CA", "ca_gst_hst", "GST/HST number"),
        ("US", "us_ein", "EIN"),
        ("JP", None, ""),
        ("XI", None, ""),
        ("", None, ""),
    ],
)
def test_the_country_decides_kind_and_label(country: str, kind: str | None, label: str) -> None:
    assert tax_id_kind(country, RULES) == kind
    assert tax_id_label(country, RULES) == label


@pytest.mark.parametrize(
    ("country", "typed", "value"),
    [
        ("FR", "fr 40 303 265 045", "FR40303265045"),
        ("FR", "40303265045", "FR40303265045"),
        ("AT", "ATU13585627", "ATU13585627"),
        ("GR", "094259216", "EL094259216"),
        ("GR", "GR094259216", "EL094259216"),
        ("DE", "FR40303265045", "FR40303265045"),
        ("GB", "GB 980 7806 84", "980780684"),
        ("CH", "CHE-107.787.577", "CHE107787577MWST"),
        ("CH", "CHE-107.787.577 TVA", "CHE107787577TVA"),
        ("AU", "83 914 571 673", "83914571673"),
        ("US", "91-1144442", "911144442"),
        ("DE", "  ", ""),
    ],
)
def test_one_way_of_writing(country: str, typed: str, value: str) -> None:
    assert normalise_tax_id(country, typed, RULES) == value


@pytest.mark.parametrize("country", ["FR", "GB", "CH", "AU", "IN", "CA", "US"])
def test_the_example_beside_the_field_has_the_right_form(country: str) -> None:
    assert is_tax_id(country, tax_id_example(country, RULES), RULES)


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("NL", "NL004495445B01"),
        ("IE", "IE6433435F"),
        ("DE", "DE136695976"),
        ("DE", "DE136695977"),
        ("ES", "B-58378431"),
    ],
)
def test_the_form_alone_is_judged_and_check_digits_are_the_vendors(country: str, typed: str) -> None:
    assert is_tax_id(country, typed, RULES)


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "DE12"),
        ("DE", "❾" * 9),
        ("US", "12"),
        ("FR", "1" * 4000),
        ("IN", "x"),
        ("GB", "-"),
        ("JP", "123"),
        ("CA", ""),
    ],
)
def test_what_has_not_the_form(country: str, typed: str) -> None:
    assert not is_tax_id(country, typed, RULES)


@given(st.sampled_from(["DE", "FR", "GB", "CH", "AU", "IN", "CA", "US", "GR", "JP"]), st.text(max_size=30))
def test_nothing_that_is_typed_breaks_it(country: str, typed: str) -> None:
    once = normalise_tax_id(country, typed, RULES)
    assert normalise_tax_id(country, once, RULES) == once
    assert is_tax_id(country, typed, RULES) in (True, False)
