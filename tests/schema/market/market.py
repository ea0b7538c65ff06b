"""The market of the invented city, as front ends act on it, and rows put there at once."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schema.ids import GlobalId, derived_uuid, parse_id
from schema.products import product_key
from tests.conftest import NOW, Graph
from tests.schema.cooperatives.village import (
    ID,
    Given,
    cooperative_id,
    cooperative_uuid,
    owner_of,
    put,
    rows_of,
)

COOPERATIVES = (
    Given("PEACH", leader="AA3-V1", name="桃花合作社"),
    Given("PEAR", leader="AA3-V2", name="梨花合作社"),
    Given("OVER", leader="AA3-V1", dissolved_on=datetime.date(2025, 1, 1)),
    Given("FAR", leader="CC1-V1", tenant_id=990200),
)
ENTERPRISES: Mapping[str, tuple[str, datetime.date | None]] = {
    "FOODS": ("BB", None),
    "NEAR": ("AA3", None),
    "GONE": ("AA", datetime.date(2026, 1, 1)),
    "PAST": ("AA", datetime.date(2026, 3, 15)),
}
"""Where each is, and when it left."""

SELECTED: Mapping[str, str] = {
    "enterprise": "id code name organization { code } industry industryKey joinedOn leftOn "
    "dataKind",
    "posting": "id kind cooperative { code } enterprise { code } product quantity unit price "
    "fromOn untilOn state dataKind",
    "deal": "id cooperative { code } enterprise { code } product quantity unit amount "
    "collectiveIncome householdIncome state reason supply { id } demand { id } "
    "matchingEvent { id } revision availableStates dataKind",
    "matchingEvent": "id title organization { code } heldOn intents counts { state count }",
    "assetTrade": "id organization { code } asset reservePrice dealPrice premium tradedOn dataKind",
    "weakVillage": "id organization { code } listedOn clearedOn support dataKind",
}
FIELDS: Mapping[str, str] = {
    "registerEnterprise": "enterprise",
    "delistEnterprise": "enterprise",
    "postSupplyOrDemand": "posting",
    "closePosting": "posting",
    "proposeDeal": "deal",
    "advanceDeal": "deal",
    "holdMatchingEvent": "matchingEvent",
    "recordAssetTrade": "assetTrade",
    "listWeakVillage": "weakVillage",
    "supportVillage": "weakVillage",
    "clearVillage": "weakVillage",
}
"""The mutations, with the field of the payload that has the object."""


def enterprise_uuid(code: str) -> uuid.UUID:
    """The id of an enterprise that was put there."""
    return derived_uuid("Enterprise", ID, code)


def enterprise_id(code: str) -> str:
    """Its global id."""
    return str(GlobalId("Enterprise", ID, enterprise_uuid(code).hex))


def posting_id(id_: uuid.UUID) -> str:
    """The global id of a posting."""
    return str(GlobalId("Posting", ID, id_.hex))


async def settle(url: str) -> None:
    """Put the cooperatives and enterprises into a database."""
    await put(url, *COOPERATIVES)
    async with owner_of(url) as connection:
        for code, (place, left_on) in ENTERPRISES.items():
            await connection.execute(
                "INSERT INTO enterprise (tenant_id, id, code, name, organization_id, left_on,"
                " data_kind) SELECT $1, $2, $3, $4, id, $6, 'GENERATED' FROM organization"
                " WHERE tenant_id = $1 AND code = $5",
                *(ID, enterprise_uuid(code), code, f"{code} 公司", place, left_on),
            )


@dataclass(frozen=True)
class Posted:
    """A posting to put there; `party` is a code of COOPERATIVES or ENTERPRISES."""

    party: str
    kind: str
    product: str = "葡萄"
    quantity: Decimal = Decimal(100)
    unit: str = "公斤"
    price: Decimal | None = None
    from_on: datetime.date | None = None
    until_on: datetime.date | None = None
    state: str = "OPEN"

    @property
    def is_cooperative(self) -> bool:
        """Whether a cooperative posted it."""
        return self.party not in ENTERPRISES

    def row(self, id_: uuid.UUID) -> tuple[Any, ...]:
        """Its row, in the order of the table's columns."""
        own = self.is_cooperative
        return (
            ID, id_, self.kind, cooperative_uuid(self.party) if own else None,
            None if own else enterprise_uuid(self.party), self.product, product_key(self.product),
            self.quantity, self.unit, self.price, self.from_on, self.until_on, self.state, NOW,
            "GENERATED",
        )  # fmt: skip


