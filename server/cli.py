"""The command line; what loads data is handed in, because data stands above the server."""

import asyncio
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Protocol

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import DBAPIError, ProgrammingError

from schema.agreements.life import Lived
from schema.database import UNREACHABLE
from schema.definitions.actions import LossError
from schema.definitions.plan import TenantPlan
from schema.errors import CodedError
from schema.issues.sweep import Swept
from schema.key_file import KeyFileError
from schema.keyring import CannotOpenError
from schema.privacy.erase import Erasure
from schema.privacy.keys import KeyKind, KeyUse
from schema.root import sdl
from schema.scalars import in_china
from server import privacy
from server.actors import actor_of
from server.agreements import check_agreements
from server.app import utc_now
from server.claims import Claims, MalformedClaimsError, read_claims, write_claims
from server.embedded import DataFolderError
from server.logs import configure_logs
from server.prepare import (
    apply_tenants,
    database_url,
    login_passwords,
    migrate_database,
    plan_tenants,
    prepare,
    read_tenants,
    tenant_folders,
)
from server.secrets import SecretError, token_key_file
from server.serve import PortError, bind, serve
from server.settings import PREFIX, Settings, SettingsError, load_settings, settings_table, shown
from server.statistics import check_statistics, rebuild_statistics
from server.sweeping import Pass, sweep_once
from server.tokens import open_mint
from server.workers import WorkersError
from tenants.definition import Definition
from tenants.files import json_schema, tenant_files
from tenants.problems import InvalidTenantsError
from tenants.registry import Registry
from tenants.roles import Role


class Seeds(Protocol):
    """What loads the data."""

    @property
    def issues(self) -> int:
        """How many sample issues there are, over all cities, where nobody says how many."""

    def pending(
        self, url: str, definitions: Sequence[Definition], sample: bool, issues: int
    ) -> int:
        """How many parts are not loaded yet, with `sample` sample people and issues among them."""

    def load(self, sample: bool, issues: int) -> int:
        """Load them, with a progress bar; the exit code, after saying what is wrong."""

    def load_published(self, scale: int, seed: int) -> int:
        """Load organizations, and so many times the data that documents state; like `load`."""


class TenantKindName(StrEnum):
    """Kinds of tenant files."""

    CITY = "city"
    PROVINCE = "province"


