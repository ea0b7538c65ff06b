"""The log as it grows: the subscription to events of a city."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.access import Permission
from schema.arguments import organization_ref
from schema.context import Context
from schema.entries import find_city
from schema.errors import CodedError, ErrorCode
from schema.fields import streaming
from schema.loaders.event_feed import Concern, EventsAfter, NewestEvent, Reading, Sight
from schema.loaders.organization import (
    OrganizationByCode,
    OrganizationById,
    unknown_organization,
)
from schema.stream import Page, Stream
from schema.timelines.types import EventType
from schema.visibility import concern, sights
from tenants.definition import Definition


@dataclass(frozen=True)
class EventsArguments:
    """Arguments of `Subscription.events`."""

    city: Annotated[
        strawberry.ID,
        strawberry.argument(
            description="六位区划代码或网址名,如 210400 或 fushun | six-digit code or slug"
        ),
    ]
    organization: Annotated[
        strawberry.ID | None,
        strawberry.argument(
            description="限于此组织及其下级(组织编码或全局编号),按事件读取时的隶属关系 | this "
            "one and below (code or id), as the tree is when the event is read"
        ),
    ] = None
    after: Annotated[
        int | None,
        strawberry.argument(
            description="只要此序号之后的事件;缺省为从现在起 | events after this number; default: "
            "from now on"
        ),
    ] = None


class EventStream(Stream):
    """The events of a tenant that a viewer sees, of one organization and below or of all."""

    def __init__(
        self, tenant_id: int, position: int, newest: int, under: str | None, columns: Any
    ) -> None:
        super().__init__(tenant_id, position)
        self._newest = newest
        self._under = under
        self._columns = columns

    async def page(self, context: Context) -> Page:
        """The next events, at most a hundred."""
        seen, own = _shown(context, self.tenant_id)
        reading = Reading(self.position, seen, own, self._under)
        key = (self.tenant_id,)
        (batch,) = await EventsAfter.batch(
            context.snapshot, context.scope, [key], reading, self._columns
        )
        events = [(row["seq"], row) for row in batch.rows]
        return Page(events, batch.position, batch.is_last)

    def resume(self, seq: int) -> None:
        """Read on after this number instead."""
        self.position = _known(seq, self._newest)


async def begin(
    context: Context, arguments: EventsArguments, columns: tuple[str, ...]
) -> EventStream:
    """The stream that somebody asks for.

    Errors: `CodedError` CITY_UNKNOWN, FORBIDDEN, ORGANIZATION_UNKNOWN, ID_MALFORMED, BAD_REQUEST.
    """
    city = find_city(context, arguments.city)
    _shown(context, city.tenant_id)
    under = await _under(context, city, arguments.organization)
    key = (city.tenant_id,)
    (newest,) = await NewestEvent.batch(context.snapshot, context.scope, [key], None, ())
    position = newest if arguments.after is None else _known(arguments.after, newest)
    return EventStream(city.tenant_id, position, newest, under, columns)


def _shown(context: Context, tenant_id: int) -> tuple[tuple[Sight, ...], Concern | None]:
    """What the viewer sees of a tenant's log.

    Errors: `CodedError` FORBIDDEN where that is nothing.
    """
    seen, own = sights(context.actor, tenant_id), concern(context, tenant_id)
    if not seen and own is None:
        context.demand(Permission.READ_PEOPLE, tenant_id)
    return seen, own


def _known(seq: int, newest: int) -> int:
    """A number up to which events can have been read: another log than this one has others."""
    if 0 <= seq <= newest:
        return seq
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"after 为 {seq},而日志的序号为 1 到 {newest};应为收到过的序号,或 0 为从头读起。",
        f"after is {seq}, but the log has the numbers 1 to {newest}; expected one that was "
        "received, or 0 for the beginning.",
        argument="after",
        given=seq,
        newest=newest,
    )


async def _under(context: Context, city: Definition, given: str | None) -> str | None:
    """The code of the organization that is named; it must touch what the viewer sees."""
    ref = organization_ref(city, given)
    if ref is None:
        return None
    loader, key = (OrganizationByCode, ref.code) if ref.code else (OrganizationById, ref.id)
    (found,) = await loader.batch(
        context.snapshot, context.scope, [(city.tenant_id, key)], None, ("code", "path")
    )
    if found is None:
        raise unknown_organization(str(given))
    if not await _meets(context, city, found):
        context.demand(Permission.READ_PEOPLE, city.tenant_id, found["path"])
    code: str = found["code"]
    return code


async def _meets(context: Context, city: Definition, organization: Any) -> bool:
    """Whether the viewer sees something of the organization, or of one above or below it.

    Who is told of own issues only may have reported them anywhere.
    """
    seen = sights(context.actor, city.tenant_id)
    if not seen:
        return True
    codes: set[str] = set()
    for sight in seen:
        if sight.codes is None:
            return True
        codes.update(sight.codes)
    if any(f"/{code}/" in organization["path"] for code in codes):
        return True
    keys = [(city.tenant_id, code) for code in sorted(codes)]
    rows = await OrganizationByCode.batch(context.snapshot, context.scope, keys, None, ("path",))
    inside = f"/{organization['code']}/"
    return any(row is not None and inside in row["path"] for row in rows)


@strawberry.type
class EventSubscriptions:
    """What of the log can be followed."""

    events: EventType = streaming(
        begin,
        "一个城市日志中访问者可见的事件,自 after 起按序号一个不漏、一个不重;个人信息总是掩码 | "
        "the events of a city's log that the viewer may see, after a number, in order, none lost "
        "and none twice; personal data are always masked",
        arguments=EventsArguments,
    )
