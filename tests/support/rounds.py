"""How often a test that repeats itself does so: a few times in every run, many in the long one."""

from __future__ import annotations

import os
from typing import Final

# ``make faults`` sets it; what runs with every change has to be short.
IS_LONG: Final = os.environ.get("CHATAPP_TEST_LONG") == "1"


def rounds(short: int, long: int) -> int:
    """``short`` in the ordinary suite, ``long`` in ``make faults``."""
    return long if IS_LONG else short
