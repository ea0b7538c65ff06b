"""The ready example operations that GraphiQL opens and the docs quote."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """An operation with the variables that it runs with, as GraphiQL takes them."""

    name: str
    query: str
    variables: str
    headers: str = "{}"


def load_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """Every `*.graphql` of the folder: its first comment is the name, `# variables:` the JSON."""
    return tuple(_example(path.read_text("utf-8")) for path in sorted(folder.glob("*.graphql")))


def examples_json(examples: tuple[Example, ...]) -> list[dict[str, str]]:
    """The examples as `/graphiql/examples.json` gives them."""
    return [asdict(example) for example in examples]


def _example(text: str) -> Example:
    name = re.match(r"# (.+)\n", text)
    variables = re.search(r"^# variables: (.+)\n", text, re.MULTILINE)
    assert name is not None, "an example begins with a comment that names it"
    given = json.loads(variables.group(1)) if variables else {}
    body = re.sub(r"^# variables: .+\n", "", text, flags=re.MULTILINE)
    return Example(name.group(1), body, json.dumps(given, ensure_ascii=False, indent=2))
