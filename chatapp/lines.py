"""Lines on their way to whoever reads the log, or printed mail, which hold nobody up and fail nobody.

A pipe whose reader stands still takes no more, one whose reader is gone fails, and so does a file on a full disk. The
chat goes on: what finds no room waits, up to a bound, and what is lost is counted.
"""

from __future__ import annotations

import atexit
import io
import os
import select
import threading
from collections import deque
from typing import Final, TextIO, cast

import structlog

MOST_WAITING: Final = 1_048_576
LAST_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Lines:
    """A stream of text onto a descriptor, from any thread.

    ``most``: bytes that wait at most. Lines that are lost are told of by ``log.lost`` once one gets through. At the end
    of the process what waits has a second.
    """

    def __init__(self, descriptor: int, most: int = MOST_WAITING) -> None:
        self._descriptor = descriptor
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._draining: threading.Thread | None = None
        atexit.register(self._finish)

    def write(self, line: str) -> int:
        """At once where it can be, else later, or not at all; never an error."""
        piece = line.encode(errors="backslashreplace")
        with self._lock:
            # What is ready takes this much without waiting.
            if not self._waiting and len(piece) <= select.PIPE_BUF and self._poll.poll(0):
                lost = self._counted(self._put(piece))
            else:
                lost = 0
                self._keep(piece)
        _tell(lost)
        return len(line)

    def flush(self) -> None:
        """Nothing is held back that could be written."""

    def _put(self, piece: bytes) -> bool:
        try:
            while piece:
                piece = piece[os.write(self._descriptor, piece) :]
        except OSError:
            return False
        return True

    def _counted(self, is_through: bool) -> int:
        """How many lines were lost before the one that got through."""
        if not is_through:
            self._lost += 1
            return 0
        lost, self._lost = self._lost, 0
        return lost

    def _keep(self, piece: bytes) -> None:
        if self._bytes + len(piece) > self._most:
            self._lost += 1
            return
        self._waiting.append(piece)
        self._bytes += len(piece)
        if len(self._waiting) == 1:
            # Of its own, and not waited for: it may stand in a write for as long as the process lives.
            self._draining = threading.Thread(target=self._drain, name="log", daemon=True)
            self._draining.start()

    def _drain(self) -> None:
        is_more = True
        while is_more:
            is_through = self._put(piece := self._waiting[0])
            with self._lock:
                lost = self._counted(is_through)
                # Only now, so that nothing written meanwhile overtakes it.
                self._waiting.popleft()
                self._bytes -= len(piece)
                is_more = bool(self._waiting)
            _tell(lost)

    def _finish(self) -> None:
        if self._draining is not None:
            self._draining.join(LAST_SECONDS)


def unhurried(stream: TextIO) -> TextIO:
    """The stream, or what takes lines to its descriptor, so that nobody has to read them for the chat to go on."""
    try:
        return cast("TextIO", Lines(stream.fileno()))
    except io.UnsupportedOperation:
        return stream


def _tell(lost: int) -> None:
    if lost:
        log.warning("log.lost", lines=lost)
