"""What clients may say on ``/ws``: importing these modules fills the registry."""

from __future__ import annotations

import importlib

MODULES = ("commands", "messages", "pins", "presence", "reactions", "reads", "rooms")


def load() -> None:
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}")
