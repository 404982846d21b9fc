"""Whether hours are read from 1 to 12 or from 0 to 23, as is usual where somebody's browser is at home."""

from __future__ import annotations

from typing import Final

from chatapp.core.language import by_liking
from chatapp.core.models import HourCycle

# Those that CLDR 46 (timeData) prefers to count to 12.
REGIONS: Final = (
    "AE AG AL AS AU BB BD BH BM BN BS BT CA CO CY DJ DM DO DZ EG EH ER ET FJ FM GD GH GM GR GU GY HK IN IQ JM "
    "JO KH KI KN KR KW KY LB LC LR LS LY MH MO MP MR MW MY NA NZ OM PA PG PH PK PR PS PW QA SA SB SD SG SL SO "
    "SS SY SZ TC TD TN TO TT TW UM US VC VE VG VI VU WS YE ZM"
)
# Of a language that is asked for without a region.
AT_HOME: Final = {
    "am": "ET",
    "ar": "EG",
    "bn": "BD",
    "el": "GR",
    "en": "US",
    "fil": "PH",
    "hi": "IN",
    "kn": "IN",
    "ko": "KR",
    "ml": "IN",
    "mr": "IN",
    "ms": "MY",
    "pa": "IN",
    "so": "SO",
    "sq": "AL",
    "ta": "IN",
    "te": "IN",
    "ur": "PK",
    "zh-hant": "TW",
}

_regions: Final = frozenset(REGIONS.split())


def usual(accepted: str) -> HourCycle:
    """For who sends that ``Accept-Language``: by its first tag, as browsers do for themselves."""
    tag = next(iter(by_liking(accepted)), "")
    language, *rest = tag.split("-")
    region = next((part.upper() for part in rest if len(part) == 2), AT_HOME.get(tag) or AT_HOME.get(language, ""))
    # In Canada it hangs on the language.
    return "h12" if region in _regions and (language, region) != ("fr", "CA") else "h23"
