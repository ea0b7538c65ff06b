"""The ready example operations that GraphiQL opens and the docs quote."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"

_SAID = re.compile(r"^# (variables|persona): (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """An operation with the variables that it runs with, as GraphiQL takes them.

    `persona` is the key of the persona of the demo that it needs, None where anybody may run it.
    """

    name: str
    query: str
    variables: str
    headers: str = "{}"
    persona: str | None = None

    @property
    def operation(self) -> str:
        """The operation's own name."""
        found = re.search(r"^(?:query|mutation) (\w+)", self.query, re.MULTILINE)
        assert found is not None, "the operation of an example has a name"
        return found[1]


def load_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """Every `*.graphql` of the folder, in order of file name.

    The first comment is the name; `# variables:` gives the JSON, `# persona:` the key of a persona.
    """
    return tuple(_example(path.read_text("utf-8")) for path in sorted(folder.glob("*.graphql")))


def examples_json(examples: tuple[Example, ...]) -> list[dict[str, str]]:
    """The examples as `/graphiql/examples.json` gives them."""
    return [asdict(example) for example in examples]


def _example(text: str) -> Example:
    name = re.match(r"# (.+)\n", text)
    assert name is not None, "an example begins with a comment that names it"
    said = dict(_SAID.findall(text))
    variables = json.dumps(json.loads(said.get("variables", "{}")), ensure_ascii=False, indent=2)
    return Example(name[1], _SAID.sub("", text), variables, persona=said.get("persona"))
