"""The log: structured lines on standard error, for people or for machines."""

import datetime
import json
import logging
import re
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, ClassVar, Literal, TextIO

import orjson
import structlog
from structlog.contextvars import STRUCTLOG_KEY_PREFIX
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from schema import personal

Scrub = Callable[[str], str]
"""Takes a text and gives it with what is personal in it masked."""

REQUEST_ID: ContextVar[Any] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}request_id", default=...)
"""The id of the request that is answered, in each line; set as `bind_contextvars` would, faster."""

# made or checked by the door
_SOUND = frozenset({"request_id"})
_LEVELS = {"warn": "warning", "exception": "error"}
"""Levels whose methods have other names."""
_TEXTS, _SHORT = 2000, 100
"""Texts whose clean form is remembered, and how long they are at most."""
_NUMBERS = frozenset({int, float, bool, type(None)})

_VALUES = re.compile(
    # what PostgreSQL says of the row: `DETAIL:  Key (phone)=(...) already exists.`
    r"(?P<detail>DETAIL: ).*?(?=\n[ |]*(?:HINT:|\[SQL:|\n[ |]*(?:The above|During handling))|\Z)"
    # the values of a statement, as SQLAlchemy shows them
    r"|(?P<parameters>\[parameters: ).*?(?=\n[ |]*\(Background on|\Z)"
    # what pydantic was given
    r"|(?P<input>input_value=).*?(?=, input_type=)"
    # the text of a document, as graphql-core shows it
    r"|(?P<document>GraphQL request:\d+:\d+)(?:\n[ |]*\d* \|[^\n]*)+",
    re.DOTALL,
)


def configure_logs(
    format_: Literal["console", "json"],
    level: str,
    scrub: Scrub = personal.scrub,
    stream: TextIO | None = None,
) -> None:
    """Set up the log of this process: structlog, and the standard library's from WARNING on.

    `level` is debug, info, warning or error; `stream` is standard error where none is given.
    Every text of a line goes through `scrub`; what values an exception quotes is left out.
    """
    # what graphql-core had not begun when its operation was cancelled
    warnings.filterwarnings("ignore", r"coroutine 'Executor[.].*was never awaited", RuntimeWarning)
    stream = stream or sys.stderr
    filled = _Filled(scrub)
    renderer = _json if format_ == "json" else _console(stream)
    lowest = logging.getLevelName(level.upper())
    structlog.configure(
        processors=[filled, renderer],
        wrapper_class=_logger(lowest),
        logger_factory=lambda *_: _Lines(stream),
    )
    _take_over(stream, max(lowest, logging.WARNING), filled, renderer)


def without_values(text: str) -> str:
    """The text of an exception, without the rows, parameters, inputs and documents in it."""
    return _VALUES.sub(lambda found: f"{found[found.lastgroup or 0]}…", text)


def _traceback(exc_info: ExcInfo) -> str:
    return without_values("".join(traceback.format_exception(*exc_info))).rstrip()


_GRAVITY = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}

Write = Callable[[str, dict[str, Any]], None]
"""Takes the level of a line and what it says, with `event`; the dict is the log's from then on."""


def writer(log: Any) -> Write:
    """What writes lines of a logger as dicts: at once with ours, by keywords with any other."""
    if isinstance(log, _Dicts):
        return log.write

    def write(level: str, line: dict[str, Any]) -> None:
        getattr(log, level)(line.pop("event"), **line)

    return write


class _Dicts:
    """A logger that takes a line as a dict, without the copies that keywords come to."""

    _lowest: ClassVar[int]
    _logger: Any
    _processors: Any

    def write(self, level: str, line: dict[str, Any]) -> None:
        """Write a line."""
        if _GRAVITY[level] >= self._lowest:
            for process in self._processors:
                line = process(self._logger, level, line)
            self._logger.msg(line)


def _logger(lowest: int) -> type[Any]:
    base = structlog.make_filtering_bound_logger(lowest)
    return type("Logger", (_Dicts, base), {"_lowest": lowest})


