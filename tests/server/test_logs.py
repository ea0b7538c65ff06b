"""The log: what a line looks like, and what never stands in one."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from graphql import GraphQLError, Source
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from server.logs import configure_logs, without_values

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The log is as it was before, whatever a test set up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def scrub(text: str) -> str:
    return text.replace("13812345678", "138****5678")


def configured(format_: Any = "json", level: str = "info") -> io.StringIO:
    """A log that is written to memory."""
    stream = io.StringIO()
    configure_logs(format_, level, scrub, stream)
    return stream


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a log in JSON, without their moments."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert all(MOMENT.fullmatch(record.pop("timestamp")) for record in found)
    return found


def test_json() -> None:
    """A line is a JSON object with moment, level, event and values, in plain UTF-8."""
    stream = configured()
    structlog.get_logger("onegrid").info("ready", tenants=14, place="抚顺市", part=None, share=0.5)
    assert records(stream) == [
        {
            "tenants": 14,
            "place": "抚顺市",
            "part": None,
            "share": 0.5,
            "event": "ready",
            "level": "info",
        }
    ]
    assert "抚顺市" in stream.getvalue()


def test_console() -> None:
    """A line for people has the same, in the order given."""
    stream = configured("console")
    structlog.get_logger("onegrid").warning("not ready", reason="starting", part=1)
    moment, text = stream.getvalue().split(" ", 1)
    assert MOMENT.fullmatch(moment)
    assert text == "[warning] not ready reason=starting part=1\n"


def test_colours() -> None:
    """In a terminal a line for people has colours."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logs("console", "info", scrub, stream)
    structlog.get_logger().error("fault", reason="13812345678", exc_info=KeyError("x"))
    said = re.sub(r"\x1b\[\d*m", "", stream.getvalue())
    assert said != stream.getvalue()
    _, text = said.split(" ", 1)
    assert re.sub(" +", " ", text) == "[error ] fault reason=138****5678\nKeyError: 'x'\n"


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_level(level: str, written: list[str]) -> None:
    """Lines below the level are not written."""
    stream = configured(level=level)
    for method in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), method)("said")
    assert [record["level"] for record in records(stream)] == written


@pytest.mark.parametrize(
    ("level", "written"), [("debug", ["warning", "error"]), ("error", ["error"])]
)
def test_other_logs(level: str, written: list[str]) -> None:
    """What uvicorn and drivers log from WARNING on is written as our own lines are."""
    stream = configured(level=level)
    theirs = logging.getLogger("uvicorn.error")
    theirs.setLevel("WARNING")
    for method in ("debug", "info", "warning", "error"):
        getattr(theirs, method)("said to %s\n", "13812345678")
    theirs.setLevel(logging.NOTSET)
    assert records(stream) == [{"event": "said to 138****5678", "level": each} for each in written]


def test_set_up_again() -> None:
    """Setting the log up once more replaces it."""
    first, second = configured(), configured()
    structlog.get_logger().info("ours")
    logging.getLogger("asyncio").warning("theirs")
    assert first.getvalue() == ""
    assert [record["event"] for record in records(second)] == ["ours", "theirs"]


def test_values_of_the_request() -> None:
    """What is bound for a request stands in each of its lines."""
    stream = configured()
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        structlog.get_logger().info("ours")
        logging.getLogger("asyncio").warning("theirs")
    structlog.get_logger().info("after")
    assert [record.get("request_id") for record in records(stream)] == ["abc", "abc", None]


@pytest.mark.parametrize("format_", ["json", "console"])
def test_scrubbed(format_: str) -> None:
    """Every text is scrubbed, however deep it stands, in exceptions too."""
    stream = configured(format_)
    log = structlog.get_logger()
    phone = "13812345678"
    log.info(f"to {phone}", path=f"/{phone}", codes=[phone, {phone: (phone,)}], other={phone})
    log.error("fault", exc_info=KeyError(phone))
    with structlog.contextvars.bound_contextvars(actor=phone):
        log.info("bound")
    assert stream.getvalue().count("138****5678") == 8
    assert phone not in stream.getvalue()


