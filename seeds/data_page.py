"""docs/data.md: every reported figure with what is recorded of it. `python -m seeds.data_page`
writes it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from seeds.figures import Figure, load_figures
from seeds.recorded import Recorded, load_recorded


def page() -> str:
    """docs/data.md: every figure with what is recorded of it."""
    recorded, figures = load_recorded(), load_figures()
    matched = sum(figure.code in recorded.measured for figure in figures)
    return "\n".join((*_head(matched, len(figures)), *_rows(recorded, figures), ""))


def _head(matched: int, total: int) -> Iterator[str]:
    yield "<!-- Generated from seeds/data/recorded.yaml by seeds/data_page.py. -->"
    yield "# Recorded and reported"
    yield ""
    yield (
        "`onegrid seed --scale published` generates data that come to the numbers which documents "
        f"state. Of {total} figures {matched} are matched by what is recorded then; the others "
        "cannot be, and the reason is given. Figures that a document gives as about so many "
        "(≈) are taken as the number that it names. Nobody and nothing in these data is real but "
        "the organizations: every row is `GENERATED`."
    )
    yield ""
    yield "## Matched"
    yield ""
    yield "| figure | of | what | value | measured by |"
    yield "|---|---|---|---|---|"


def _rows(recorded: Recorded, figures: Sequence[Figure]) -> Iterator[str]:
    by_code = {figure.code: figure for figure in figures}
    for figure in figures:
        if figure.code in recorded.measured:
            how = recorded.measured[figure.code].how.replace("|", "\\|")
            yield f"| {figure.code} | {_place(figure)} | {_what(figure)} | `{how}` |"
    yield ""
    yield "## Not matched"
    for group in recorded.unmeasured:
        yield ""
        yield f"**{group.reason}**"
        yield ""
        for code in group.figures:
            figure = by_code[code]
            subject, value = _what(figure).split(" | ")
            yield f"- {code} {_place(figure)}: {subject}, {value}"


def _place(figure: Figure) -> str:
    return f"{figure.stated_for}{figure.place or ''}"


def _what(figure: Figure) -> str:
    period = f"({figure.period})" if figure.period else ""
    about = "≈ " if figure.approximate else ""
    return f"{figure.subject}{period} | {about}{figure.value:f} {figure.unit}"


PAGE = Path(__file__).parent.parent / "docs" / "data.md"

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
