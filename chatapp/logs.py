"""How log lines look on stderr: one line an event, as text or as JSON."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog

from chatapp.lines import unhurried
from chatapp.settings import Settings

# Without the values of variables, which structlog would add: passwords and messages are among them.
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# What would not stand by itself behind an equals sign.
_unclear = re.compile(r"[\s=\"']")


def set_up(settings: Settings, stream: TextIO | None = None) -> None:
    """Configure structlog for the process; other libraries speak from warnings on. ``stream``: stderr by default."""
    stream = stream or sys.stderr
    is_json = settings.log_format == "json"
    # ASCII, by the renderer's default: U+0085 and U+2028 end a line too, for those who read the log.
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if is_json else plain
    if stream.isatty() and not is_json:
        renderer = structlog.dev.ConsoleRenderer()
    lines = unhurried(stream)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.EventRenamer("event"),
            _tracebacks if is_json else structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # A line in one piece: workers share stderr, and where that is unbuffered print() makes two of it.
        logger_factory=structlog.WriteLoggerFactory(lines),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=lines, force=True)
    hear_parser()


def plain(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    """The line as structlog draws it on a terminal, without its colours, and in a third of the time."""
    level, name, stack = event.pop("level"), event.pop("event"), event.pop("exception", "")
    pairs = " ".join([f"{key}={_shown(event[key])}" for key in sorted(event)])
    line = f"[{level:9}] {name:30} {pairs}".rstrip(" ")
    return f"{line}\n{stack}" if stack else line


def _shown(value: object) -> str:
    # What cannot be printed is written as an escape: it would begin a line, or colour the rest of it.
    is_clear = isinstance(value, str) and value.isprintable() and not _unclear.search(value)
    return str(value) if is_clear else repr(value)


def hear_parser() -> None:
    """Let what aiohttp itself cannot answer be said by us."""
    parser = logging.getLogger("aiohttp.server")
    parser.handlers, parser.propagate = [_RefusedByParser()], False


def beside_answers() -> None:
    """For a command: what is logged goes to stderr, so that stdout holds the answer and nothing else."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


class _RefusedByParser(logging.Handler):
    """aiohttp logs what it cannot parse with the bytes themselves, which may hold a token or a password."""

    def emit(self, record: logging.LogRecord) -> None:
        log, kind = structlog.get_logger("chatapp.web"), record.exc_info[0] if record.exc_info else None
        if kind is None or kind.__module__.startswith("aiohttp."):
            log.warning("request.unreadable", error=kind.__name__ if kind else "")
        else:
            # A bug of ours that no middleware saw: said with its stack.
            log.error("unexpected", exc_info=record.exc_info)
