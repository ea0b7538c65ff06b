"""The invented city with issues, served: what somebody is shown of them over GraphQL."""

import datetime
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from schema.ids import GlobalId
from schema.keyring import sealing_context
from schema.personal import PersonalClass, mask
from tenants.definition import City, Definition
from tenants.posts import PostKind
from tenants.roles import Role
from tenants.workflow import Workflow
from tests.conftest import NOW, Graph, opened, services_of
from tests.schema.issues.desk import Desk, city_with
from tests.schema.organizations.town import ID, PROVINCE, town_at

OTHER_ID = 990200
PHONE, NAME = "+8613812345678", "王小明"
POSTS = [
    PostKind(key="worker", name="网格员", role=Role.GRID_WORKER),
    PostKind(key="head", name="书记", role=Role.SECRETARY),
]


def cities(*workflows: Workflow) -> tuple[Definition, ...]:
    """The invented city with these workflows, another one like it, and their province."""
    found = []
    for code, slug in ((ID, "invented"), (OTHER_ID, "other")):
        made = city_with(*workflows)
        organizations = [
            item.model_copy(
                update={
                    "code": item.code.replace(str(ID), str(code)),
                    "parent": item.parent and item.parent.replace(str(ID), str(code)),
                }
            )
            for item in made.tenant.organizations
        ]
        changes = {
            "code": str(code),
            "slug": slug,
            "organizations": organizations,
            "posts": POSTS,
        }
        tenant = made.tenant.model_copy(update=changes)
        assert isinstance(tenant, City)
        found.append(Definition(tenant, (), workflow_versions=made.workflow_versions))
    return (PROVINCE, *found)


@dataclass
class Site:
    """Issues that are put into a database, and the application over it; nobody is signed in."""

    desk: Desk
    graph: Graph

    def as_(self, role: str, organization: str | None = None, **given: Any) -> Graph:
        """Somebody of the invented city."""
        return self.graph.as_(role, str(ID), organization, **given)

    @property
    def admin(self) -> Graph:
        """Its administrator."""
        return self.as_("CITY_ADMIN")

    async def person(self, name: str | None = NAME, phone: str | None = PHONE) -> uuid.UUID:
        """A new person; the id."""
        id_ = uuid.uuid4()
        keyring = self.graph.services.keyring
        stored: tuple[Any, ...] = (None,) * 5
        if phone is not None:
            sealed = keyring.seal(phone, sealing_context(ID, id_, "phone"))
            index = keyring.index(phone, ID)
            masked = mask(PersonalClass.PHONE, phone)
            stored = (sealed.data, sealed.key_id, masked, index.data, index.key_id)
        await self.desk.sql(
            "INSERT INTO person (tenant_id, id, name, phone_sealed, phone_key, phone_masked,"
            " phone_index, phone_index_key, data_kind, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'GENERATED', $9)",
            *(ID, id_, name, *stored, NOW),
        )
        return id_

    async def post(self, person: uuid.UUID, code: str, kind: str = "worker") -> None:
        """Let somebody hold a post."""
        await self.desk.sql(
            "INSERT INTO post (tenant_id, id, person_id, organization_id, kind, valid_from,"
            " data_kind) VALUES ($1, $2, $3, $4, $5, $6, 'GENERATED')",
            *(ID, uuid.uuid4(), person, await self.place(code), kind, datetime.date(2020, 1, 1)),
        )

    async def place(self, code: str) -> uuid.UUID:
        """The id of an organization."""
        ((found,),) = await self.desk.sql(
            "SELECT id FROM organization WHERE tenant_id = $1 AND code = $2", ID, code
        )
        assert isinstance(found, uuid.UUID)
        return found

    async def share(
        self, issue: uuid.UUID, code: str, person: uuid.UUID | None = None, **more: Any
    ) -> uuid.UUID:
        """Let an organization, or somebody of it, handle an issue jointly; the id of its part."""
        part = uuid.uuid4()
        values = {
            "tenant_id": ID,
            "issue_id": issue,
            "id": part,
            "organization_id": await self.place(code),
            "person_id": person,
            "added_at": NOW,
            **more,
        }
        await self._insert("issue_handler", values)
        return part

    async def note(self, issue: uuid.UUID, text: str, **more: Any) -> uuid.UUID:
        """Let somebody write something about an issue; the id of the note."""
        count = len(await self.desk.sql("SELECT 1 FROM issue_note"))
        values = {
            "tenant_id": ID,
            "id": uuid.UUID(int=count + 1),
            "issue_id": issue,
            "author": "worker",
            "text": text,
            "evidence": [],
            "at": NOW,
            **more,
        }
        await self._insert("issue_note", values)
        return uuid.UUID(int=count + 1)

    async def _insert(self, table: str, values: dict[str, Any]) -> None:
        names = ", ".join(values)
        places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
        await self.desk.sql(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())


def issue_id(issue: uuid.UUID, tenant_id: int = ID) -> str:
    """The global id of an issue."""
    return str(GlobalId("Issue", tenant_id, issue.hex))


@asynccontextmanager
async def site_at(url: str, folder: Path) -> AsyncIterator[Site]:
    """The application over a database in which the two cities are loaded already."""
    services = services_of(folder)
    owner = await asyncpg.connect(url)
    try:
        async with (
            town_at(url, folder / "other-keys.json") as town,
            opened(url, services=services) as graph,
        ):
            yield Site(Desk(town, owner), graph)
    finally:
        await owner.close()
