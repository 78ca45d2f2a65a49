"""Campaign files: the sample is good, and every fault that a marketer can make has a name, a line and a reason."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.promotions.files.findings import Path as Place
from app.promotions.files.lint import Checked, check, check_text
from app.promotions.files.positions import key_lines
from app.promotions.model import Campaign
from app.vendor_adapters.capabilities import Capability
from tests.promotions.faults import FAULTS, GOOD, Fault, four_mistakes, two
from tests.promotions.world import CATALOG, VENDOR
from tests.support.sources import ROOT

SAMPLE = ROOT / "data" / "campaigns.toml"


def read(text: str) -> Checked:
    return check_text(text, "file.toml", CATALOG, VENDOR)


def named(checked: Checked) -> list[tuple[str, int]]:
    return [(finding.fault, finding.line) for finding in checked.findings]


def test_the_sample_is_good() -> None:
    checked = check(SAMPLE, CATALOG, VENDOR)
    assert checked.findings == ()
    assert [each.slug for each in checked.campaigns] == ["spring-launch", "compute-boost", "grow-50", "open-source"]


def test_what_the_sample_says_is_what_is_read() -> None:
    spring: Campaign = check(SAMPLE, CATALOG, VENDOR).campaigns[0]
    assert (spring.budget.redemptions, spring.budget.per_identity, spring.customer_wins) == (500, 1, None)
    assert (spring.offers[0].id, spring.offers[0].periods, spring.codes[0].code) == ("spring-launch/1", 1, "LAUNCH20")
    assert [each.customer_wins for each in check(SAMPLE, CATALOG, VENDOR).campaigns] == [None, 20, None, None]


def test_the_file_that_all_faults_are_made_from_is_good() -> None:
    assert read(GOOD).findings == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.name}: {fault.what}")
def test_a_fault_is_named_with_its_line(fault: Fault) -> None:
    assert named(read(fault.text)) == [(fault.name, fault.line)]


def test_four_mistakes_are_four_findings() -> None:
    assert sorted(name for name, _ in named(read(four_mistakes()))) == [
        "amount-missing-currency",
        "duplicate-code",
        "unknown-plan",
        "window-reversed",
    ]


@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ('order = ["first_order", "renewal", "plan_change"]', [14, 14]),
        ('any = [{ order = ["renewal"] }, { max_seats = 5 }]', [14]),
        ('not = { order = ["renewal"] }', []),
        ("max_seats = 100", []),
    ],
)
def test_orders_that_take_no_offers_are_a_warning_beside_others(rules: str, warned: list[int]) -> None:
    checked = read(GOOD.replace('order = ["first_order"], max_seats = 100', rules))
    assert checked.findings == ()
    assert [(each.fault, each.line) for each in checked.warnings] == [("takes-no-offers", line) for line in warned]


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ('duration = "forever"', ["lasting-sum"]),
        ("duration = { periods = 2 }\non_more_seats = { first_n_units = 5 }", ["lasting-sum"]),
        ('duration = "forever"\non_more_seats = "extend"', []),
        ('duration = "once"', []),
    ],
)
def test_a_lasting_share_that_is_a_sum_is_a_warning(keys: str, warned: list[str]) -> None:
    """Whoever has fewer seats at the next term would pay little or nothing for them."""
    checked = read(GOOD.replace("rules = {", f"{keys}\nrules = {{"))
    assert checked.findings == ()
    assert [each.fault for each in checked.warnings] == warned


def without_changes(text: str) -> Checked:
    """Check a file for a vendor whose changes take no discounts."""
    vendor = replace(VENDOR, has=VENDOR.has - {Capability.DISCOUNTED_CHANGES})
    return check_text(text, "file.toml", CATALOG, vendor)


@pytest.mark.parametrize("kind", ["add_seats", "plan_change"])
def test_a_discount_off_a_change_is_named_where_the_vendor_takes_none(kind: str) -> None:
    text = GOOD.replace('order = ["first_order"], max_seats = 100', f'order = ["first_order", "{kind}"]')
    assert named(read(text)) == []
    assert named(without_changes(text)) == [("vendor-cannot", 14)]
    assert without_changes(GOOD).findings == ()


def test_samples_that_the_vendor_cannot_carry_are_left_out() -> None:
    checked = without_changes(SAMPLE.read_text("utf-8"))
    assert {name for name, _ in named(checked)} == {"vendor-cannot"}
    left = checked.carried()
    assert left.findings == ()
    assert [one.slug for one in checked.campaigns if one not in left.campaigns] == ["grow-50"]
    assert without_changes(four_mistakes()).carried().findings != ()


def test_one_code_in_disjoint_windows_is_allowed() -> None:
    later = (
        two()
        .replace("BONUS10", "sale 10")
        .replace("starts = 2027-03-02T00:00:00Z, ends = 2027-03-31", "starts = 2027-04-01T00:00:00Z, ends = 2027-05-01")
    )
    assert read(later).findings == ()


def test_windows_that_overlap_in_part_are_named_beside_the_code() -> None:
    later = two().replace("BONUS10", "SALE10").replace("ends = 2027-03-31", "ends = 2027-04-30")
    assert [name for name, _ in named(read(later))] == ["window-overlap", "duplicate-code"]


def test_what_is_no_file_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("slug = 'é'".encode("latin-1"))
    for name in ("none.toml", "latin.toml", "."):
        (finding,) = check(tmp_path / name, CATALOG, VENDOR).findings
        assert finding.fault == "unreadable"


def test_a_finding_reads_as_a_line_of_an_editor() -> None:
    (finding,) = read(GOOD.replace("percent_bp = 1000", "percent_bp = 10001")).findings
    assert str(finding) == "file.toml:13: percent-range: percent_bp is 10001; it must be from 1 to 10000 (100%)"


def places(value: object, path: Place = ()) -> Iterator[Place]:
    if path:
        yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in below:
        yield from places(each, (*path, key))


ODD = """
a = [[1, 2], [3]]  # one [bracket]
b = [ # a comment
  { x = 1, 'y z' = "]" },
  { x."q \\u0041" = 2.5 },
]
"c d".e = '''
[no] header
'''
f = \"\"\"a "quoted" word\"\"\"
[t.u]
when = 1979-05-27T07:32:00.5Z
deep = [["a", ["b"]], []]
[[v]]
[[v.w]]
k = {}
[[v.w]]
[v.w.x]
k = +1_000
[[v]]
"""


@pytest.mark.parametrize("text", [ODD, GOOD, SAMPLE.read_text("utf-8")], ids=["odd", "good", "sample"])
def test_every_key_has_its_line(text: str) -> None:
    lines = key_lines(text)
    written = text.splitlines()
    for place in places(tomllib.loads(text)):
        assert 1 <= lines[place] <= len(written)
        key = place[-1]
        if isinstance(key, str) and key.isalpha():
            assert key in written[lines[place] - 1]


@given(st.text(max_size=300) | st.text(alphabet='[]{}=,."#\n ab1', max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    assert read(text).findings


@given(st.data())
def test_no_value_breaks_the_check(data: st.DataObject) -> None:
    """Any value in any place is a finding or is taken, and never a crash."""
    values = [
        "0",
        "-1",
        "9" * 30,
        '""',
        '"x"',
        "true",
        "[]",
        "[1]",
        '["x"]',
        "{}",
        "{ x = 1 }",
        "1.5",
        "nan",
        "07:32:00",
    ]
    text = data.draw(st.sampled_from([GOOD, SAMPLE.read_text("utf-8")]))
    keys = [line for line in text.splitlines() if " = " in line]
    line = data.draw(st.sampled_from(keys))
    broken = f"{line.partition(' = ')[0]} = {data.draw(st.sampled_from(values))}"
    read(text.replace(line, broken, 1))
