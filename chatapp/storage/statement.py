"""SQL compiled once, for the driver: what every message and every request asks is not built anew each time."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

_dialect = sqlite.dialect(paramstyle="qmark")


class Statement:
    """SQL text and the order in which it wants its named parameters."""

    def __init__(self, clause: sa.ClauseElement) -> None:
        compiled = clause.compile(dialect=_dialect)
        self.sql: Final = str(compiled)
        self._defaults: Final = dict(compiled.params)
        self._order: Final[list[str]] = list(getattr(compiled, "positiontup", None) or [])

    def values(self, **named: Any) -> tuple[Any, ...]:
        return tuple(named[name] if name in named else self._defaults[name] for name in self._order)
