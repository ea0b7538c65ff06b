"""The command line: what each command prints, and how each mistake is explained."""

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from schema.migrate import head
from schema.root import sdl
from server.settings import settings_table
from tenants.definition import Definition
from tenants.files import SHIPPED, json_schema, tenant_files
from tests.conftest import load_all, run_sql
from tests.server.processes import (
    Done,
    environment,
    free_port,
    onegrid,
)
from tests.server.tables import contents

FOUR_LEVELS = SHIPPED / "examples" / "fushun-four-levels.yaml"

WRONG = """province: "210000"
code: "210900"
slug: fuxin
name: 阜新市
nmae: 阜新
levels:
  - {key: county, name: 县, rung: COUNTRY, divisions: [county]}
"""


def folder_with(tmp_path: Path, name: str, text: str) -> Path:
    """A tenant folder `more` in the working folder, with one city file."""
    file = tmp_path / "more" / "cities" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return Path("more")


def some(shipped: tuple[Definition, ...], *slugs: str) -> tuple[Definition, ...]:
    return tuple(item for item in shipped if item.tenant.slug in slugs)


def test_check(tmp_path: Path, shipped: tuple[Definition, ...]) -> None:
    """`tenants check` says how many files are sound."""
    cities = sum(item.kind == "CITY" for item in shipped)
    files, provinces = len(tenant_files([SHIPPED])), len(shipped) - cities
    said = f"{files} files are sound: {provinces} provinces, {cities} cities.\n"
    assert onegrid("tenants", "check", cwd=tmp_path) == Done(0, said, "")


def test_check_names_every_mistake(tmp_path: Path) -> None:
    """`tenants check` names each mistake with file and line, and ends with 2."""
    folder = folder_with(tmp_path, "fuxin.yaml", WRONG)
    done = onegrid("tenants", "check", cwd=tmp_path, tenants=folder)
    *mistakes, total = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert total == f"{len(mistakes)} mistakes in the tenant files; nothing changed."
    assert [line.split(" got ")[0] for line in mistakes][:2] == [
        "more/cities/fuxin.yaml:5: nmae:",
        "more/cities/fuxin.yaml:7: levels.county.rung:",
    ]
    assert all("; expected " in line for line in mistakes)


def test_plan_and_apply(tmp_path: Path, database: str, shipped: tuple[Definition, ...]) -> None:
    """`tenants plan` shows what `tenants apply` then does, once."""
    news = "".join(f"{item.tenant.name} ({item.tenant.slug}): new\n" for item in shipped)
    planned, applied, again, after = [
        onegrid("tenants", command, cwd=tmp_path, database_url=database)
        for command in ("plan", "apply", "apply", "plan")
    ]
    assert planned == Done(0, news, "")
    assert applied == Done(0, f"{news}{len(shipped)} tenants changed.\n", "")
    assert again == Done(0, "0 tenants changed.\n", "")
    assert after == Done(0, "Nothing would change.\n", "")


@pytest.mark.soak
def test_plan_shows_a_changed_file(tmp_path: Path, database: str) -> None:
    """`tenants plan` shows the values that a changed file changes, and the next version."""
    onegrid("tenants", "apply", cwd=tmp_path, database_url=database)
    text = (SHIPPED / "cities" / "yinchuan.yaml").read_text("utf-8")
    folder = folder_with(tmp_path, "yinchuan.yaml", text.replace("name: 银川市", "name: 银川", 1))
    for command, last in (("plan", ""), ("apply", "1 tenants changed.\n")):
        done = onegrid("tenants", command, cwd=tmp_path, database_url=database, tenants=folder)
        change = "银川 (yinchuan): version 1 → 2\n  ~ name: 银川市 → 银川\n"
        assert done == Done(0, change + last, "")


