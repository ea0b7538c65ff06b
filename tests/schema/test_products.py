"""Names of products: which are one product, which match, and which cannot be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.products import checked_product, product_key, products_match
from schema.refusals import RefusalCode, Refused

SIGNS = "葡萄大米香菇鲜新优质精品特级巨峰红aBＡｂ１2 　·-,(）。"
NAMES = st.text(SIGNS, max_size=12)

SAME = {
    "blanks": ("红 富 士", "红富士"),
    "full width": ("ＡＡ级　大米", "aa级大米"),
    "case": ("Blueberry", "BLUEBERRY"),
    "punctuation": ("香菇(干)", "香菇（干）"),
    "praise": ("优质大米", "大米"),
    "praise twice": ("新鲜 精品草莓", "草莓"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_product(one: str, other: str) -> None:
    """What does not tell products apart is not compared."""
    assert product_key(one) == product_key(other) != ""


@pytest.mark.parametrize(
    ("name", "key"), [("精品", "精品"), ("优质米", "优质米"), ("鲜花", "鲜花"), ("…", "")]
)
def test_keys(name: str, key: str) -> None:
    """Praise is left out only where a name of two characters remains; signs alone are no name."""
    assert product_key(name) == key


MATCHES = {
    "equal": ("葡萄", "葡萄", True),
    "contained": ("巨峰葡萄", "葡萄", True),
    "one character": ("玉米", "米", False),
    "one character equal": ("米", "米", True),
    "others": ("葡萄", "苹果", False),
}


@pytest.mark.parametrize(("one", "other", "expected"), MATCHES.values(), ids=MATCHES)
def test_matching_products(one: str, other: str, expected: bool) -> None:
    """Equal ones match, and those of which one holds the other's two characters or more."""
    assert (products_match(one, other), products_match(other, one)) == (expected, expected)


@given(NAMES)
def test_a_key_is_its_own_key(name: str) -> None:
    """The key of a key is the key, and it matches what it is the key of."""
    key = product_key(name)
    assert product_key(key) == key
    assert products_match(key, product_key(name))


@given(NAMES, NAMES)
def test_matching_is_mutual(one: str, other: str) -> None:
    """Whether two products match does not depend on who asks."""
    keys = product_key(one), product_key(other)
    assert products_match(*keys) == products_match(*reversed(keys))


@pytest.mark.parametrize("given_name", ["", "  ", "——", "x" * 41, "葡萄\0", "葡\x07萄"])
def test_no_name_of_a_product(given_name: str) -> None:
    """Blank, too long, unprintable ones and mere signs are refused at their field."""
    found = checked_product(given_name, "product")
    assert isinstance(found, Refused)
    assert [(reason.code, reason.path) for reason in found.refusals] == [
        (RefusalCode.PRODUCT_MALFORMED, ("input", "product"))
    ]
