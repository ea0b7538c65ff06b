"""Kinds of posts: what they allow, who inherits them, and how they are kept."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tenants.definition import City, Definition
from tenants.hierarchy import Level, StaffingRule
from tenants.posts import HELD, PostKind
from tenants.roles import Role
from tests.tenants.folders import CITY, PROVINCE, city_problems, problems, read_city
from tests.tenants.values import dumped

BARE: dict[str, Any] = {"code": "990100", "slug": "shi", "name": "某市", "province": "990000"}
PROVINCE_WITH_POSTS = (
    PROVINCE
    + """\
  posts:
    - {key: secretary, name: 书记, role: SECRETARY, single: true, assumed: true}
    - {key: worker, name: 网格员, role: GRID_WORKER, assumed: true}
"""
)

often = settings(max_examples=100, deadline=None, database=None)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
names = st.text("书记网格员专职兼代办 ab", min_size=1, max_size=8).filter(str.strip)


@st.composite
def cities(draw: st.DrawFn) -> dict[str, Any]:
    """A city's file as a mapping: levels side by side, kinds of posts, rules that they allow."""
    levels = draw(st.lists(keys, min_size=1, max_size=4, unique=True))
    posts: list[dict[str, Any]] = [
        {
            "key": key,
            "name": draw(names),
            "role": draw(st.sampled_from([None, *(role.value for role in HELD)])),
            "levels": draw(st.lists(st.sampled_from(levels), max_size=3, unique=True)),
            "employment": draw(st.sampled_from([None, "FULL_TIME", "PART_TIME"])),
            "single": draw(st.booleans()),
            "assumed": draw(st.booleans() | st.just(["role"])),
        }
        for key in draw(st.lists(keys, max_size=4, unique=True))
    ]
    declared = []
    for level in levels:
        allowed = [post for post in posts if not post["levels"] or level in post["levels"]]
        chosen = draw(st.lists(st.sampled_from(allowed), unique_by=id)) if allowed else []
        staffing = [
            {"post": post["key"], "required": 1 if post["single"] else draw(st.integers(1, 1000))}
            | ({"name": post["name"]} if draw(st.booleans()) else {})
            for post in chosen
        ]
        declared.append({"key": level, "name": level.upper(), "staffing": staffing})
    return BARE | {
        "inherit": {"levels": False, "posts": False},
        "levels": declared,
        "posts": posts,
    }


@often
@given(cities())
def test_what_is_declared_is_what_is_kept(file: dict[str, Any]) -> None:
    """Any posts and rules that fit load, go through JSON as the database keeps it, and back."""
    found = read_city(dumped(file))
    kept = City.model_validate(json.loads(json.dumps(found.content)))
    again = Definition(kept, ())
    assert (kept, again.posts) == (found.tenant, found.posts)
    assert [kind.model_dump(mode="json", exclude={"source", "note"}) for kind in kept.posts] == [
        post | {"name": post["name"].strip()} for post in file["posts"]
    ]
    assert [
        (level.key, rule.post, rule.required) for level in kept.levels for rule in level.staffing
    ] == [
        (level["key"], rule["post"], rule["required"])
        for level in file["levels"]
        for rule in level["staffing"]
    ]


@often
@given(cities(), st.data())
def test_a_rule_needs_a_kind_that_can_fulfil_it(file: dict[str, Any], data: st.DataObject) -> None:
    """A rule is refused if its kind is taken away, and nothing else is."""
    rules = [(level["key"], rule["post"]) for level in file["levels"] for rule in level["staffing"]]
    left = data.draw(
        st.lists(st.sampled_from(file["posts"]), unique_by=id) if file["posts"] else st.just([])
    )
    kinds = {post["key"] for post in left}
    found = city_problems(dumped(file | {"posts": left}))
    told = [line.partition(": ")[2].partition(":")[0] for line in found]
    assert sorted(told) == sorted(
        f"levels.{level}.staffing.{post}.post" for level, post in rules if post not in kinds
    )


@pytest.mark.parametrize("role", Role)
def test_a_post_gives_a_role_below_the_city(role: Role) -> None:
    """A post may make a member, grid worker, agent or secretary, and nobody else."""
    try:
        PostKind.model_validate({"key": "p", "name": "岗位", "role": role})
    except ValidationError:
        is_allowed = False
    else:
        is_allowed = True
    assert is_allowed is (role in {Role.MEMBER, Role.GRID_WORKER, Role.AGENT, Role.SECRETARY})


