"""The catalogue of a migrated database against the rules of isolation, table by table."""

import pytest

from schema.scope import Login
from tests.conftest import NewDatabase, run_sql
from tests.isolation.catalogue import GRANTS, LOGINS, ROLES, faults, rows

# what each login may, beyond what its policies let it see; nobody may DELETE or TRUNCATE
CITY = {
    "agreement": "INSERT, SELECT, UPDATE",
    "agreement_activity": "INSERT, SELECT",
    "agreement_cell": "INSERT, SELECT, UPDATE",
    "agreement_delivery": "INSERT, SELECT",
    "agreement_delivery.answer": "UPDATE",
    "agreement_delivery.answered_at": "UPDATE",
    "agreement_delivery.answered_by": "UPDATE",
    "agreement_delivery.state": "UPDATE",
    "agreement_party": "INSERT, SELECT",
    "agreement_party.signed_at": "UPDATE",
    "agreement_party.signed_hash": "UPDATE",
    "agreement_party.signed_version": "UPDATE",
    "agreement_version": "INSERT, SELECT",
    "agreement_version.content": "UPDATE",
    "agreement_version.content_hash": "UPDATE",
    "agreement_version.decline_reason": "UPDATE",
    "agreement_version.declined_at": "UPDATE",
    "agreement_version.declined_by": "UPDATE",
    "agreement_version.proposed_at": "UPDATE",
    "annual_result": "INSERT, SELECT",
    "annual_result.superseded_at": "UPDATE",
    "asset_trade": "INSERT, SELECT",
    "cooperative": "INSERT, SELECT, UPDATE",
    "cooperative_cell": "INSERT, SELECT, UPDATE",
    "deal": "INSERT, SELECT, UPDATE",
    "enterprise": "INSERT, SELECT, UPDATE",
    "event": "INSERT, SELECT",
    "event_counter": "INSERT, SELECT, UPDATE",
    "figure": "SELECT",
    "household": "INSERT, SELECT",
    "household.address": "UPDATE",
    "household.organization_id": "UPDATE",
    "household.people": "UPDATE",
    "idempotency": "INSERT, SELECT",
    "idempotency.outcomes": "UPDATE",
    "issue": "INSERT, SELECT, UPDATE",
    "issue_counter": "INSERT, SELECT, UPDATE",
    "issue_handler": "INSERT, SELECT",
    "issue_handler.answered_at": "UPDATE",
    "issue_handler.note_id": "UPDATE",
    "issue_month": "INSERT, SELECT, UPDATE",
    "issue_note": "INSERT, SELECT",
    "issue_note.erased_at": "UPDATE",
    "issue_note.evidence": "UPDATE",
    "issue_note.text": "UPDATE",
    "issue_organization": "INSERT, SELECT, UPDATE",
    "issue_place": "INSERT, SELECT, UPDATE",
    "issue_supporter": "INSERT, SELECT",
    "issue_total": "INSERT, SELECT, UPDATE",
    "issue_word": "DELETE, INSERT, SELECT",
    "matching_event": "INSERT, SELECT",
    "membership": "INSERT, SELECT",
    "membership.capital": "UPDATE",
    "membership.land": "UPDATE",
    "membership.share": "UPDATE",
    "membership.until": "UPDATE",
    "organization": "INSERT, SELECT, UPDATE",
    "organization_cell": "INSERT, SELECT, UPDATE",
    "organization_name": "INSERT, SELECT",
    "organization_placement": "INSERT, SELECT",
    "person": "INSERT, SELECT, UPDATE",
    "post": "INSERT, SELECT, UPDATE",
    "posting": "INSERT, SELECT",
    "posting.state": "UPDATE",
    "succession": "INSERT, SELECT",
    "tenant": "SELECT",
    "tenant_version": "SELECT",
    "union_member": "INSERT, SELECT",
    "union_member.until": "UPDATE",
    "weak_village": "INSERT, SELECT",
    "weak_village.cleared_on": "UPDATE",
    "weak_village.support": "UPDATE",
    "workflow_version": "SELECT",
}
# what counting takes: of households random ids, of memberships their days; nothing that tells whose
# a household is, where, or what it brought in; of deliveries and activities no words and no files
PROVINCE = {
    "agreement": "SELECT",
    "agreement_activity.agreement_id": "SELECT",
    "agreement_activity.funds": "SELECT",
    "agreement_activity.held_on": "SELECT",
    "agreement_activity.id": "SELECT",
    "agreement_activity.kind": "SELECT",
    "agreement_activity.solved": "SELECT",
    "agreement_activity.tenant_id": "SELECT",
    "agreement_activity.way": "SELECT",
    "agreement_cell": "SELECT",
    "agreement_delivery.agreement_id": "SELECT",
    "agreement_delivery.commitment": "SELECT",
    "agreement_delivery.delivered_on": "SELECT",
    "agreement_delivery.funds": "SELECT",
    "agreement_delivery.id": "SELECT",
    "agreement_delivery.quantity": "SELECT",
    "agreement_delivery.state": "SELECT",
    "agreement_delivery.tenant_id": "SELECT",
    "agreement_party": "SELECT",
    "agreement_version": "SELECT",
    "annual_result": "SELECT",
    "asset_trade": "SELECT",
    "cooperative": "SELECT",
    "cooperative_cell": "SELECT",
    "deal": "SELECT",
    "enterprise": "SELECT",
    "figure": "SELECT",
    "household.id": "SELECT",
    "household.people": "SELECT",
    "household.tenant_id": "SELECT",
    "issue_month": "SELECT",
    "issue_organization": "SELECT",
    "issue_place": "SELECT",
    "issue_total": "SELECT",
    "matching_event": "SELECT",
    "membership.cooperative_id": "SELECT",
    "membership.data_kind": "SELECT",
    "membership.household_id": "SELECT",
    "membership.since": "SELECT",
    "membership.tenant_id": "SELECT",
    "membership.until": "SELECT",
    "organization": "SELECT",
    "organization_cell": "SELECT",
    "organization_name": "SELECT",
    "organization_placement": "SELECT",
    "post": "SELECT",
    "posting": "SELECT",
    "succession": "SELECT",
    "tenant": "SELECT",
    "tenant_version": "SELECT",
    "union_member": "SELECT",
    "weak_village": "SELECT",
    "workflow_version": "SELECT",
}


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A migrated database."""
    return await new_database()


async def test_every_table_obeys_the_rules(url: str) -> None:
    """Forced policies on the tenant's setting, the tenant first in keys, no triggers or serials."""
    assert await faults(url) == []


