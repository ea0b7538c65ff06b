"""Levels, kinds of posts and staffing rules in the graph."""

from tests.conftest import Graph

LIAONING = "001_ae84d585edebd25e.txt"

GRIDS = """query ($city: ID!) { city(code: $city) {
  levels { key staffing { name required assumed assumedKeys source
    post { key name role single levels { key name } } } } } }"""


async def test_a_staffing_rule_names_its_post(graph: Graph) -> None:
    """丹东's grid asks for one full-time and two part-time workers, each kind with its role."""
    city = (await graph.data(GRIDS, city="dandong"))["city"]
    staffing = {level["key"]: level["staffing"] for level in city["levels"]}
    grid = [{"key": "grid", "name": "网格"}]
    assert staffing["grid"] == [
        {
            "name": name,
            "required": required,
            "assumed": False,
            "assumedKeys": ["post"],
            "source": LIAONING,
            "post": {
                "key": key,
                "name": name,
                "role": "GRID_WORKER",
                "single": False,
                "levels": grid,
            },
        }
        for key, name, required in (
            ("full_time_worker", "专职网格员", 1),
            ("part_time_worker", "兼职网格员", 2),
        )
    ]
    assert {key: len(rules) for key, rules in staffing.items() if rules} == {
        "grid": 2,
        "area_centre": 1,
    }


POSTS = """{ city(code: "fushun") {
  postKinds { key name role single levels { key } assumed assumedKeys source } }
  province(code: "liaoning") { postKinds { key name role single levels { key } } } }"""


async def test_a_citys_kinds_of_posts(graph: Graph) -> None:
    """Kinds come inherited first, each with role, levels, and what supports it."""
    found = await graph.data(POSTS)
    posts = found["city"]["postKinds"]
    assert [(kind["key"], kind["name"], kind["role"]) for kind in posts] == [
        ("secretary", "书记", "SECRETARY"),
        ("full_time_worker", "专职网格员", "GRID_WORKER"),
        ("full_time_agent", "专职代办员", "AGENT"),
        ("part_time_agent", "兼职代办员", "AGENT"),
        ("seconded_cadre", "选派干部", None),
        ("community_cadre", "社区干部", "GRID_WORKER"),
        ("building_head", "楼长", None),
    ]
    assert posts[0] == {
        "key": "secretary",
        "name": "书记",
        "role": "SECRETARY",
        "single": True,
        "levels": [],
        "assumed": False,
        "assumedKeys": ["key", "role", "single"],
        "source": "000_82855f5243dde796.txt",
    }
    assert found["province"]["postKinds"] == [
        {
            "key": "secretary",
            "name": "党组织书记",
            "role": "SECRETARY",
            "single": True,
            "levels": [],
        },
        {
            "key": "party_cadre",
            "name": "党务干部",
            "role": None,
            "single": False,
            "levels": [{"key": "provincial_body"}],
        },
    ]


EVERY = """{ province(code: "liaoning") { cities { slug postKinds { key levels { key } }
  levels { key staffing { post { key } } } } } }"""


async def test_every_rule_is_about_a_post_of_its_city(graph: Graph) -> None:
    """The post of each staffing rule is one of the city's, and may be held at the level."""
    for city in (await graph.data(EVERY))["province"]["cities"]:
        kinds = city["postKinds"]
        held = {kind["key"]: [level["key"] for level in kind["levels"]] for kind in kinds}
        rules = [
            (level["key"], rule["post"]["key"])
            for level in city["levels"]
            for rule in level["staffing"]
        ]
        assert [key for key, post in rules if key not in (held[post] or [key])] == [], city["slug"]
