"""Names of organizations as people give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.organizations.naming import LONGEST, Named, named, plain, unfit
from schema.refusals import Refused
from schema.spelling import Speller, Spelling


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("望海寺街道", "望海寺街道"),
        ("  望海寺  街道 ", "望海寺 街道"),
        ("ＡＢＣ网格（一）", "ABC网格(一)"),
        ("\u3000第①网格\u3000", "第1网格"),
        ("e\u0301tage", "\u00e9tage"),
        ("", ""),
    ],
)
def test_names_are_put_in_one_form(given_: str, stored: str) -> None:
    """Width, composition and spaces are normalised."""
    assert plain(given_) == stored


@given(st.text())
def test_the_one_form_is_stable(text: str) -> None:
    """A stored name given again is the same name."""
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "The name has 0 characters, expected 1 to 100."),
        ("长" * (LONGEST + 1), "The name has 101 characters, expected 1 to 100."),
        ("甲\u0000乙", "Character 2 of the name, U+0000, is invisible: leave it out."),
        ("甲\n乙", "Character 2 of the name, U+000A, is invisible: leave it out."),
        ("甲\u202e乙", "Character 2 of the name, U+202E, is invisible: leave it out."),
        ("\u200b", "Character 1 of the name, U+200B, is invisible: leave it out."),
        ("甲\ud800", "Character 2 of the name, U+D800, is invisible: leave it out."),
        ("甲\U0010ffff", "Character 2 of the name, U+10FFFF, is invisible: leave it out."),
        ("甲\u2028", "Character 2 of the name, U+2028, is invisible: leave it out."),
        ("——!", "The name '——!' has no letter or digit."),
        ("🙂", "The name '🙂' has no letter or digit."),
    ],
)
def test_what_can_be_no_name(name: str, message: str) -> None:
    """Length, invisible characters and names of signs only are refused, each by name."""
    refused = unfit(name, "intoNew", "name")
    assert refused is not None
    (reason,) = refused.refusals
    assert (reason.code, reason.path, reason.en) == (
        "NAME_MALFORMED",
        ("input", "intoNew", "name"),
        message,
    )


@pytest.mark.parametrize("name", ["甲", "2", "长" * LONGEST, "A·B", "\U0002ebf0村"])
def test_what_can_be_a_name(name: str) -> None:
    """Anything with a letter or digit, rare characters too."""
    assert unfit(name) is None


async def test_a_name_comes_with_its_spelling() -> None:
    """What sorts and finds the name is made by a process that ends with it."""
    assert await named(Speller(), " 朝阳第２街道办事处 ", "name") == Named(
        "朝阳第2街道办事处",
        Spelling("朝阳第2街道", "chao yang di 000002 jie dao", "cydjd"),
    )


async def test_what_can_be_no_name_is_not_spelled() -> None:
    """The refusal comes before the process is started."""
    assert isinstance(await named(Speller(), "\u200b", "name"), Refused)
