"""Whether hours are read from 1 to 12 or from 0 to 23, as is usual where somebody's browser is at home."""

from __future__ import annotations

from typing import Final

from chatapp.core.language import by_liking
from chatapp.core.models import HourCycle

# Those that count to 12 by preference, after CLDR (timeData); 419 is Latin America.
REGIONS: Final = (
    "AE AG AL AR AS AU BB BD BH BM BN BO BS BT CA CL CO CR CU CY DJ DM DO DZ EC EG EH ER ET FJ FM GD GH GM GR "
    "GT GU GY HK HN IN IQ JM JO KH KI KN KP KR KW KY LB LC LR LS LY MH MO MP MR MW MX MY NA NI NZ OM PA PE PG "
    "PH PK PR PS PW PY QA SA SB SD SG SL SO SS SV SY SZ TC TD TN TO TT TW UM US UY VC VE VG VI VU WS YE ZM 419"
)
# Of a language that is asked for without a region.
AT_HOME: Final = {
    "am": "ET",
    "ar": "EG",
    "bn": "BD",
    "el": "GR",
    "en": "US",
    "fil": "PH",
    "gu": "IN",
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
    usually = AT_HOME.get(tag) or AT_HOME.get(language, "")
    region = next((part.upper() for part in rest if len(part) == 2 or part.isdigit()), usually)
    # In Canada it hangs on the language.
    return "h12" if region in _regions and (language, region) != ("fr", "CA") else "h23"
