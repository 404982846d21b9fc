"""When somebody wants to be told of nothing: hours that come again, in their time zone, and a while from now on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, Literal, get_args

import msgspec

from chatapp.core.clock import zone as place_of
from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.models import Level, Message
from chatapp.core.text import EVERYBODY, WHO_IS_HERE

DAYS: Final = 7
HOUR_MS: Final = 3_600_000
# Whoever was connected so shortly ago has seen it, or is coming back: closed browsers are told later.
AWAY_MS: Final = 60_000
Silence = Literal["hour", "tomorrow", "over"]

_clock: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


class QuietHours(msgspec.Struct, frozen=True):
    """From and to in minutes after midnight. Where ``begin`` is not before ``end`` they last into the next day.

    ``days``: those on which they begin, a bit for each, Monday's the lowest; 0: there are none.
    """

    days: int = 0
    begin: int = 0
    end: int = 0


class NotificationSettings(msgspec.Struct, frozen=True):
    """``hides_words``: a notification does not say what the message says."""

    hides_words: bool = False
    quiet: QuietHours = QuietHours()
    silent_until: int = 0


class Calm(msgspec.Struct, frozen=True):
    """Whether somebody is told of nothing now, and the moment at which that changes; None: it does not by itself."""

    is_quiet: bool
    changes_at: int | None


def is_meant(
    message: Message, person_id: int, username: str, *, level: Level, is_direct: bool, answered: int | None = None
) -> bool:
    """Whether somebody in the room is told of it. ``answered``: who wrote what it replies to.

    The tab decides by the same rule (``static/js/notifications.js``).
    """
    if message.is_deleted or message.is_damaged or message.author_id == person_id or level == "nothing":
        return False
    is_named = not {username, EVERYBODY, WHO_IS_HERE}.isdisjoint(message.mentions)
    return level == "all" or is_direct or is_named or answered == person_id


def time_of_day(field: str, text: str) -> str:
    """As browsers send it, ``22:30``. Raises ``Invalid``."""
    if not _clock.fullmatch(text):
        raise invalid(field, _("A time is like 22:30."))
    return text


def minutes(text: str) -> int:
    """Of a time of day, after midnight."""
    hour, minute = text.split(":")
    return 60 * int(hour) + int(minute)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def calm(settings: NotificationSettings, zone: str, now: int) -> Calm:
    """As it is at that moment, for somebody who lives by that time zone."""
    place = place_of(zone)
    spans = sorted(_spans(settings.quiet, place, datetime.fromtimestamp(now / 1000, place).date()))
    if now < settings.silent_until:
        spans = sorted([*spans, (now, settings.silent_until)])
    until = now
    for begin, end in spans:
        if begin <= until < end:
            until = end
    if until > now:
        return Calm(True, until)
    return Calm(False, min((begin for begin, _end in spans if begin > now), default=None))


def silent_until(length: str, zone: str, now: int) -> int:
    """An hour from now, or the morning of the next day, at eight; 0: silence is over. Raises ``Invalid``."""
    if length not in get_args(Silence):
        raise invalid("length", _("Choose an hour, until tomorrow, or over."))
    if length == "over":
        return 0
    if length == "hour":
        return now + HOUR_MS
    place = place_of(zone)
    return _moment(datetime.fromtimestamp(now / 1000, place).date() + timedelta(days=1), 8 * 60, place)


def _spans(quiet: QuietHours, place: tzinfo, today: date) -> Iterator[tuple[int, int]]:
    """Of a week and a day around ``today``."""
    for ahead in range(-1, DAYS + 1):
        day = today + timedelta(days=ahead)
        if quiet.days >> day.weekday() & 1:
            last = day if quiet.begin < quiet.end else day + timedelta(days=1)
            yield _moment(day, quiet.begin, place), _moment(last, quiet.end, place)


def _moment(day: date, minute: int, place: tzinfo) -> int:
    """A time that a clock put forward leaves out is as much later; of one that comes twice it is the first."""
    at = datetime.combine(day, time(minute // 60, minute % 60), place)
    return int(at.timestamp() * 1000)
