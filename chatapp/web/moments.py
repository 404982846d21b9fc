"""Times as a reader sees them: in their zone, absolute on messages, relative in lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chatapp.core.clock import Clock, system_clock
from chatapp.core.clock import zone as place_of
from chatapp.core.events import timestamp
from chatapp.core.models import HourCycle
from chatapp.web.language import N_, _, ngettext

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
NOON: Final = 12
WEEKDAYS: Final = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday")),
)
MONTHS: Final = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August")),
    *(N_("September"), N_("October"), N_("November"), N_("December")),
)


class Moments:
    """Draws milliseconds since 1970 in one reader's time zone and hour cycle."""

    def __init__(self, zone: str = "", clock: Clock = system_clock, hour_cycle: HourCycle = "h23") -> None:
        self._zone = place_of(zone)
        self._clock = clock
        self._hour_cycle = hour_cycle

    def now(self) -> int:
        return self._clock()

    def iso(self, moment: int) -> str:
        return timestamp(moment)

    def clock(self, moment: int) -> str:
        return self._time(self._local(moment))

    def long_time(self, moment: int) -> str:
        local = self._local(moment)
        return _("{date}, {time} {zone}").format(date=_long(local), time=self._time(local), zone=_offset(local))

    def begin(self, day: date) -> int:
        """The first moment of a day."""
        return int(datetime.combine(day, time(), self._zone).timestamp() * 1000)

    def date(self, moment: int) -> date:
        return self._local(moment).date()

    def day(self, moment: int) -> str:
        """ "Today", "Yesterday", else the long date."""
        day, today = self.date(moment), self.date(self._clock())
        if day == today:
            return _("Today")
        if day == today - timedelta(days=1):
            return _("Yesterday")
        return _("{weekday}, {date}").format(weekday=_(WEEKDAYS[day.weekday()]), date=_long(day))

    def ago(self, moment: int) -> str:
        """How long ago, roughly."""
        seconds = max(0, self._clock() - moment) // 1000
        if seconds < MINUTE:
            return _("just now")
        if seconds < HOUR:
            count = seconds // MINUTE
            return ngettext("{n} minute ago", "{n} minutes ago", count).format(n=count)
        if seconds < DAY:
            count = seconds // HOUR
            return ngettext("{n} hour ago", "{n} hours ago", count).format(n=count)
        count = seconds // DAY
        return ngettext("{n} day ago", "{n} days ago", count).format(n=count)

    @staticmethod
    def wait(seconds: int) -> str:
        """How long to wait before the next try, never shorter than it is."""
        if seconds < 2 * MINUTE:
            return ngettext("Try again in {n} second.", "Try again in {n} seconds.", seconds).format(n=seconds)
        count = -(-seconds // MINUTE)
        return ngettext("Try again in {n} minute.", "Try again in {n} minutes.", count).format(n=count)

    def _time(self, local: datetime) -> str:
        """As ``Intl.DateTimeFormat`` writes it for our scripts."""
        if self._hour_cycle == "h23":
            return f"{local:%H:%M}"
        told = f"{local:%I:%M}".removeprefix("0")
        return _("{time} AM").format(time=told) if local.hour < NOON else _("{time} PM").format(time=told)

    def _local(self, moment: int) -> datetime:
        return datetime.fromtimestamp(moment / 1000, UTC).astimezone(self._zone)


def _long(day: date) -> str:
    return _("{month} {day}, {year}").format(day=day.day, month=_(MONTHS[day.month - 1]), year=day.year)


def _offset(local: datetime) -> str:
    """``UTC``, or as ``GMT-3:30``: names like CST mean several zones, and browsers know other ones than we do."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"GMT{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