@dataclass
class Market:
    """The application over a database with the market; nobody is signed in."""

    graph: Graph
    url: str

    @property
    def admin(self) -> Graph:
        """The administrator of the city."""
        return self.graph.as_("CITY_ADMIN", str(ID))

    def secretary(self, organization: str) -> Graph:
        """The secretary of an organization of the city."""
        return self.graph.as_("SECRETARY", str(ID), organization)

    async def do(self, field: str, who: Graph | None = None, **given: Any) -> Any:
        """The payload of a mutation, by the administrator unless somebody else is named."""
        dry_run = given.pop("dry_run", False)
        object_ = FIELDS[field]
        type_ = f"{field[0].upper()}{field[1:]}Input"
        query = (
            f"mutation ($input: {type_}!, $dryRun: Boolean!) {{ {field}(input: $input, "
            f"dryRun: $dryRun) {{ {object_} {{ {SELECTED[object_]} }} "
            "refusals { code path message } } }"
        )
        return (await (who or self.admin).data(query, input=given, dryRun=dry_run))[field]

    async def done(self, field: str, who: Graph | None = None, **given: Any) -> Any:
        """The object of a mutation that must succeed."""
        payload = await self.do(field, who, **given)
        assert payload["refusals"] == []
        return payload[FIELDS[field]]

    async def refused(self, field: str, who: Graph | None = None, **given: Any) -> Any:
        """Code and path of each reason of a mutation that must be refused; it leaves no event."""
        before = await self.events()
        payload = await self.do(field, who, **given)
        assert payload[FIELDS[field]] is None
        assert await self.events() == before
        return [(reason["code"], ".".join(reason["path"][1:])) for reason in payload["refusals"]]

    async def post(self, party: str = "PEACH", kind: str = "SUPPLY", **given: Any) -> Any:
        """A posting, of 100 公斤 葡萄 unless said otherwise."""
        return await self.done("postSupplyOrDemand", **posted(party, kind, **given))

    async def deal(self, **given: Any) -> Any:
        """A deal of 桃花合作社 with FOODS about 葡萄."""
        return await self.done("proposeDeal", **deal(**given))

    async def events(self) -> list[tuple[Any, ...]]:
        """Kind, organization, cooperative and facts of every event of the city, in order."""
        rows = await rows_of(
            self.url,
            "SELECT e.kind, o.code AS place, c.code AS cooperative, e.about::text AS about"
            " FROM event e"
            " LEFT JOIN organization o ON o.tenant_id = e.tenant_id AND o.id = e.organization_id"
            " LEFT JOIN cooperative c ON c.tenant_id = e.tenant_id AND c.id = e.cooperative_id"
            " WHERE e.tenant_id = $1 ORDER BY e.seq",
            ID,
        )
        return [tuple(row.values()) for row in rows]

    async def last_event(self) -> tuple[str, str, str | None]:
        """Kind, organization and cooperative of the newest event."""
        kind, place, cooperative, _ = (await self.events())[-1]
        return kind, place, cooperative


def posted(party: str = "PEACH", kind: str = "SUPPLY", **given: Any) -> dict[str, Any]:
    """An input of `postSupplyOrDemand`."""
    own = {"enterprise": enterprise_id(party)}
    if party not in ENTERPRISES:
        own = {"cooperative": cooperative_id(party)}
    return {**own, "kind": kind, "product": "葡萄", "quantity": "100", "unit": "公斤", **given}


def deal(**given: Any) -> dict[str, Any]:
    """An input of `proposeDeal`; a value of None leaves a field out."""
    own = {
        "cooperative": cooperative_id("PEACH"),
        "enterprise": enterprise_id("FOODS"),
        "product": "葡萄",
        **given,
    }
    return {name: value for name, value in own.items() if value is not None}


def uuid_of(object_: Any) -> uuid.UUID:
    """The UUID in the id of an object that was shown."""
    return parse_id(object_["id"]).uuid
