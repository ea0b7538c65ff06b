"""Names and pinyin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.names import search_name
from schema.pinyin import initials, syllables


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("小平房村村民委员会", "小平房村"),
        ("小平房村民委员会", "小平房村"),
        ("胜台村委会", "胜台村"),
        ("华阳社区居委会", "华阳社区"),
        ("新华社区居民委员会", "新华社区"),
        ("某某居委会", "某某社区"),
        ("某社区村民委员会", "某社区"),
        ("宝日嘎查村民委员会", "宝日嘎查"),
        ("长春街道办事处", "长春街道"),
        ("长春街道", "长春街道"),
        ("居委会", "居委会"),
        (" ABC 社区", "abc社区"),
    ],
)
def test_suffixes_of_committees_are_left_out(name: str, plain: str) -> None:
    """One place is one search name, whatever its committee is called."""
    assert search_name(name) == plain


@given(st.text())
def test_search_names_are_stable(name: str) -> None:
    """A search name is its own search name, so that a typed one meets a stored one."""
    assert search_name(search_name(name)) == search_name(name)


@pytest.mark.parametrize(
    ("name", "pinyin", "first"),
    [
        ("抚顺市", "fu shun shi", "fss"),
        ("长春街道", "chang chun jie dao", "ccjd"),
        ("朝阳市", "chao yang shi", "cys"),
        ("六盘水市", "liu pan shui shi", "lpss"),
        ("第12网格", "di 000012 wang ge", "dwg"),
        ("绿城", "lv cheng", "lc"),
    ],
)
def test_places_are_read_as_places(name: str, pinyin: str, first: str) -> None:
    """朝阳 is chao yang, 长春 chang chun; numbers are padded."""
    assert (syllables(name), initials(syllables(name))) == (pinyin, first)


@given(st.text())
def test_any_text_has_pinyin(name: str) -> None:
    """No name is refused, and syllables are apart by single spaces."""
    found = syllables(name)
    assert found == " ".join(found.split())
    assert found == found.lower()