class _Filled:
    """Fills in what every line has: of what request it is, how grave, when, what was raised.

    Scrubs every text of it, and keeps a text of a client from making a line of its own. In one
    step, for each request writes a line.
    """

    def __init__(self, scrub: Scrub) -> None:
        self._scrub = scrub
        self._moment = _Moment()
        self._raised = structlog.processors.ExceptionRenderer(_traceback)
        # names, paths and codes come again and again
        self._cleaned: dict[str, str] = {}

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event = structlog.contextvars.merge_contextvars(logger, method, event)
        if "exc_info" in event:
            event = self._raised(logger, method, event)
        cleaned = self._cleaned
        for key, value in event.items():
            kind = value.__class__
            if kind is str and value in cleaned:
                event[key] = cleaned[value]
            elif kind not in _NUMBERS and key not in _SOUND:
                event[key] = self._scrub(value) if key == "exception" else self._clean(value)
        event["level"] = _LEVELS.get(method, method)
        event["timestamp"] = self._moment.text()
        return event

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value) if len(value) <= _SHORT else self._clean_text(value)
        if value.__class__ in _NUMBERS:
            return value
        if isinstance(value, dict):
            return {self._clean(key): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        return self._clean(str(value))

    def _text(self, value: str) -> str:
        if len(self._cleaned) >= _TEXTS:
            self._cleaned.clear()
        clean = self._cleaned[value] = self._clean_text(value)
        return clean

    def _clean_text(self, value: str) -> str:
        text = self._scrub(value)
        return text if text.isprintable() else repr(text)[1:-1]


class _Moment:
    """The time it is, in ISO 8601 and UTC; its text is made once a second but for the fraction."""

    def __init__(self) -> None:
        self._second = -1
        self._begins = ""

    def text(self) -> str:
        """Now, to the microsecond."""
        now = time.time_ns() // 1000
        second, fraction = divmod(now, 1_000_000)
        if second != self._second:
            moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
            self._second, self._begins = second, f"{moment:%Y-%m-%dT%H:%M:%S}"
        return f"{self._begins}.{fraction:06}Z"


class _Lines:
    """Writes lines; a log that cannot be written never fails what was to be logged."""

    def __init__(self, stream: TextIO) -> None:
        self._write = stream.write
        self._flush = stream.flush

    def msg(self, message: str) -> None:
        """Write a line in one piece: threads write too."""
        try:
            self._write(f"{message}\n")
            self._flush()
        except (OSError, ValueError):
            pass

    log = debug = info = warn = warning = error = exception = critical = fatal = failure = err = msg


def _json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event).decode()
    except TypeError:  # half a character, or a number of more than 64 bits
        return json.dumps(event)


def _console(stream: TextIO) -> Processor:
    if not stream.isatty():
        return _plain
    return structlog.dev.ConsoleRenderer(
        sort_keys=False,
        # the rich one prints local variables, which may hold personal data
        exception_formatter=structlog.dev.plain_traceback,
    )


def _plain(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """A line as the console's, without colours, in a tenth of the time."""
    line = f"{event.pop('timestamp')} [{event.pop('level')}] {event.pop('event', '')}"
    trace = event.pop("exception", None)
    line += _form(tuple(event)) % tuple(event.values())
    return line if trace is None else f"{line}\n{trace}"


@lru_cache(256)
def _form(keys: tuple[str, ...]) -> str:
    """Where the values of a line with these keys go."""
    return "".join([f" {key.replace('%', '%%')}=%s" for key in keys])


def _take_over(stream: TextIO, level: int, filled: Processor, renderer: Processor) -> None:
    """Make the standard library's log, which uvicorn, asyncio and drivers write, look like ours."""
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_message_without_values, filled],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _Handler):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    handler.setLevel(level)  # uvicorn gives its loggers a level of their own


def _message_without_values(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["event"] = without_values(str(event["event"]).strip())
    return event


class _Handler(logging.StreamHandler[TextIO]):
    """The handler of this module, told from those of others."""