def build(seeds: Seeds) -> typer.Typer:
    """The whole command."""
    app = typer.Typer(
        name="onegrid",
        help="OneGrid 一张网: one GraphQL server for the grassroots work of many cities.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    tenants = typer.Typer(help="Tenant files: check, plan, apply, show.", no_args_is_help=True)
    app.add_typer(tenants, name="tenants")
    app.add_typer(_privacy(), name="privacy")
    app.add_typer(_agreements(), name="agreements")
    app.add_typer(_statistics(), name="statistics")

    @app.command("serve")
    def serve_command(
        prepare_first: Annotated[
            bool | None,
            typer.Option(
                "--prepare/--no-prepare",
                help="Migrate, apply the tenant files and load the data first "
                "(default: only with the embedded database).",
            ),
        ] = None,
        workers: Annotated[
            int | None,
            typer.Option(
                min=1, max=64, help="How many processes serve (default: ONEGRID_WORKERS)."
            ),
        ] = None,
    ) -> None:
        """Serve on ONEGRID_HOST:ONEGRID_PORT."""
        with explained():
            settings = _settings()
            if workers is not None:
                settings = settings.model_copy(update={"workers": workers})
            listener = bind(settings.host, settings.port)
            wanted = settings.database_url is None if prepare_first is None else prepare_first
            definitions = read_tenants(settings) if wanted else ()
            url = database_url(settings)
            if wanted:
                _report(prepare(url, definitions, login_passwords(settings, url)))
                sample = (settings.demo, seeds.issues if settings.demo else 0)
                if seeds.pending(url, definitions, *sample) and (code := seeds.load(*sample)):
                    raise typer.Exit(code)
            serve(settings, url, listener)

    @app.command("migrate")
    def migrate_command() -> None:
        """Bring the database to this version's schema."""
        with explained():
            settings = _settings()
            url = database_url(settings)
            asyncio.run(migrate_database(url, login_passwords(settings, url)))
            typer.echo("The database has this version's schema.")

    @app.command("seed")
    def seed_command(
        sample: Annotated[
            bool | None,
            typer.Option(
                "--sample/--no-sample",
                help="Load sample people and issues too, plainly invented "
                "(default: only in demo mode).",
            ),
        ] = None,
        issues: Annotated[
            int | None,
            typer.Option(
                min=0,
                max=1_000_000,
                help="How many sample issues there are then, over all cities, with sample people "
                f"(default: {seeds.issues} with --sample). Others are never touched.",
            ),
        ] = None,
        scale: Annotated[
            str | None,
            typer.Option(
                help="Generate data at the published scale: `published`, or how many times of it, "
                "1 to 100. Into a database without sample data.",
            ),
        ] = None,
        random_seed: Annotated[
            int, typer.Option(min=0, help="With --scale: another number makes other data.")
        ] = 1,
    ) -> None:
        """Load the data: divisions, organizations of the tenant files, reported figures."""
        with explained():
            settings = _settings()
            times = None if scale is None else _times(scale)
            if times is not None and (sample or issues):
                raise ValueError("--scale generates its own data: leave --sample and --issues out")
            wanted = times is None and _sample(settings.demo, sample, issues)
            definitions = read_tenants(settings)
            url = database_url(settings)
            prepare(url, definitions, login_passwords(settings, url))
            if times is None:
                code = seeds.load(wanted, seeds.issues if issues is None else issues)
            else:
                code = seeds.load_published(times, random_seed)
            if code:
                raise typer.Exit(code)

    @app.command("sweep")
    def sweep_command() -> None:
        """Mark issues that fall due, begin and end agreements, once and now.

        `onegrid serve` does so by itself.
        """
        with explained():
            settings = _settings()
            keys = privacy.existing_keys(settings)
            done = asyncio.run(sweep_once(settings, database_url(settings), keys, utc_now))
            for line in _swept_lines(done):
                typer.echo(line)
            if done.failed_issues or done.failed_agreements or done.failed_cities:
                cities = ", ".join(done.failed_cities) or "none"
                failed = f"{done.failed_issues} issues failed"
                if done.failed_agreements:
                    failed += f", {done.failed_agreements} agreements failed"
                _fail(f"{failed}; cities not swept: {cities}.", 1)

    @app.command("schema")
    def schema_command(
        out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
    ) -> None:
        """Print the GraphQL schema (SDL)."""
        if out is None:
            typer.echo(sdl(), nl=False)
            return
        try:
            out.write_text(sdl(), "utf-8")
        except OSError as error:
            _fail(f"--out {out} cannot be written ({error.strerror})", 2)

    @app.command("settings")
    def settings_command() -> None:
        """Print every setting with its value."""
        with explained():
            settings = _settings()
            table = Table("variable", "value", "default", "meaning")
            for variable, default, meaning in settings_table():
                name = variable.removeprefix(PREFIX).lower()
                table.add_row(variable, shown(name, getattr(settings, name)), default, meaning)
            Console().print(table)

    @app.command("token")
    def token_command(
        role: Annotated[
            Role | None,
            typer.Option(case_sensitive=False, help="What it may do; without, --person decides."),
        ] = None,
        city: Annotated[
            str | None, typer.Option(help="City of the role: six-digit code or slug.")
        ] = None,
        organization: Annotated[
            str | None,
            typer.Option(help="Only this organization and below: its code, not checked here."),
        ] = None,
        province: Annotated[
            str | None, typer.Option(help="Province of a PROVINCE_ role: code or slug.")
        ] = None,
        person: Annotated[
            uuid.UUID | None,
            typer.Option(help="Id of a person of the city, whose posts count; not checked here."),
        ] = None,
        subject: Annotated[
            str | None, typer.Option(help="Who it is for (default: made from the others).")
        ] = None,
        hours: Annotated[int, typer.Option(min=1, max=8760, help="How long it is valid.")] = 8,
        lang: Annotated[
            Literal["zh", "en"] | None, typer.Option(help="Language of messages.")
        ] = None,
    ) -> None:
        """Print a token for the API, to send as `Authorization: Bearer TOKEN`."""
        with explained():
            settings = _settings()
            registry = Registry(read_tenants(settings))
            tenants = [
                *([_code(registry.city, city, registry.cities)] if city else []),
                *([_code(registry.province, province, registry.provinces)] if province else []),
            ]
            whose = subject or str(person or f"{role}-{'-'.join(tenants)}".lower())
            claims = Claims(whose, role, tuple(tenants), organization, person, lang)
            actor_of(_checked(claims), registry)
            typer.echo(_token(settings, claims, hours))

    @tenants.command("check")
    def check_command() -> None:
        """Check the tenant files; every mistake is named with file and line."""
        with explained():
            settings = _settings()
            definitions = read_tenants(settings)
            files = len(tenant_files(tenant_folders(settings)))
            typer.echo(f"{files} files are sound: {_kinds(definitions)}.")

    @tenants.command("plan")
    def plan_command() -> None:
        """Show what the tenant files would change, and what they would lose."""
        with explained():
            settings = _settings()
            definitions = read_tenants(settings)
            plans = asyncio.run(plan_tenants(database_url(settings), definitions))
            if _report(plans):
                raise typer.Exit(2)
            if not any(item.is_change for item in plans):
                typer.echo("Nothing would change.")

    @tenants.command("apply")
    def apply_command() -> None:
        """Put the tenant files in force, all in one transaction; refuse what would lose data."""
        with explained():
            settings = _settings()
            definitions = read_tenants(settings)
            plans = asyncio.run(apply_tenants(database_url(settings), definitions))
            _report(plans)
            typer.echo(f"{len(plans)} tenants changed.")

    @tenants.command("show")
    def show_command(
        code: Annotated[str, typer.Argument(help="Six-digit code or slug, e.g. fushun.")],
        path: Annotated[str, typer.Argument(help="Only below this path, e.g. levels.")] = "",
    ) -> None:
        """Print a tenant's effective values, each with its file and what supports it."""
        with explained():
            registry = Registry(read_tenants(_settings()))
            definition = registry.city(code) or registry.province(code)
            if definition is None:
                known = ", ".join(item.tenant.slug for item in registry)
                raise FileNotFoundError(f"no tenant {code!r}; there are: {known}")
            for value in definition.values:
                if not path or value.path == path or value.path.startswith(f"{path}."):
                    support = "assumed" if value.assumed else value.source or "-"
                    typer.echo(f"{value.path} = {value.value}  [{value.file}] [{support}]")

    @tenants.command("schema")
    def tenant_schema_command(
        kind: Annotated[TenantKindName, typer.Argument(help="city or province")],
    ) -> None:
        """Print the JSON Schema of a city or province file, for editors."""
        typer.echo(orjson.dumps(json_schema(kind), option=orjson.OPT_INDENT_2).decode())

    return app


PUBLISHED, MOST_TIMES = "published", 100
"""The scale that documents state, and how many times of it there can be."""


def _times(scale: str) -> int:
    """How many times the published scale is asked for."""
    if scale == PUBLISHED:
        return 1
    if scale.isdecimal() and 1 <= int(scale) <= MOST_TIMES:
        return int(scale)
    raise ValueError(f"--scale {scale}: expected {PUBLISHED!r} or a whole number from 1 to 100")


def _sample(demo: bool, sample: bool | None, issues: int | None) -> bool:
    """Whether sample people are loaded: issues need them."""
    if sample is False and issues:
        raise ValueError(f"--issues {issues} needs sample people: leave --no-sample out")
    return bool(issues) or (demo if sample is None else sample)


def _agreements() -> typer.Typer:
    """The commands of agreements."""
    group = typer.Typer(
        help="Agreements: compare the copies that the parties' cities keep.", no_args_is_help=True
    )

    @group.command("check")
    def check_command() -> None:
        """Compare all copies of all agreements, and their hashes; end with 1 where any differ."""
        with explained():
            checked = asyncio.run(check_agreements(database_url(_settings())))
            for difference in checked.differences:
                typer.echo(str(difference))
            said = f"{checked.agreements} agreements in {checked.copies} copies"
            if checked.differences:
                _fail(f"{said}; differences: {len(checked.differences)}.", 1)
            typer.echo(f"{said}; no difference.")

    return group


_OneCity = Annotated[
    str | None, typer.Option("--city", help="Only this tenant: six-digit code or slug.")
]


def _statistics() -> typer.Typer:
    """The commands of statistics."""
    group = typer.Typer(
        help="Statistics: compare what is counted with a recount, or count anew.",
        no_args_is_help=True,
    )

    @group.command("check")
    def check_command(city: _OneCity = None) -> None:
        """Recount everything and compare; end with 1 where any counter differs."""
        with explained():
            url = database_url(_settings())
            with _progress("compared", aside=True) as progress:
                compared = asyncio.run(check_statistics(url, city, progress))
            for item in compared.differences:
                key = " ".join(f"{name}={value}" for name, value in item.key.items())
                typer.echo(
                    f"{item.tenant_id:06} {item.rollup} [{key}] {item.counter}: "
                    f"kept {item.kept}, recounted {item.recounted}"
                )
            said = f"{compared.cells} cells of {compared.tenants} tenants"
            if compared.differences:
                _fail(f"{said}; differences: {len(compared.differences)}.", 1)
            typer.echo(f"{said}; no difference.")

    @group.command("rebuild")
    def rebuild_command(city: _OneCity = None) -> None:
        """Count everything anew; whoever writes what is counted waits, tenant by tenant."""
        with explained():
            url = database_url(_settings())
            with _progress("counted", aside=True) as progress:
                done = asyncio.run(rebuild_statistics(url, city, progress))
            typer.echo(f"{done.cells} cells of {done.tenants} tenants counted anew.")

    return group


def _privacy() -> typer.Typer:
    """The commands of personal data."""
    group = typer.Typer(
        help="Personal data: export or erase one person's, rotate and check the keys.",
        no_args_is_help=True,
    )
    of_city = typer.Option("--city", help="City of the person: six-digit code or slug.")
    of_person = typer.Option("--person", help="Id of the person, as the API gives it, or its UUID.")

    @group.command("export")
    def export_command(
        city: Annotated[str, of_city],
        person: Annotated[str, of_person],
        out: Annotated[
            Path | None, typer.Option(help="Write to this file instead, closed to other users.")
        ] = None,
    ) -> None:
        """Print all that is held about a person, as JSON with the personal data in clear."""
        with explained():
            settings = _settings()
            keys = privacy.existing_keys(settings)
            ask = partial(privacy.export, database_url(settings), keys, city, person, utc_now())
            if out is None:
                typer.echo(privacy.as_json(asyncio.run(ask())), nl=False)
                return
            with privacy.private_file(out) as file:
                document = asyncio.run(ask())
                file.write(privacy.as_json(document))
            posts, events = len(document["posts"]), len(document["events"])
            typer.echo(f"{out} has the person, {posts} posts and {events} events.")

    @group.command("erase")
    def erase_command(
        city: Annotated[str, of_city],
        person: Annotated[str, of_person],
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Erase a person's name, phone and texts for ever, end the posts; history stays."""
        with explained():
            url = database_url(_settings())
            found = asyncio.run(privacy.plan_erase(url, city, person, utc_now()))
            if found.erased_at is None and not yes:
                _confirm(found)
            done = asyncio.run(privacy.erase(url, city, person, utc_now()))
            if done.erased_at is not None:
                typer.echo(f"{done.id} was erased at {in_china(done.erased_at)}; nothing changed.")
            else:
                ended = (
                    f"{done.posts} posts ended, texts of {done.issues} issues and addresses of "
                    f"{done.households} households erased"
                )
                typer.echo(f"{done.id} is erased; {ended}.")

    @group.command("rotate")
    def rotate_command(
        index: Annotated[
            bool, typer.Option("--index", help="The key of the search index, not the sealing one.")
        ] = False,
        drop_old: Annotated[
            bool,
            typer.Option("--drop-old", help="Then remove the old keys from the file for ever."),
        ] = False,
    ) -> None:
        """Add a key of personal data and give it to all rows, beside running servers.

        Where an earlier rotation was cut off, it is finished first, without a new key.
        """
        with explained():
            settings = _settings()
            keys, url = privacy.existing_keys(settings), database_url(settings)
            kind = KeyKind.INDEX if index else KeyKind.SEALING
            with _progress(f"{kind} keys 更换密钥") as update:
                rotation = privacy.Rotation(url, keys, kind, update)
                rotated = asyncio.run(rotation.run(drop_old=drop_old))
            for line in _rotation_lines(rotated):
                typer.echo(line)
            lost = _lost(asyncio.run(privacy.check(url, keys)))
            if rotated.failed:
                lost.append(f"{rotated.failed} rows cannot be opened: they were changed, or moved")
            if lost:
                _fail("\n".join(lost), 1)

    @group.command("check")
    def check_command() -> None:
        """Show which keys rows have, and whether the key file has them."""
        with explained():
            settings = _settings()
            found = asyncio.run(
                privacy.check(database_url(settings), privacy.existing_keys(settings))
            )
            table = Table("key", "id", "rows", "in the file")
            for item in found:
                state = "current" if item.is_current else "yes" if item.is_known else "MISSING"
                table.add_row(item.kind, item.key_id, str(item.rows), state)
            Console().print(table)
            if lost := _lost(found):
                _fail("\n".join(lost), 1)

    return group


def _confirm(found: Erasure) -> None:
    """Ask whether to erase; ends the command where the answer is no, or nobody can be asked."""
    if not sys.stdin.isatty():
        raise ValueError("nobody can be asked here: give --yes to erase for ever")
    who = f"{found.name or '-'} {found.phone or ''}".rstrip()
    ends = (
        f"{found.posts} posts end today, texts of {found.issues} issues and addresses of "
        f"{found.households} households are erased"
    )
    typer.echo(f"{who}, {ends}. Backups keep the data until they expire.")
    if not typer.confirm("Erase for ever?"):
        _fail("Nothing was erased.", 1)


@contextmanager
def _progress(what: str, *, aside: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; what it gives is told how many are done, and of how many.

    `aside` shows it on standard error, where the output is for programs.
    """
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=aside))
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _rotation_lines(rotated: privacy.Rotated) -> Iterator[str]:
    how = "new" if rotated.is_new else "of an earlier rotation, which is finished now"
    yield f"{rotated.kind} key {rotated.key_id} ({how}): {rotated.changed} rows changed."
    if rotated.dropped:
        yield f"Old keys dropped: {', '.join(rotated.dropped)}."
    if rotated.kept:
        yield f"Old keys kept in the file: {', '.join(rotated.kept)}."


def _lost(found: Sequence[KeyUse]) -> list[str]:
    return [
        f"{item.rows} rows have the {item.kind} key {item.key_id}, which the key file lacks: "
        "restore the file from the backup of the time when it was in use"
        for item in privacy.missing(found)
    ]


def _swept_lines(done: Pass) -> Iterator[str]:
    """What a pass did, city by city."""
    for city, counts in done.counts.items():
        said = ", ".join(f"{counts[kind]} {kind}" for kind in Swept if counts[kind])
        if said:
            yield f"{city}: {said.replace('_', ' ')}"
    for city, aged in done.agreements.items():
        said = ", ".join(f"{aged[kind]} {kind}" for kind in Lived if aged[kind])
        yield f"{city}: agreements {said}"
    if not done.total and not done.aged:
        yield "Nothing was due."


@contextmanager
def explained() -> Iterator[None]:
    """Turn what people can mend into lines on standard error and an exit code.

    2 where files or settings are wrong, 1 where the machine or the database is.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):  # said already; nobody reads on (`| head`)
        raise
    except InvalidTenantsError as error:
        _fail(f"{error}\n{len(error.problems)} mistakes in the tenant files; nothing changed.", 2)
    except LossError as error:
        _report(error.plans)
        _fail("Refused, because data would be lost; nothing changed.", 2)
    except (SettingsError, FileNotFoundError, ValueError) as error:
        _fail(str(error), 2)
    except CodedError as error:
        _fail(error.en, 2)
    except (
        DataFolderError,
        PortError,
        SecretError,
        KeyFileError,
        CannotOpenError,
        WorkersError,
        RuntimeError,
    ) as error:
        _fail(str(error), 1)
    except ProgrammingError as error:
        missing = "does not exist" in str(error.orig)
        hint = ": run `onegrid migrate` first" if missing else ""
        _fail(f"the database refused a statement{hint} ({_first_line(error.orig)})", 1)
    except (*UNREACHABLE, DBAPIError) as error:
        cause = _first_line(getattr(error, "orig", None) or error)
        _fail(
            f"the database cannot be reached ({cause}): start it, or mend ONEGRID_DATABASE_URL", 1
        )


def _first_line(error: object) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _fail(text: str, code: int) -> None:
    typer.echo(text, err=True)
    raise typer.Exit(code)


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    return settings


def _code(find: Callable[[str], Definition | None], name: str, known: Sequence[Definition]) -> str:
    """The six-digit code of the tenant with this code or slug."""
    definition = find(name)
    if definition is None:
        kind = known[0].kind.lower() if known else "tenant"
        there = ", ".join(f"{item.tenant.slug} ({item.tenant.code})" for item in known)
        raise ValueError(f"no {kind} {name!r}; there are: {there or 'none'}")
    return definition.tenant.code


def _checked(claims: Claims) -> Claims:
    """The claims, if a server would read them back."""
    try:
        return read_claims(write_claims(claims))
    except MalformedClaimsError as error:
        raise ValueError(f"--{error} has the wrong form; see `onegrid token --help`") from None


def _token(settings: Settings, claims: Claims, hours: int) -> str:
    file = token_key_file(settings)
    is_new = settings.token_secret is None and not os.path.exists(file)
    mint = open_mint(settings)
    if mint is None:
        raise ValueError("ONEGRID_JWKS_URL is set: tokens are issued by its provider, not here")
    if is_new:
        typer.echo(f"made the secret {file}: only servers with this data folder take it", err=True)
    return mint.token(claims, hours)


def _kinds(definitions: Sequence[Definition]) -> str:
    cities = sum(item.kind == "CITY" for item in definitions)
    return f"{len(definitions) - cities} provinces, {cities} cities"


def _report(plans: Sequence[TenantPlan]) -> bool:
    """Print what plans would do; whether any of them would lose data."""
    for item in plans:
        for line in _lines(item):
            typer.echo(line)
    return any(item.losses for item in plans)


def _lines(item: TenantPlan) -> Iterator[str]:
    name = f"{item.definition.tenant.name} ({item.definition.tenant.slug})"
    if item.current is None:
        yield f"{name}: new"
    elif item.is_change:
        yield f"{name}: version {item.current.version} → {item.current.version + 1}"
        yield from (f"  {change}" for change in item.changes)
        for (old, new), count in item.moved.items():
            yield f"  level {old} becomes {new}: {count} organizations move along"
        for key, count in item.regraded.items():
            yield f"  rung of level {key} changes: {count} organizations"
        for key, count in item.left_in_workflows.items():
            yield f"  workflow {key} changes: {count} open issues go on as they began"
        for code, count in item.left_in_services.items():
            yield f"  service {code} is removed: {count} open issues keep it"
        yield from (f"  REFUSED {loss}" for loss in item.losses)
