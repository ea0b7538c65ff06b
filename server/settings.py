"""Settings: one table that the code, `onegrid settings` and docs/settings.md share."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ONEGRID_"

_HOST = re.compile(r"(\[[^]]*\]|[^:]*)(:\d*)?")


class Settings(BaseSettings):
    """Read from the environment, then from `.env` in the working folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="监听地址 | address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="监听端口 | port to listen on")
    data: Path = Field(
        Path("var"),
        description="数据目录(内嵌数据库在其中)| data folder, with the embedded database",
    )
    database_url: str | None = Field(
        None,
        description="PostgreSQL 15+ 地址,代替内嵌数据库 | a PostgreSQL server of your own",
    )
    tenants: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description=f"另读的租户目录,以“{os.pathsep}”分隔 | further tenant folders, separated by "
        f"{os.pathsep}",
    )
    demo: bool = Field(False, description="演示模式(make run 开启)| demo mode, on in `make run`")
    pool_size: int = Field(
        10, ge=1, le=200, description="数据库连接数 | database connections a process"
    )
    statement_timeout: float = Field(
        5.0, gt=0, le=600, description="单条 SQL 时限,秒 | seconds a statement may take"
    )
    refresh_seconds: float = Field(
        1.0,
        gt=0,
        le=60,
        description="多久查看一次租户定义的变更,秒 | seconds between looks for changed tenants",
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="日志格式 | format of the log"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="日志级别 | level of the log"
    )

    @field_validator("tenants", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value):
            raise ValueError("expected an address like postgresql://user:password@host:5432/name")
        return value


class SettingsError(Exception):
    """Settings that cannot be used; the text has one line for each."""


def load_settings() -> Settings:
    """The settings of this process.

    Errors: `SettingsError` that names each variable, what it holds and what was expected.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_line, error.errors()))) from None


def _line(item: ErrorDetails) -> str:
    name, expected = str(item["loc"][0]), item["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}={shown(name, item['input'])!r}: {expected}"


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return parts.scheme in ("postgresql", "postgres") and all(map(_HOST.fullmatch, hosts))


def shown(name: str, value: object) -> str:
    """A setting's value as people may see it: never a password."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return os.pathsep.join(map(str, value))
    return _masked(str(value)) if name == "database_url" else str(value)


def _masked(address: str) -> str:
    head, at, tail = address.rpartition("@")
    if at:
        scheme, slashes, user = head.partition("://") if "://" in head else ("", "", head)
        name, colon, _ = user.partition(":")
        address = f"{scheme}{slashes}{name}{colon and ':***'}@{tail}"
    return re.sub(r"(password=)[^&]*", r"\1***", address)


def settings_table() -> list[tuple[str, str, str]]:
    """Variable, default and description of every setting, in order."""
    return [
        (f"{PREFIX}{name.upper()}", shown(name, field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