def test_losses_are_refused(tmp_path: Path, database: str, shipped: tuple[Definition, ...]) -> None:
    """A file that would lose organizations is refused by plan and apply; nothing changes."""
    asyncio.run(load_all(database, some(shipped, "liaoning", "fushun")))
    before = contents(database)
    folder = folder_with(tmp_path, "fushun.yaml", FOUR_LEVELS.read_text("utf-8"))
    said = []
    for command in ("plan", "apply"):
        done = onegrid("tenants", command, cwd=tmp_path, database_url=database, tenants=folder)
        refused = [line.split(":")[0] for line in done.out.splitlines() if "REFUSED" in line]
        said.append((done.code, refused, done.err))
    reason = "  REFUSED level 'station' is in use, but no longer declared (or `formerly`)"
    assert said == [
        (2, [reason], ""),
        (2, [reason], "Refused, because data would be lost; nothing changed.\n"),
    ]
    assert contents(database) == before


def test_apply_of_wrong_files_changes_nothing(
    tmp_path: Path, database: str, shipped: tuple[Definition, ...]
) -> None:
    """One wrong file keeps all of them from being applied or loaded."""
    asyncio.run(load_all(database, some(shipped, "ningxia", "yinchuan")))
    before = contents(database)
    folder = folder_with(tmp_path, "fuxin.yaml", WRONG)
    checked = onegrid("tenants", "check", cwd=tmp_path, tenants=folder)
    for arguments in (("tenants", "apply"), ("seed",), ("serve", "--prepare")):
        done = onegrid(
            *arguments, cwd=tmp_path, database_url=database, tenants=folder, port=free_port()
        )
        assert done == checked
    assert contents(database) == before


def test_show(tmp_path: Path, shipped: tuple[Definition, ...]) -> None:
    """`tenants show` prints each effective value with its file and what supports it."""
    (city,) = some(shipped, "fushun")
    done = onegrid("tenants", "show", "fushun", "levels.street", cwd=tmp_path)
    assert done.err == ""
    assert done.out.splitlines()[:2] == [
        "levels.street.key = street  [tenants/cities/fushun.yaml] [assumed]",
        "levels.street.name = 街道党工委  [tenants/cities/fushun.yaml] [001_ae84d585edebd25e.txt]",
    ]
    assert onegrid("tenants", "show", "210400", "levels.street", cwd=tmp_path) == done
    whole = onegrid("tenants", "show", "fushun", cwd=tmp_path)
    assert [line.split(" = ")[0] for line in whole.out.splitlines() if " = " in line] == [
        value.path for value in city.values
    ]


def test_show_of_an_unknown_tenant(tmp_path: Path, shipped: tuple[Definition, ...]) -> None:
    """`tenants show` of a name that is none lists those there are."""
    known = ", ".join(item.tenant.slug for item in shipped)
    done = onegrid("tenants", "show", "atlantis", cwd=tmp_path)
    assert done == Done(2, "", f"no tenant 'atlantis'; there are: {known}\n")


@pytest.mark.parametrize("kind", ["city", "province"])
def test_tenant_schema(tmp_path: Path, kind: str) -> None:
    """`tenants schema` prints the JSON Schema of a kind of file."""
    done = onegrid("tenants", "schema", kind, cwd=tmp_path)
    assert (done.code, json.loads(done.out), done.err) == (0, json_schema(kind), "")


def test_schema(tmp_path: Path) -> None:
    """`schema` prints the SDL, or writes it to a file."""
    assert onegrid("schema", cwd=tmp_path) == Done(0, sdl(), "")
    assert onegrid("schema", "--out", "schema.graphql", cwd=tmp_path) == Done(0, "", "")
    assert (tmp_path / "schema.graphql").read_text("utf-8") == sdl()


def test_schema_to_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """`schema --out` to a folder that is not there says so in one line."""
    done = onegrid("schema", "--out", "none/schema.graphql", cwd=tmp_path)
    assert done == Done(
        2, "", "--out none/schema.graphql cannot be written (No such file or directory)\n"
    )


def test_settings(tmp_path: Path) -> None:
    """`settings` prints every variable with value, default and meaning, but no password."""
    address = "postgresql://onegrid:p@ss:word@db:5432/onegrid?password=p@ss:word"
    done = onegrid("settings", cwd=tmp_path, database_url=address, tenants="a:b", port=9000)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.out.splitlines()]
    cells = {row[0]: row[1:] for row in rows if row and row[0].startswith("ONEGRID_")}
    changed = {
        "ONEGRID_DATABASE_URL": "postgresql://onegrid:***@ss:word",
        "ONEGRID_TENANTS": "a:b",
        "ONEGRID_PORT": "9000",
    }
    assert cells == {
        name: [changed.get(name, default), default, meaning]
        for name, default, meaning in settings_table()
    }
    assert (done.code, done.err) == (0, "")


