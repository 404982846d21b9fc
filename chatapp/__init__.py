"""Team chat in one Python process."""

from typing import Final

__version__: Final = "0.1.0"