@pytest.mark.parametrize(
    ("levels", "held"),
    [([], ["street", "grid"]), (["grid"], ["grid"]), (["yard"], [])],
)
def test_where_a_post_is_held(levels: list[str], held: list[str]) -> None:
    """A kind is held at the levels that it names, or at any where it names none."""
    kind = PostKind(key="p", name="岗位", levels=levels)
    assert [key for key in ("street", "grid") if kind.is_held_at(key)] == held


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("secretary", "书记", True), ("worker", "网格员", True)]),
        ("inherit: {posts: false}", []),
        ("inherit: {posts: [worker]}", [("worker", "网格员", True)]),
        (
            "posts: [{key: worker, name: 专职网格员, source: a.txt, assumed: [role]},"
            " {key: head, name: 楼长}]",
            [
                ("secretary", "书记", True),
                ("worker", "专职网格员", ["role"]),
                ("head", "楼长", False),
            ],
        ),
    ],
)
def test_a_city_takes_its_provinces_posts(text: str, expected: list[Any]) -> None:
    """Kinds are inherited as levels are: all, none or those named, merged key by key."""
    city = read_city(f"{CITY}{text}\n", PROVINCE_WITH_POSTS)
    assert [(kind.key, kind.name, kind.assumed) for kind in city.posts.values()] == expected
    assert [kind.role for kind in city.posts.values() if kind.key == "worker"] in (
        [],
        [Role.GRID_WORKER],
    )


def test_a_citys_words_of_an_inherited_post_have_the_citys_support() -> None:
    """Values that a city sets of an inherited kind are its own, the others the province's."""
    own = "posts: [{key: worker, name: 专职网格员, source: a.txt, assumed: [key]}]"
    city = read_city(f"{CITY}{own}\n", PROVINCE_WITH_POSTS)
    assert [
        (value.path, value.value, value.file.rpartition("/")[2], value.source, value.assumed)
        for value in city.values
        if value.path.startswith("posts.worker.")
    ] == [
        ("posts.worker.key", "worker", "c.yaml", None, True),
        ("posts.worker.name", "专职网格员", "c.yaml", "a.txt", False),
        ("posts.worker.role", "GRID_WORKER", "p.yaml", None, True),
    ]


RULE = "levels: [{key: grid, name: 网格, under: [street], staffing: [{post: %s, required: %d}]}]\n"


def test_a_rule_for_an_inherited_post() -> None:
    """A city's rule may name a kind that it inherits."""
    assert city_problems(CITY + RULE % ("worker", 3), PROVINCE_WITH_POSTS) == []


def test_a_rule_for_a_post_that_is_not_inherited() -> None:
    """A city's rule may not name a kind that the city leaves to others."""
    text = CITY + "inherit: {posts: [secretary]}\n" + RULE % ("worker", 1)
    assert city_problems(text, PROVINCE_WITH_POSTS) == [
        "6: levels.grid.staffing.worker.post: got 'worker'; "
        "expected the key of a declared post kind: secretary"
    ]


def test_a_rule_that_an_inherited_post_cannot_fulfil_is_told_in_the_city() -> None:
    """More than one holder of the province's single kind is the city's mistake."""
    assert city_problems(CITY + RULE % ("secretary", 2), PROVINCE_WITH_POSTS) == [
        "5: levels.grid.staffing.secretary.required: got 2; "
        "expected 1, since 'secretary' is `single`: one holder an organization at most"
    ]


def test_inherited_posts_whose_levels_the_city_lacks() -> None:
    """A kind that a province ties to a level is told to a city that does not have the level."""
    province = PROVINCE + "  posts: [{key: clerk, name: 干事, levels: [street]}]\n"
    assert city_problems(CITY, province) == []
    assert city_problems(CITY + "inherit: {levels: false}\n", province) == [
        "5: posts.clerk.levels[0]: got 'street', inherited from provinces/p.yaml:19; "
        "expected the key of a declared level: (no level is declared)"
    ]


@pytest.mark.parametrize("posts", ["5", "[{key: worker, name: 5}]", "[{key: worker}]"])
def test_broken_posts_of_a_province_are_no_mistake_of_its_cities(posts: str) -> None:
    """A city's rule for a kind that its province declares wrongly is not told as well."""
    files = {
        "provinces/p.yaml": f"{PROVINCE}  posts: {posts}\n",
        "cities/c.yaml": CITY + RULE % ("worker", 1),
    }
    assert {problem.place.file for problem in problems(files)} == {"provinces/p.yaml"}


def test_a_definition_from_before_posts_has_those_of_its_rules() -> None:
    """What was applied before kinds were declared reads back, its rules' posts by their names."""
    rules = [{"post": "full", "name": "专职网格员", "required": 1}, {"post": "part", "required": 2}]
    kept = BARE | {"levels": [{"key": "grid", "name": "网格", "staffing": rules}]}
    found = Definition(City.model_validate(kept), ())
    assert found.posts == {
        "full": PostKind(key="full", name="专职网格员", assumed=True),
        "part": PostKind(key="part", name="part", assumed=True),
    }


def test_declared_posts_come_first_and_as_they_are() -> None:
    """A declared kind is not replaced by what a rule says of it."""
    declared = PostKind(key="full", name="专职网格员", role=Role.GRID_WORKER)
    rules = [StaffingRule(post=key, name="别名", required=1) for key in ("other", "full")]
    level = Level(key="grid", name="网格", staffing=rules)
    found = Definition(City(**BARE, levels=[level], posts=[declared]), ()).posts
    assert list(found.items()) == [
        ("full", declared),
        ("other", PostKind(key="other", name="别名", assumed=True)),
    ]
