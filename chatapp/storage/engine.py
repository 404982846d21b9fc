"""SQLAlchemy's way to ask a database from a coroutine, without the ORM that comes in its package."""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

__all__ = ("AsyncConnection", "AsyncEngine", "create_async_engine")

_PACKAGE: Final = "sqlalchemy.ext.asyncio"


def _loaded() -> Any:
    """The package's module of connections and engines. The ORM, which nothing here uses, takes a tenth of a start."""
    spec = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE not in sys.modules and spec is not None:
        # Its files are found by it, and it is not run. Whoever imports it later gets it whole.
        sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
        try:
            return importlib.import_module(f"{_PACKAGE}.engine")
        finally:
            del sys.modules[_PACKAGE]
    return importlib.import_module(f"{_PACKAGE}.engine")


if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
else:
    _module = _loaded()
    AsyncConnection, AsyncEngine = _module.AsyncConnection, _module.AsyncEngine
    # What an error says goes into the log; what people say does not.
    create_async_engine = partial(_module.create_async_engine, hide_parameters=True)
