"""The words of the pages, through gettext; English is the source, catalogues can be added without touching callers."""

from __future__ import annotations

import gettext
from typing import Final

LANGUAGE: Final = "en"
DIRECTION: Final = "ltr"

translations: Final = gettext.NullTranslations()
_: Final = translations.gettext
ngettext: Final = translations.ngettext
