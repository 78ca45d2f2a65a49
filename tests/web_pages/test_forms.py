"""Reading forms: whatever is sent, the answer is a value within bounds or a problem, never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from app.core.problems import ProblemId, problem
from app.web.forms import Reader, clean_text, is_email, one, whole_number

WRONG = problem(ProblemId.E_SEATS, "seats", most="5,000")


def reader(**fields: str) -> Reader:
    return Reader(FormData(fields))


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("25", 25), (" 7 ", 7), ("007", 7), ("9" * 18, int("9" * 18))],
)
def test_whole_numbers_are_read(text: str, value: int) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.5", "1,5", "1e3", "0x10", "1_000", "ten", "❾", "١٢", "\n1\n", "1 2", "1" + "0" * 4000],
)
def test_what_is_no_whole_number_is_none(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize("typed", ["0", "5001", "-1", "1.5", "ten", "❾", "", "1" + "0" * 10_000])
def test_a_number_out_of_bounds_is_the_problem_that_was_named(typed: str) -> None:
    form = reader(seats=typed)
    assert form.whole_number("seats", least=1, most=5000, otherwise=WRONG) == 0
    assert form.problems == (WRONG,)


def test_bounds_belong_to_what_is_allowed() -> None:
    form = reader(low="1", high="5000")
    assert form.whole_number("low", least=1, most=5000, otherwise=WRONG) == 1
    assert form.whole_number("high", least=1, most=5000, otherwise=WRONG) == 5000
    assert form.problems == ()


def test_an_empty_optional_number_is_none_and_a_bad_one_a_problem() -> None:
    assert reader(users=" ").optional_number("users", least=0, most=10, otherwise=WRONG) is None
    bad = reader(users="x")
    bad.optional_number("users", least=0, most=10, otherwise=WRONG)
    assert bad.problems == (WRONG,)


def test_text_is_composed_and_stripped_and_any_script_will_do() -> None:
    form = reader(a=" Zoe\u0308 ", b="山田 太郎", c="O’Neil–Łukasz 🎈")
    assert [form.text(name, most=100) for name in "abc"] == ["Zoë", "山田 太郎", "O’Neil–Łukasz 🎈"]
    assert form.problems == ()


@pytest.mark.parametrize("typed", ["a\x00b", "a\x1bb", "a\nb", "a\u202eb", "a\u2066b", "a\u2028b", "\ud800"])
def test_what_cannot_be_shown_is_refused(typed: str) -> None:
    form = reader(name=typed)
    assert form.text("name", most=100) == ""
    assert [found.field for found in form.problems] == ["name"]


def test_paragraphs_keep_their_line_ends() -> None:
    assert reader(message="a\r\nb\rc\td").paragraphs("message", most=100) == "a\nb\nc\td"


def test_length_counts_characters() -> None:
    assert reader(name="é" * 10).text("name", most=10) == "é" * 10
    long = reader(name="é" * 11)
    assert long.text("name", most=10) == ""
    assert long.problems[0].text == "Use 10 characters or fewer."


def test_a_field_that_is_missing_is_told_in_its_own_words() -> None:
    form = reader(name="  ")
    form.text("name", most=10, missing="Enter your name.")
    assert form.problems == (problem(ProblemId.E_INPUT, "name", text="Enter your name."),)


def test_a_field_that_was_sent_twice_is_told_once() -> None:
    form = Reader(FormData([("plan", "team"), ("plan", "scale")]))
    assert form.choice("plan", ("team", "scale"), missing="Choose a plan.") == ""
    assert [found.text for found in form.problems] == ["This field was sent twice. Fill it in once."]


def test_a_query_takes_the_first_of_a_repeated_field() -> None:
    assert one(FormData([("plan", "team"), ("plan", "scale")]), "plan") == "team"


def test_a_choice_is_one_of_those_offered() -> None:
    assert reader(plan="team").choice("plan", ("team",), missing="Choose a plan.") == "team"
    bad = reader(plan="gold")
    bad.choice("plan", ("team",), missing="Choose a plan.")
    assert [found.text for found in bad.problems] == ["Choose a plan."]


def test_a_box_that_has_to_be_ticked() -> None:
    assert reader(terms="yes").ticked("terms", missing="Tick it.")
    bad = reader()
    assert not bad.ticked("terms", missing="Tick it.")
    assert [found.field for found in bad.problems] == ["terms"]


def test_what_was_typed_is_shown_again_as_it_was_but_bounded() -> None:
    assert reader(seats=" te n ").typed("seats") == " te n "
    assert len(reader(seats="1" * 10_000).typed("seats")) == 5000


@pytest.mark.parametrize(
    "text", ["a@b.de", "jörg@example.com", "a@münchen.de", "o'neil@x.ie", "a+b@x.co.uk", "a@x.xn--p1ai"]
)
def test_addresses_that_a_mail_can_be_tried_at(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a@b", "x y@b.de", "a@@b.de", "a@b..de", ".a@b.de", "a.@b.de", "a..b@c.de", "a@-x.de", "a@x-.de", "@x.de"),
        *("a@x.de.", "a@1.2.3.4", "a@[1.2.3.4]", '"a b"@x.de', "a@b.de\nBcc: x@y.de", "<a@b.de>", "a" * 250 + "@b.de"),
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert not is_email(text)


@given(st.text(max_size=40))
def test_no_text_breaks_a_reader(text: str) -> None:
    form = reader(field=text)
    form.email("field", missing="Enter it.")
    form.whole_number("field", least=1, most=5, otherwise=WRONG)
    cleaned = clean_text(text)
    assert cleaned is None or clean_text(cleaned) == cleaned
