"""Sample issues as rows: played by `seeds/play.py`, flagged GENERATED, the same every time.

They are found, shown and swept like any others. Nobody in them is real: residents are
`sample-resident-1` and so on (a few are the persona of the demo), and those who handle them are
the sample people, or a desk without a name where those hold no posts. Nobody left a telephone
number, and no text has one.
"""

import datetime
from collections.abc import Iterator, Mapping

from schema.loaders.issue_standing import HANDLER, ISSUE
from schema.tables.issue import IssueNoteRow, IssueWordRow
from schema.words import places
from seeds.events import json_text
from seeds.pace import WINDOW
from seeds.play import Play, Played
from seeds.rows import Row
from seeds.scene import Scene
from seeds.titles import load_titles
from tenants.calendar import CHINA

ISSUE_ROW = tuple(column.name for column in ISSUE.columns)
HANDLER_ROW = tuple(column.name for column in HANDLER.columns)
NOTE_ROW = tuple(IssueNoteRow.model_fields)
WORD_ROW = tuple(IssueWordRow.model_fields)


def sample_issues(
    scene: Scene,
    first: int,
    count: int,
    today: datetime.date,
    taken: Mapping[datetime.date, int] | None = None,
) -> Played:
    """`count` issues of one city from the ordinal `first` on, as they stand when `today` begins.

    They were reported in the `WINDOW` days before. `taken` are the last numbers that days have
    given already.
    """
    midnight = datetime.datetime.combine(today, datetime.time(), CHINA)
    until = midnight.astimezone(datetime.UTC)
    return Play(scene, load_titles(), first, count, until, taken).run()


def earliest(today: datetime.date) -> datetime.date:
    """The first day on which one may have been reported."""
    return today - datetime.timedelta(days=WINDOW + 1)


def issue_rows(played: Played) -> list[Row]:
    """Rows of `issue` with the columns of `ISSUE_ROW`."""
    return [tuple({**row, "answers": json_text(row["answers"])}.values()) for row in played.issues]


def word_rows(played: Played) -> Iterator[Row]:
    """Rows of `issue_word` with the columns of `WORD_ROW`."""
    for row in played.issues:
        for pair, place in places(row["title"], row["description"]):
            yield row["tenant_id"], pair, row["reported_at"], row["id"], place