def test_not_scrubbed() -> None:
    """Numbers, moments and levels are what they are."""
    stream = io.StringIO()
    configure_logs("json", "info", lambda text: "…", stream)
    structlog.get_logger().info("said", statements=13812345678, done=True, nothing=None)
    assert records(stream) == [
        {"statements": 13812345678, "done": True, "nothing": None, "event": "…", "level": "info"}
    ]


@given(st.text(st.characters(codec=None)))
def test_one_line(text: str) -> None:
    """Whatever a client sends, a line in either format stays one line."""
    for format_ in ("json", "console"):
        stream = configured(format_)
        structlog.get_logger().info("request", path=text)
        assert len(stream.getvalue().encode("utf-8", "strict").splitlines()) == 1


def test_strange_values() -> None:
    """What JSON cannot hold is written as text, or as the number that it is."""
    stream = configured()
    structlog.get_logger().info("said", big=2**70, kind=int, raw=b"\xff", odd={1: "a"})
    assert records(stream) == [
        {
            "big": 2**70,
            "kind": "<class 'int'>",
            "raw": "b'\\xff'",
            "odd": {"1": "a"},
            "event": "said",
            "level": "info",
        }
    ]


def fault(cause: Exception) -> Exception:
    """An exception with a trace and a cause."""
    try:
        try:
            raise cause
        except Exception as error:
            raise RuntimeError("it failed") from error
    except RuntimeError as error:
        return error


def of_the_database() -> Exception:
    fields = {
        "S": "ERROR",
        "C": "23505",
        "M": 'duplicate key value violates unique constraint "person_pk"',
        "D": "Key (name, phone)=(李四\n\n王五, 139) already exists.",
        "H": "Look again.",
    }
    return asyncpg.PostgresError.new(fields)


def of_a_write() -> Exception:
    text = "INSERT INTO person VALUES ($1, $2)"
    return IntegrityError(text, ("李四", "王五"), of_the_database())


def of_a_document() -> Exception:
    source = Source('{\n  issue(name: "李四",\n    phone: "王五") { id }\n}')
    return GraphQLError("It is not so.", source=source, positions=[4])


class Person(BaseModel):
    """What pydantic checks."""

    age: int


def of_a_model() -> Exception:
    given = {"age": "李四 王五"}
    try:
        Person.model_validate(given)
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("cause", "kept"),
    [
        (of_the_database(), ["duplicate key value", "DETAIL: …", "HINT:  Look again."]),
        (of_a_write(), ["duplicate key value", "[SQL: INSERT INTO person VALUES", "DETAIL: …"]),
        (of_a_document(), ["It is not so.", "GraphQL request:2:3…"]),
        (of_a_model(), ["Input should be a valid integer", "input_value=…, input_type=str"]),
    ],
    ids=["database", "write", "document", "model"],
)
@pytest.mark.parametrize("format_", ["json", "console"])
def test_exceptions_without_values(format_: str, cause: Exception, kept: list[str]) -> None:
    """A traceback has the text of each exception, without the values that it quotes."""
    stream = configured(format_)
    structlog.get_logger().error("fault", exc_info=fault(cause))
    text = stream.getvalue()
    for part in [*kept, "RuntimeError: it failed", 'raise RuntimeError("it failed") from error']:
        assert part in text.replace('\\"', '"'), part
    assert [name for name in ("李四", "王五", "139)") if name in text] == []


def test_exceptions_of_other_logs() -> None:
    """What asyncio says of a task that failed has no values either."""
    stream = configured()
    error = of_the_database()
    logging.getLogger("asyncio").error("Task failed: %s", error, exc_info=error)
    text = stream.getvalue()
    assert (text.count("DETAIL: …"), "李四" in text, "王五" in text) == (2, False, False)


@given(st.text(), st.text())
def test_texts_without_values_stay(before: str, after: str) -> None:
    """A text that quotes no values stays as it is."""
    text = f"{before}\nTraceback: {after}"
    if not re.search("DETAIL|parameters|input_value|GraphQL", text):
        assert without_values(text) == text


def test_closed_stream() -> None:
    """A log that cannot be written any more fails nothing."""
    stream = configured()
    stream.close()
    structlog.get_logger().info("said")


def test_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The log goes to standard error where nothing else is named."""
    configure_logs("json", "info")
    structlog.get_logger().info("said")
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["event"], sys.stderr.closed) == ("", "said", False)
