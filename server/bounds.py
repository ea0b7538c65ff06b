"""Bounds: how large a document and an operation may be, and the refusal of what is larger."""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import DocumentNode

from schema.errors import CodedError, ErrorCode
from server.cost import Cost
from server.extent import Scan, crowding, extent
from server.settings import Settings

INTROSPECTION_DEPTH = 20
"""Fields from `__schema` or `__type` on; GraphiQL and code generators ask for 15 levels."""

NESTING = 200
"""Brackets of any kind in each other; the parser itself stops there."""

LARGEST = 2**53 - 1
"""The largest number that every reader of JSON reads exactly; larger ones are shown as this."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest sizes that are served.

    `length` is in characters. `tokens`, `directives`, `fragments` (definitions) and `selections`
    (with fragments unfolded) are of a whole document; `aliases` and `fields` (times that one field
    is selected) of one level of an answer, everything merged that stands there; `depth` is that of
    fields, and of lists and input objects in arguments. Fields from `__schema` or `__type` on do
    not count in `depth`: they have `INTROSPECTION_DEPTH`. `nodes` and `cost` are of an operation
    with its variables.
    """

    length: int
    tokens: int
    depth: int
    aliases: int
    fields: int
    selections: int
    directives: int
    fragments: int
    nodes: int
    cost: int

    @classmethod
    def of(cls, settings: Settings) -> "Bounds":
        """The bounds that the settings ask for."""
        return cls(
            length=settings.max_body,
            tokens=settings.max_tokens,
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            fields=settings.max_fields,
            selections=settings.max_selections,
            directives=settings.max_directives,
            fragments=settings.max_fragments,
            nodes=settings.max_nodes,
            cost=settings.max_cost,
        )


@dataclass(frozen=True, slots=True)
class Excess:
    """The bound that something is above: its name, the value found, and the limit."""

    bound: str
    value: int
    limit: int

    def refusal(self) -> CodedError:
        """What the client is told."""
        code, zh, en, do_zh, do_en = _SAID[self.bound]
        value = min(self.value, LARGEST)
        return CodedError(
            code,
            f"{zh}为 {value}，超出上限 {self.limit}；请{do_zh}。",
            f"{en} is {value}, above the limit of {self.limit}; {do_en}.",
            bound=self.bound,
            value=value,
            limit=self.limit,
        )


def length_excess(text: str, bounds: Bounds) -> Excess | None:
    """Whether a text is too long to be looked at."""
    return Excess("length", len(text), bounds.length) if len(text) > bounds.length else None


def scan_excess(scanned: Scan, bounds: Bounds) -> Excess | None:
    """Whether a text is too large to be parsed."""
    if scanned.nesting > NESTING:
        return Excess("depth", scanned.nesting, bounds.depth)
    return _first([("tokens", scanned.tokens, bounds.tokens)])


def document_excess(document: DocumentNode, bounds: Bounds) -> Excess | None:
    """Whether a document is too large to be validated; it need not be valid.

    Takes time linear in the document, and in `bounds.selections` where fragments unfold it.
    """
    size = extent(document)
    large = [
        ("fragments", size.fragments, bounds.fragments),
        ("directives", size.directives, bounds.directives),
        ("depth", max(size.depth, size.values), bounds.depth),
        ("introspectionDepth", size.introspection, INTROSPECTION_DEPTH),
        ("selections", size.selections, bounds.selections),
    ]
    found = _first(large)
    if found is not None:
        return found
    most = crowding(document, size.cuts)
    return _first(
        [("aliases", most.aliases, bounds.aliases), ("fields", most.fields, bounds.fields)]
    )


def cost_excess(cost: Cost, bounds: Bounds) -> Excess | None:
    """Whether an operation may return too much, or be too dear to run."""
    if cost.nodes > bounds.nodes:
        return Excess("nodes", cost.nodes, bounds.nodes)
    return Excess("cost", cost.cost, bounds.cost) if cost.cost > bounds.cost else None


def _first(found: Iterable[tuple[str, int, int]]) -> Excess | None:
    for bound, value, limit in found:
        if value > limit:
            return Excess(bound, value, limit)
    return None


_LESS = ("分多次请求", "send several smaller requests")
_PAGES = ("减小 first、last 或减少层次", "ask for smaller pages or for fewer levels of lists")

_SAID = {
    "length": (ErrorCode.BODY_TOO_LARGE, "文档的字符数", "The document's length", *_LESS),
    "tokens": (
        ErrorCode.TOKENS_EXCEEDED,
        "文档的词元数",
        "The document's number of tokens",
        *_LESS,
    ),
    "depth": (
        ErrorCode.DEPTH_EXCEEDED,
        "文档的嵌套深度",
        "The document's depth",
        "分多次请求,由下层对象的编码或全局编号再查",
        "begin further requests at the inner objects, by code or id",
    ),
    "introspectionDepth": (
        ErrorCode.DEPTH_EXCEEDED,
        "自省部分的嵌套深度",
        "The depth of the introspection",
        "减少 ofType 的层数",
        "ask for fewer levels of ofType",
    ),
    "aliases": (
        ErrorCode.ALIASES_EXCEEDED,
        "同一层中的别名数",
        "The number of aliases in one level",
        *_LESS,
    ),
    "fields": (
        ErrorCode.FIELDS_EXCEEDED,
        "同一层中同一字段的出现次数",
        "The number of times that one field is selected in one level",
        "每个字段只写一次",
        "select each field once",
    ),
    "selections": (
        ErrorCode.FIELDS_EXCEEDED,
        "展开片段后的选择数",
        "The number of selections, with fragments unfolded,",
        *_LESS,
    ),
    "directives": (
        ErrorCode.DIRECTIVES_EXCEEDED,
        "文档的指令数",
        "The document's number of directives",
        *_LESS,
    ),
    "fragments": (
        ErrorCode.FRAGMENTS_EXCEEDED,
        "文档的片段数",
        "The document's number of fragments",
        "合并片段,或分多次请求",
        "join fragments, or send several smaller requests",
    ),
    "nodes": (
        ErrorCode.NODES_EXCEEDED,
        "此操作可能返回的对象数",
        "The number of objects that the operation may return",
        *_PAGES,
    ),
    "cost": (ErrorCode.COST_EXCEEDED, "此操作的成本", "The operation's cost", *_PAGES),
}
