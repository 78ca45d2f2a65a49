"""Codes as typed, secrets as made, and who a buyer is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.sealing import Sealer
from app.promotions.codes import canonical, fingerprints, is_strong, new_secret
from app.promotions.identity_keys import identity_keys, normalised_mail
from tests.promotions.world import SEALER


@pytest.mark.parametrize(
    "text",
    [
        "LAUNCH20",
        "launch20",
        " launch 20 ",
        "LAUNCH-20",
        "launch–20",
        "ＬＡＵＮＣＨ２０",
        "La un\tch\N{NO-BREAK SPACE}20",
    ],
)
def test_one_code_however_it_is_typed(text: str) -> None:
    assert canonical(text) == "launch20"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-–-",
        "A" * 41,
        "A" * 10_000,
        "\N{RIGHT-TO-LEFT OVERRIDE}LAUNCH20",
        "LAUNCH\N{ZERO WIDTH SPACE}20",
        "L\N{CYRILLIC CAPITAL LETTER A}UNCH20",
        "LAUNCH2\N{COMBINING ACUTE ACCENT}0",
        "' OR 1=1 --",
        "LAUNCH20; DROP TABLE campaign_codes",
        "<script>",
        "LAUNCH20\x00",
        "٢٠",
    ],
)
def test_what_can_be_no_code(text: str) -> None:
    assert canonical(text) is None


@given(st.text(max_size=120))
def test_the_canonical_form_is_final_and_plain(text: str) -> None:
    form = canonical(text)
    assert form is None or (form == canonical(form) == canonical(form.upper()) and form.isascii() and form.isalnum())


def test_secrets_are_long_and_different() -> None:
    made = [new_secret("OSS") for _ in range(200)]
    assert len({each.text for each in made}) == 200
    letters = "".join((canonical(each.text) or "").removeprefix("oss") for each in made)
    assert len(letters) == 200 * 12  # 12 of 32 symbols: 60 bits
    assert len(set(letters)) == 32
    assert made[0].label == f"OSS…{made[0].text[-3:]}"


@pytest.mark.parametrize("word", ["friends", "springsale24", "harvestm2027", "aaaabbbb2222", "k7q2m9x4rt5"])
def test_words_are_no_secrets(word: str) -> None:
    assert not is_strong(word)


def test_a_generated_code_is_strong() -> None:
    assert is_strong("k7q2m9x4rt5w")


def test_a_code_is_found_by_every_key_and_only_by_them() -> None:
    old, new = Sealer(["old-key-of-32-characters-or-more"]), Sealer(["new-key", "old-key-of-32-characters-or-more"])
    stored = fingerprints(old, "launch20")[0]
    assert stored in fingerprints(new, "launch20")
    assert stored not in fingerprints(new, "launch21")
    assert "launch20" not in stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann.Lee+shop@gmail.com", "annlee@googlemail.com"),
        ("ANN@Example.com", "ann+x+y@example.COM"),
        (" ann@example.com", "ann@example.com"),
    ],
)
def test_one_mailbox_is_one_person(one: str, other: str) -> None:
    assert normalised_mail(one) == normalised_mail(other) != ""
    assert identity_keys(SEALER, email=one) == identity_keys(SEALER, email=other)


def test_dots_count_elsewhere() -> None:
    assert normalised_mail("ann.lee@example.com") != normalised_mail("annlee@example.com")


def test_each_fact_of_a_buyer_is_a_key_and_none_is_readable() -> None:
    keys = identity_keys(SEALER, person_id="per_1", account_id="acc_1", email="ann@example.com", card_fingerprint="fp")
    assert len(set(keys)) == 4
    assert all(len(key) == 64 for key in keys)
    assert identity_keys(SEALER) == ()
    assert not set(identity_keys(SEALER, person_id="x")) & set(identity_keys(SEALER, account_id="x"))