def test_migrate(tmp_path: Path, empty_database: str) -> None:
    """`migrate` brings an empty database to this version's schema, and may be repeated."""
    said = Done(0, "The database has this version's schema.\n", "")
    for _ in range(2):
        assert onegrid("migrate", cwd=tmp_path, database_url=empty_database) == said
    tables = {"figure", "load", "organization", "tenant", "tenant_version", "alembic_version"}
    assert tables <= contents(empty_database).keys()


def test_migrate_of_a_newer_database(tmp_path: Path, database: str) -> None:
    """`migrate` refuses a database of a version that it does not know, in one line."""
    asyncio.run(run_sql(database, "UPDATE alembic_version SET version_num = '9999'"))
    assert onegrid("migrate", cwd=tmp_path, database_url=database) == Done(
        1,
        "",
        "the database has schema 9999, which this version of OneGrid does not know "
        f"(newest known: {head()}); install the newer version that made it\n",
    )


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_tenants_of_a_database_without_schema(
    tmp_path: Path, empty_database: str, command: str
) -> None:
    """Commands that need the schema name the command that makes it."""
    done = onegrid("tenants", command, cwd=tmp_path, database_url=empty_database)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("the database refused a statement: run `onegrid migrate` first (")
    assert len(done.err.splitlines()) == 1


@pytest.mark.soak
def test_seed(tmp_path: Path, empty_database: str, full_url: str) -> None:
    """`seed` migrates, applies and loads an empty database; a second time it has nothing to do."""
    for _ in range(2):
        done = onegrid("seed", cwd=tmp_path, database_url=empty_database)
        assert (done.code, done.err) == (0, "")
    assert contents(empty_database) == contents(full_url)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mysql://me:secret@db/x", "mysql://me:***@db/x"),
        ("me:se@cret@db/x", "me:***@db/x"),
        ("postgresql://me:secret@db:port/x", "postgresql://me:***@db:port/x"),
    ],
)
def test_wrong_database_address(tmp_path: Path, address: str, shown: str) -> None:
    """An address of no PostgreSQL is refused without printing its password."""
    expected = "expected an address like postgresql://user:password@host:5432/name"
    said = f"ONEGRID_DATABASE_URL='{shown}': {expected}\n"
    assert onegrid("migrate", cwd=tmp_path, database_url=address) == Done(2, "", said)


def test_wrong_tenant_folder(tmp_path: Path) -> None:
    """A tenant folder that is not there is named."""
    done = onegrid("tenants", "check", cwd=tmp_path, tenants="none")
    assert done == Done(2, "", "ONEGRID_TENANTS names none, which is no folder\n")


def test_port_in_use(tmp_path: Path, data: Path) -> None:
    """A port that another program has is said at once, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = onegrid("serve", cwd=tmp_path, port=port, data=data)
    assert done == Done(
        1,
        "",
        f"port {port} on 127.0.0.1 is in use: stop the other program, or set ONEGRID_PORT "
        "(and ONEGRID_HOST)\n",
    )
    assert not data.exists()


def test_host_of_another_machine(tmp_path: Path, data: Path) -> None:
    """An address that this machine does not have is said in one line."""
    port = free_port()
    done = onegrid("serve", cwd=tmp_path, host="192.0.2.1", port=port, data=data)
    assert done == Done(
        1,
        "",
        f"port {port} on 192.0.2.1 failed (Cannot assign requested address): stop the other "
        "program, or set ONEGRID_PORT (and ONEGRID_HOST)\n",
    )


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_data_folder_that_cannot_be_written(tmp_path: Path, folder: str) -> None:
    """A data folder that cannot be made is said in one line that names the setting."""
    (tmp_path / "file").write_text("in the way")
    reason = "File exists" if folder == "file" else "Not a directory"
    done = onegrid("serve", cwd=tmp_path, data=folder, port=free_port())
    assert done == Done(
        1,
        "",
        f"the data folder {folder} is not writable ({reason}): "
        "make it writable or set ONEGRID_DATA to another\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [("migrate",), ("tenants", "plan"), ("tenants", "apply"), ("seed",), ("serve", "--prepare")],
    ids=" ".join,
)
def test_database_down(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A database that does not answer is said in one line that names the setting."""
    closed, port = free_port(), free_port()
    url = f"postgresql://me:secret@127.0.0.1:{closed}/onegrid"
    done = onegrid(*arguments, cwd=tmp_path, database_url=url, port=port)
    assert done == Done(
        1,
        "",
        f"the database cannot be reached ([Errno 111] Connect call failed ('127.0.0.1', {closed}))"
        ": start it, or mend ONEGRID_DATABASE_URL\n",
    )


