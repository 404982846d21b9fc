"""SQL compiled for one test's database is there for the next one's: it is the same for every file or server."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

MOST: Final = 5000


class Shared(LRUCache[Any, Any]):
    """What each engine keeps for itself, for all of one kind: ``key`` begins with the engine's own dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_by_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_by_kind(key), compiled)


def _by_kind(key: Any) -> Any:
    dialect, *rest = key
    return dialect.name, dialect.driver, *rest


def share() -> None:
    """Between all engines that are made from now on."""
    shared = Shared(MOST)
    # Not by another __init__: create_engine() reads from that what it may be told.
    Engine._compiled_cache = property(lambda _engine: shared, lambda _engine, _own: None)  # type: ignore[assignment]
