"""The landing page with and without personas."""

import re

from server.pages.examples import load_examples
from server.pages.landing import landing_page
from server.personas import Persona, PersonaTenant, personas
from server.tokens import Mint
from tenants.definition import Definition
from tenants.registry import Registry
from tenants.roles import Role

EXAMPLES = load_examples()
MINT = Mint(b"-" * 32, "onegrid", "onegrid")


def chips(page: str) -> dict[str, list[tuple[str, str]]]:
    """The links of each row of the personas: address and text."""
    (section,) = re.findall(r'<section id="personas">(.+?)</table>', page, re.DOTALL)
    return {
        place: re.findall(r'<a class="level" href="(.+?)" title=".+?">(.+?)</a>', cell)
        for place, cell in re.findall(
            r'<th scope="row">(.+?)</th>\s*<td class="whole">(.+?)</td>', section, re.DOTALL
        )
    }


def test_without_personas(shipped: tuple[Definition, ...]) -> None:
    """Where there are no personas, nothing of them is in the page, and no script."""
    registry = Registry(shipped)
    page = landing_page(registry, None, EXAMPLES)
    assert re.findall("persona|身份|令牌|<script|<form", page) == []
    assert landing_page(registry, None, EXAMPLES, []) == page
    assert landing_page(None, "数据库", EXAMPLES, None) == landing_page(None, "数据库", EXAMPLES)


def test_personas_by_place(shipped: tuple[Definition, ...]) -> None:
    """Every persona is a link into GraphiQL, in the row of its city or province."""
    registry = Registry(shipped)
    ready = personas(registry, MINT)
    found = chips(landing_page(registry, None, EXAMPLES, ready))
    places = [item["tenant"]["name"] if item["tenant"] else "各地" for item in ready]
    assert list(found) == list(dict.fromkeys(places))
    links = [link for place in found.values() for link, _ in place]
    assert links == [f"/graphiql?persona={item['key']}" for item in ready]
    assert [title for _, title in found["抚顺市"]] == [
        "居民",
        "党员",
        "网格员",
        "代办员",
        "书记",
        "市级管理员",
    ]


def test_no_token_in_the_page(shipped: tuple[Definition, ...]) -> None:
    """A token is fetched when it is copied: caches and screenshots of the page hold none."""
    registry = Registry(shipped)
    ready = personas(registry, MINT)
    page = landing_page(registry, None, EXAMPLES, ready)
    tokens = [item["token"] for item in ready if item["token"]]
    assert tokens != []
    assert [token for token in tokens if token in page] == []


def test_hostile_names(shipped: tuple[Definition, ...]) -> None:
    """Names and keys are text, whatever they hold."""
    hostile = '"><script>&城 市'
    persona = Persona(
        key=hostile,
        nameZh=hostile,
        nameEn=hostile,
        role=Role.GRID_WORKER,
        tenant=PersonaTenant(code="210400", slug="fushun", name=hostile),
        organization=hostile,
        token="t",
    )
    page = landing_page(Registry(shipped), None, EXAMPLES, [persona])
    assert page.count("<script") == 1
    assert '/graphiql?persona=%22%3E%3Cscript%3E%26%E5%9F%8E%20%E5%B8%82"' in page