@pytest.mark.parametrize(
    ("old", "new", "said", "command"),
    [
        ("/loaded?", "/none?", 'database "none" does not exist', "seed"),
        ("postgres:@", "nobody:@", 'role "nobody" does not exist', "migrate"),
    ],
)
def test_database_that_refuses(
    tmp_path: Path, full_url: str, old: str, new: str, said: str, command: str
) -> None:
    """A database or role that is not there is said in one line that names the setting."""
    done = onegrid(command, cwd=tmp_path, database_url=full_url.replace(old, new))
    line = f"the database cannot be reached ({said}): start it, or mend ONEGRID_DATABASE_URL\n"
    assert done == Done(1, "", line)


@pytest.mark.soak
def test_loading_process_explains_too(tmp_path: Path) -> None:
    """The process that loads the data says what is wrong as the command does."""
    url = f"postgresql://127.0.0.1:{free_port()}/onegrid"
    done = subprocess.run(
        [sys.executable, "-m", "seeds"],
        cwd=tmp_path,
        env=environment(database_url=url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_driver_parameters(tmp_path: Path, database: str) -> None:
    """Parameters of PostgreSQL addresses, such as sslmode, reach the driver in every command."""
    url = f"{database}&sslmode=disable"
    for arguments in (("migrate",), ("tenants", "plan")):
        assert onegrid(*arguments, cwd=tmp_path, database_url=url).code == 0


def shown_claims(done: Done, secret: str) -> dict[str, object]:
    """What a printed token says, without the times; its signature is checked."""
    assert (done.code, done.out.count("\n"), done.err) == (0, 1, "")
    token = done.out.strip()
    claims = jwt.decode(token, secret, ["HS256"], audience="onegrid", issuer="onegrid")
    return {name: claims[name] for name in claims if name not in ("iss", "aud", "iat", "exp")}


@pytest.mark.parametrize(
    ("arguments", "claims"),
    [
        (
            ("--role", "GRID_WORKER", "--city", "fushun", "--organization", "210411002"),
            {
                "sub": "grid_worker-210400",
                "role": "GRID_WORKER",
                "tenants": ["210400"],
                "organization": "210411002",
            },
        ),
        (
            ("--role", "city_admin", "--city", "210400", "--subject", "me", "--lang", "en"),
            {"sub": "me", "role": "CITY_ADMIN", "tenants": ["210400"], "lang": "en"},
        ),
        (
            ("--role", "PROVINCE_ANALYST", "--province", "liaoning"),
            {"sub": "province_analyst-210000", "role": "PROVINCE_ANALYST", "tenants": ["210000"]},
        ),
        (
            ("--person", "0190C1E2-0000-7000-8000-000000000001", "--city", "fushun"),
            {
                "sub": "0190c1e2-0000-7000-8000-000000000001",
                "tenants": ["210400"],
                "person": "0190c1e2-0000-7000-8000-000000000001",
            },
        ),
    ],
    ids=["subtree", "city", "province", "person"],
)
def test_token(tmp_path: Path, arguments: tuple[str, ...], claims: dict[str, object]) -> None:
    """`token` prints a token and nothing else, and starts no database."""
    secret = "s" * 32
    done = onegrid("token", *arguments, cwd=tmp_path, token_secret=secret)
    assert shown_claims(done, secret) == claims
    assert list(tmp_path.iterdir()) == []


def test_token_with_a_new_secret(tmp_path: Path, data: Path) -> None:
    """The first `token` makes the secret and says so; those after it use it, for eight hours."""
    arguments = ("token", "--role", "AGENT", "--city", "fushun")
    file = data / "secrets" / "token.key"
    first, second = (onegrid(*arguments, cwd=tmp_path, data=data) for _ in range(2))
    note = f"made the secret {file}: only servers with this data folder take it\n"
    assert (first.code, first.err, second.err) == (0, note, "")
    secret = file.read_text().strip()
    for done in (first, second):
        claims = jwt.decode(done.out.strip(), secret, ["HS256"], audience="onegrid")
        assert claims["exp"] - claims["iat"] == 8 * 3600


def test_token_for_some_hours(tmp_path: Path) -> None:
    """`token --hours` says how long it is valid."""
    arguments = ("token", "--role", "AGENT", "--city", "fushun", "--hours", "100")
    done = onegrid(*arguments, cwd=tmp_path, token_secret="s" * 32)
    claims = jwt.decode(done.out.strip(), "s" * 32, ["HS256"], audience="onegrid")
    assert claims["exp"] - claims["iat"] == 100 * 3600


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--role", "AGENT"),
            "This token opens nothing: AGENT needs exactly one tenant of the kind CITY, the token "
            "has: none; another token is needed.\n",
        ),
        (
            ("--role", "PROVINCE_ADMIN", "--city", "fushun"),
            "This token opens nothing: PROVINCE_ADMIN needs a tenant of the kind PROVINCE, but "
            "210400 is a CITY; another token is needed.\n",
        ),
        (
            ("--role", "PUBLIC"),
            "This token opens nothing: the role PUBLIC is for requests without a token; another "
            "token is needed.\n",
        ),
        (
            ("--role", "AGENT", "--city", "fushun", "--organization", "a/b"),
            "--organization has the wrong form; see `onegrid token --help`\n",
        ),
    ],
    ids=["no city", "city of a province", "public", "organization"],
)
def test_token_that_no_server_would_take(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """`token` refuses what a server would refuse, in one line."""
    assert onegrid("token", *arguments, cwd=tmp_path) == Done(2, "", said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "name", "kind"),
    [
        ("--city", "atlantis", "city"),
        ("--city", "210000", "city"),
        ("--province", "fushun", "province"),
    ],
)
def test_token_of_an_unknown_tenant(
    tmp_path: Path, shipped: tuple[Definition, ...], option: str, name: str, kind: str
) -> None:
    """`token` for a tenant that is none lists those there are."""
    known = ", ".join(
        f"{item.tenant.slug} ({item.tenant.code})" for item in shipped if item.kind == kind.upper()
    )
    done = onegrid("token", "--role", "AGENT", option, name, cwd=tmp_path)
    assert done == Done(2, "", f"no {kind} {name!r}; there are: {known}\n")


def test_token_of_a_provider(tmp_path: Path) -> None:
    """Where a provider issues the tokens, `token` says so."""
    arguments = ("token", "--role", "AGENT", "--city", "fushun")
    done = onegrid(*arguments, cwd=tmp_path, jwks_url="https://login.example/keys")
    said = "ONEGRID_JWKS_URL is set: tokens are issued by its provider, not here\n"
    assert done == Done(2, "", said)


def test_token_with_an_unusable_secret(tmp_path: Path) -> None:
    """A secret file that is no good is named, and ends with 1."""
    file = tmp_path / "var" / "secrets" / "token.key"
    file.parent.mkdir(parents=True)
    file.write_text("short")
    file.chmod(0o600)
    done = onegrid("token", "--role", "AGENT", "--city", "fushun", cwd=tmp_path)
    assert done == Done(
        1,
        "",
        "the secret var/secrets/token.key has 5 bytes, expected at least 32: restore it, or "
        "remove the file to have a new one made\n",
    )
