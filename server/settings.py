"""Settings: one table that the code, `onegrid settings` and docs/settings.md share."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ONEGRID_"

# settings that are never shown
SECRETS = {"token_secret"}

_HOST = re.compile(r"(\[[^]]*\]|[^:]*)(:\d*)?")
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:]+\])(:\d+)?")


class Settings(BaseSettings):
    """Read from the environment, then from `.env` in the working folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="监听地址 | address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="监听端口 | port to listen on")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="工作进程数,共用一个端口 | processes that serve, on one port together",
    )
    data: Path = Field(
        Path("var"),
        description="数据目录(内嵌数据库在其中)| data folder, with the embedded database",
    )
    database_url: str | None = Field(
        None,
        description="PostgreSQL 15+ 地址,代替内嵌数据库 | a PostgreSQL server of your own",
    )
    city_database_url: str | None = Field(
        None,
        description="市级登录角色的数据库地址,缺省由 ONEGRID_DATABASE_URL 推出 | address with the "
        "login role of cities; default: made from ONEGRID_DATABASE_URL",
    )
    province_database_url: str | None = Field(
        None,
        description="省级登录角色的数据库地址,缺省由 ONEGRID_DATABASE_URL 推出 | address with the "
        "login role of provinces; default: made from ONEGRID_DATABASE_URL",
    )
    tenants: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description=f"另读的租户目录,以“{os.pathsep}”分隔 | further tenant folders, separated by "
        f"{os.pathsep}",
    )
    demo: bool = Field(False, description="演示模式(make run 开启)| demo mode, on in `make run`")
    token_secret: str | None = Field(
        None,
        min_length=32,
        description="HS256 密钥,缺省在数据目录中生成 | HS256 secret; default: made in the folder",
    )
    token_issuer: str = Field("onegrid", min_length=1, description="令牌签发者 | issuer of tokens")
    token_audience: str = Field(
        "onegrid", min_length=1, description="令牌受众 | audience of tokens"
    )
    jwks_url: str | None = Field(
        None,
        description="OIDC 公钥地址,设定后只接受 RS256/ES256 | JWKS address; then only RS256 and "
        "ES256 tokens are taken",
    )
    jwks_seconds: float = Field(
        300.0, gt=0, le=86400, description="公钥缓存时间,秒 | seconds that keys are kept"
    )
    token_claim_prefix: str = Field(
        "",
        description="令牌中本系统声明的前缀 | prefix of our claims in tokens of an OIDC provider",
    )
    personal_keys: Path | None = Field(
        None,
        description="个人信息密钥文件,缺省在数据目录中生成 | file with the keys of personal data; "
        "default: made in the data folder",
    )
    pool_size: int = Field(
        10, ge=1, le=200, description="数据库连接数 | database connections a process and login role"
    )
    statement_timeout: float = Field(
        5.0, gt=0, le=600, description="单条 SQL 时限,秒 | seconds a statement may take"
    )
    request_timeout: float = Field(
        10.0, gt=0, le=600, description="单个请求时限,秒 | seconds a request may take"
    )
    max_body: int = Field(
        102_400, ge=1024, description="请求体上限,字节 | bytes of a request's body"
    )
    max_tokens: int = Field(1000, ge=1, description="文档词元上限 | tokens of a document")
    max_depth: int = Field(12, ge=1, le=200, description="嵌套深度上限 | depth of a document")
    max_aliases: int = Field(15, ge=0, description="每层别名上限 | aliases in one level")
    max_fields: int = Field(
        20, ge=1, description="每层同一字段次数上限 | times one field is selected in one level"
    )
    max_selections: int = Field(
        2000, ge=1, description="展开片段后的选择上限 | selections, with fragments unfolded"
    )
    max_directives: int = Field(10, ge=0, description="指令上限 | directives of a document")
    max_fragments: int = Field(20, ge=0, description="片段上限 | fragments of a document")
    max_nodes: int = Field(
        10_000, ge=1, description="可能返回的对象上限 | objects that an operation may return"
    )
    max_cost: int = Field(1000, ge=1, description="单个操作成本上限 | cost of an operation")
    executor: Literal["level-wise", "general"] = Field(
        "level-wise",
        description="查询的执行方式:按层,或逐个对象(较慢,用于对照)| how queries are run: level by "
        "level, or object by object (slower, to compare with)",
    )
    rate_actor: str = Field(
        "300000/minute",
        description="每个访问者的成本速率 | cost that one actor may spend in a time",
    )
    rate_city: str = Field(
        "3000000/minute",
        description="每个城市的成本速率 | cost that all actors of one city may spend in a time",
    )
    max_subscriptions: int = Field(
        20,
        ge=1,
        description="每个访问者同时打开的订阅上限 | subscriptions that one actor may have open at "
        "a server",
    )
    unread_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="客户端多久毫不接收即断开,秒 | seconds until a client that reads nothing of "
        "what is sent is cut off",
    )
    redis_url: str | None = Field(
        None,
        description="多台服务器共用速率计数的 Redis,缺省各自计数 | Redis that counts rates for "
        "several servers; default: each counts alone",
    )
    trusted_documents: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description=f"可信文档清单,以“{os.pathsep}”分隔 | manifests of trusted documents, "
        f"separated by {os.pathsep}",
    )
    trusted_only: bool = Field(
        False,
        description="只运行可信文档并关闭自省 | run trusted documents only, without introspection",
    )
    persisted_queries: bool = Field(
        True,
        description="允许客户端登记文档(APQ)| let clients register documents by hash (APQ)",
    )
    idempotency_hours: float = Field(
        72.0,
        gt=0,
        le=8760,
        description="Idempotency-Key 保留时间,小时 | hours that an Idempotency-Key is remembered",
    )
    suppression_threshold: int = Field(
        5,
        ge=1,
        le=1000,
        description="统计中的行至少有几件才予显示,可查看这些事项的不限 | how many issues a row of "
        "statistics has at least to be shown to who may not read them",
    )
    sweep_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="多久检查一次事项时限,秒 | seconds between looks for issues that fall due",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="允许跨域的网页来源,以逗号分隔 | origins whose pages may ask, with commas",
    )
    metrics: bool = Field(True, description="提供 /metrics | whether /metrics is served")
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

    @field_validator("tenants", "trusted_documents", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_ORIGIN.fullmatch, value)):
            raise ValueError("expected origins like https://grid.example.cn, without a path, or *")
        return value

    @field_validator("rate_actor", "rate_city")
    @classmethod
    def _rate(cls, value: str) -> str:
        try:
            (rate,) = parse_many(value)
        except ValueError:
            rate = None
        if rate is None or rate.amount < 1:
            raise ValueError("expected a rate like 300000/minute")
        return value

    @field_validator("database_url", "city_database_url", "province_database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value):
            raise ValueError("expected an address like postgresql://user:password@host:5432/name")
        return value

    @field_validator("jwks_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not _is_web_address(value):
            raise ValueError("expected an address like https://login.example/keys")
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


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets of no IPv6 address
        return False


def shown(name: str, value: object) -> str:
    """A setting's value as people may see it: never a password."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ("," if name == "cors_origins" else os.pathsep).join(map(str, value))
    if name in SECRETS:
        return "***"
    return _masked(str(value)) if name.endswith("_url") else str(value)


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