async def test_grants_are_those_reviewed(url: str) -> None:
    """The login roles may what is written here and nothing else, and PUBLIC nothing."""
    granted: dict[str, dict[str, str]] = {login: {} for login in LOGINS}
    for row in await rows(url, GRANTS):
        tables = granted.setdefault(row["grantee"], {})
        kinds = [tables[row["table_name"]]] if row["table_name"] in tables else []
        tables[row["table_name"]] = ", ".join([*kinds, row["privilege_type"]])
    assert granted == {"onegrid_city": CITY, "onegrid_province": PROVINCE}


async def test_login_roles_are_nobody_else(url: str) -> None:
    """The login roles own nothing, belong to no role, and may not go around policies."""
    assert sorted(login.value for login in Login) == sorted(LOGINS)
    found = await rows(url, ROLES, list(LOGINS))
    assert [row["name"] for row in found] == list(LOGINS)
    assert [[name for name, value in row.items() if value is True] for row in found] == [[], []]


BROKEN = {
    "CREATE TABLE note (tenant_id int PRIMARY KEY)": [
        "note: no policy",
        "note: row-level security is not enabled and forced",
    ],
    "ALTER TABLE post NO FORCE ROW LEVEL SECURITY": [
        "post: row-level security is not enabled and forced"
    ],
    "ALTER TABLE post DISABLE ROW LEVEL SECURITY": [
        "post: row-level security is not enabled and forced"
    ],
    "CREATE VIEW people AS SELECT name FROM person": [
        "people: a view goes around policies",
        "people: no policy",
    ],
    "CREATE POLICY other ON post FOR INSERT TO CURRENT_USER": ["post.other: no WITH CHECK"],
    "CREATE POLICY other ON post FOR SELECT TO CURRENT_USER"
    " USING (tenant_id IN (SELECT t.tenant_id FROM tenant t))": ["post.other: a sub-select"],
    "CREATE POLICY other ON post FOR SELECT USING (true)": ["post.other: it is for public"],
    "CREATE POLICY other ON post FOR SELECT TO onegrid_province USING (true)": [
        "post.other: it lets onegrid_province SELECT where true"
    ],
    "ALTER TABLE person ADD UNIQUE (id)": [
        "person.person_id_key: begins with id",
        "person_id_key: an index that begins with id",
    ],
    "ALTER TABLE person ADD UNIQUE (id); ALTER TABLE post ADD FOREIGN KEY (person_id)"
    " REFERENCES person (id)": [
        "person.person_id_key: begins with id",
        "person_id_key: an index that begins with id",
        "post.post_person_id_fkey: begins with person_id",
        "post.post_person_id_fkey: refers to person by ['person_id'] = ['id']",
    ],
    "CREATE INDEX mine ON post (kind)": ["mine: an index that begins with kind"],
    "CREATE INDEX mine ON post (lower(kind))": ["mine: an index that begins with an expression"],
    "ALTER TABLE post ADD COLUMN n int GENERATED ALWAYS AS IDENTITY": [
        "identity post.n",
        "sequence post_n_seq",
    ],
    "ALTER TABLE post ADD COLUMN n serial": [
        "default of post: nextval('post_n_seq'::regclass)",
        "sequence post_n_seq",
    ],
    "CREATE TYPE kind AS ENUM ('A')": ["enum kind"],
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER t BEFORE INSERT ON post EXECUTE FUNCTION f()": ["function f", "trigger t"],
}


@pytest.mark.parametrize("statement", BROKEN, ids=lambda text: text[:50])
async def test_each_rule_notices(url: str, statement: str) -> None:
    """What breaks a rule is named, with the table or key that does."""
    await run_sql(url, statement)
    assert await faults(url) == BROKEN[statement]
