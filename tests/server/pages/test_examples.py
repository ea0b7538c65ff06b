"""The ready examples: who they are for, and that there is something to see."""

import json
from pathlib import Path
from typing import Any

from server.pages.examples import Example, examples_json, load_examples
from server.pages.explorer import PERSONAS
from tests.conftest import Graph

EXAMPLES = {example.operation: example for example in load_examples()}


async def answered(demo: Graph, operation: str) -> Any:
    """The data of an example, asked as its persona."""
    example = EXAMPLES[operation]
    asking = await demo.as_persona(example.persona) if example.persona else demo
    return await asking.data(example.query, **json.loads(example.variables))


def test_an_example_is_read(tmp_path: Path) -> None:
    """The first comment is the name; variables and persona leave the text."""
    file = tmp_path / "1.graphql"
    file.write_text('# 名\n# persona: p\n# variables: {"a": "市"}\nmutation Do($a: ID!) { a }\n')
    (example,) = load_examples(tmp_path)
    query, variables = "# 名\nmutation Do($a: ID!) { a }\n", '{\n  "a": "市"\n}'
    assert example == Example("名", query, variables, persona="p")
    assert example.operation == "Do"
    assert examples_json((example,)) == [
        {"name": "名", "query": query, "variables": variables, "headers": "{}", "persona": "p"}
    ]


async def test_personas_are_named(demo: Graph) -> None:
    """Where an example needs a persona there is one, and the example's name says which."""
    ready = (await demo.http.get(PERSONAS)).json()["personas"]
    titles = {persona["key"]: persona["nameZh"] for persona in ready}
    named = {
        example.operation: example.name.endswith(f"(身份:{titles[example.persona]})")
        for example in EXAMPLES.values()
        if example.persona is not None
    }
    assert named == {"People": True, "Move": True, "IssueList": True, "SecretaryDesk": True}


async def test_staffing_shows_holders_and_gaps(demo: Graph) -> None:
    """Of every rule of the example some posts are held and some are not."""
    city = (await answered(demo, "Staffing"))["city"]
    assert [
        (total["post"]["name"], total["organizations"], total["held"], total["short"])
        for total in city["staffing"]
    ] == [
        ("事业编制人员", 32, 6, 30),
        ("专职网格员", 2016, 120, 1896),
        ("兼职网格员", 2016, 250, 1915),
    ]
    assert len(city["staffingGaps"]["nodes"]) == 20


async def test_people_are_masked(demo: Graph) -> None:
    """The people of the example are shown with posts, and without whole names and phones."""
    people = (await answered(demo, "People"))["city"]["people"]["nodes"]
    assert len(people) == 20
    assert {person["name"][1:] for person in people} == {"**"}
    assert {(person["phone"] or "024-******")[:10] for person in people} == {"024-******"}
    assert all(person["posts"]["nodes"] for person in people)


async def test_move_is_only_rehearsed(demo: Graph) -> None:
    """The example of a mutation says what would change, and changes nothing."""
    first, again = await answered(demo, "Move"), await answered(demo, "Move")
    assert first == again
    assert first["moveOrganization"]["refusals"] == []
    assert [change["kind"] for change in first["moveOrganization"]["changes"]] == ["PARENT", "PATH"]
