"""The end of organizations: whom their children go to, who succeeds them, which posts end."""

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.organizations.grafting import graft
from schema.organizations.rules import AHEAD, SHOWN, ending, listed, untimely
from schema.organizations.tree import Organization, children, posts_since
from schema.organizations.writes import Graft, end, end_posts, succeed
from schema.refusals import Refusal, RefusalCode, Refused
from schema.work import Work

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Ending:
    """Organizations that end on a day, and those that succeed each of them.

    A single successor is the heir: it takes in the children that remain. `fields` has the path
    below the input of each ending one, `successor_field` that of the successors.
    """

    kind: EventKind
    organizations: Sequence[Organization]
    successors: Sequence[Organization]
    day: datetime.date
    fields: Sequence[tuple[str, ...]]
    successor_field: tuple[str, ...]

    @property
    def heir(self) -> Organization | None:
        """Who takes in the children."""
        return self.successors[0] if len(self.successors) == 1 else None

    def against(self, work: Work) -> Iterator[Refusal]:
        """What of the organizations themselves stands in the way."""
        for organization, field in zip(self.organizations, self.fields, strict=True):
            yield from ending(organization, field)
        for successor in self.successors:
            yield from ending(successor, self.successor_field)
            yield from self._inside(successor)
        first = [item.valid_from + DAY for item in self.organizations if item.valid_from]
        changed = [day for item in self.organizations for day in (item.renamed_on, item.moved_on)]
        begun = [item.valid_from for item in self.successors]
        yield from untimely(self.day, [*first, *changed, *begun], work.today + AHEAD, ("on",))

    async def carried_out(self, work: Work) -> tuple[Change, ...] | Refused:
        """End them, in the order that keeps out who is appointed meanwhile; what changed."""
        remaining = await children(work, self.organizations, self.day)
        posts = await posts_since(work, self.organizations, self.day)
        if reasons := (*self._children_remain(work, remaining), *self._posts_remain(posts)):
            return Refused(reasons)
        grafts = [
            Graft(child, self.heir, max(self.day, child.valid_from or self.day))
            for child in remaining
            if self.heir is not None
        ]
        moved = await graft(work, grafts)
        await end(work, self.organizations, self.day)
        await succeed(work, self.organizations, self.successors)
        held = await end_posts(work, self.organizations, self.day)
        own: list[Change] = []
        for organization in self.organizations:
            own += self._changes(organization, held[organization.id])
            work.events.append(self._event(organization, held[organization.id], remaining))
        return (*own, *moved)

    def _inside(self, successor: Organization) -> Iterator[Refusal]:
        for organization in self.organizations:
            if successor.path.startswith(organization.path):
                yield Refusal(
                    RefusalCode.SUCCESSOR_NOT_ALLOWED,
                    f"“{successor.name}”不能继任“{organization.name}”:它就是该组织或其下级。",
                    f"{successor.name!r} cannot succeed {organization.name!r}: it is that itself, "
                    "or stands below it.",
                    ("input", *self.successor_field),
                )

    def _children_remain(self, work: Work, remaining: Sequence[Organization]) -> Iterator[Refusal]:
        if not remaining:
            return
        heir = self.heir
        if heir is None:
            yield self._remain(
                remaining,
                "请先移走、合并或撤销,或指定唯一的继任组织。",
                "move, merge or dissolve them first, or name a single successor",
            )
            return
        if self.day > work.today:
            yield self._remain(
                remaining,
                "下级不能预定迁移:请当日办理,或先行处理下级。",
                "moves cannot be planned: do it on that day, or see to them first",
            )
        hierarchy = work.definition.hierarchy
        misfits = [item for item in remaining if not hierarchy.allows(item.level, heir.level)]
        if misfits:
            yield self._remain(
                misfits,
                f"它们不能隶属于“{heir.name}”({hierarchy[heir.level].name})。",
                f"they may not stand under {heir.name!r} ({hierarchy[heir.level].name})",
            )
        newest = max((item.moved_on for item in remaining if item.moved_on), default=None)
        yield from untimely(self.day, [newest], self.day, ("on",))

    def _remain(self, remaining: Sequence[Organization], zh: str, en: str) -> Refusal:
        return Refusal(
            RefusalCode.CHILDREN_REMAIN,
            f"还有 {len(remaining)} 个下级组织:{listed(remaining, '、')}"
            f"{'等' * (len(remaining) > SHOWN)};{zh}",
            f"organizations remain below ({len(remaining)}): {listed(remaining, ', ')}"
            f"{' …' * (len(remaining) > SHOWN)}; {en}.",
            ("input", *self.fields[0]),
        )

    def _posts_remain(self, posts: int) -> Iterator[Refusal]:
        if posts:
            yield Refusal(
                RefusalCode.POSTS_REMAIN,
                f"有 {posts} 个任职自 {self.day} 当日或之后开始;请先免去,或改用更晚的日期。",
                f"{posts} posts begin on {self.day} or later: relieve them, or give a later day.",
                ("input", "on"),
            )

    def _changes(self, organization: Organization, posts: int) -> Iterator[Change]:
        code, name, day = organization.code, organization.name, str(self.day)
        yield Change(ChangeKind.VALID_TO, code, name, None, day)
        for successor in self.successors:
            yield Change(ChangeKind.SUCCESSOR, code, name, None, successor.code)
        if posts:
            yield Change(ChangeKind.POSTS, code, name, str(posts), "0", posts)

    def _event(
        self, organization: Organization, posts: int, remaining: Sequence[Organization]
    ) -> Event:
        children = Counter(child.parent_id for child in remaining)
        return Event(
            self.kind,
            organization.id,
            {
                "code": organization.code,
                "successors": [successor.code for successor in self.successors],
                "children": children[organization.id],
                "posts": posts,
                "on": str(self.day),
            },
        )
