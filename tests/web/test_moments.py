"""Times as one reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chatapp.core import language
from chatapp.web.moments import Moments


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = ms("2026-11-23T20:00:00")


def test_a_reader_without_a_zone_sees_utc_and_is_told_so() -> None:
    moments = Moments("", lambda: NOW)
    assert moments.clock(ms("2026-11-03T09:05:00")) == "09:05"
    assert moments.long_time(ms("2026-11-03T09:05:00")) == "November 3, 2026, 09:05 UTC"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "November 3, 2026, 10:05 GMT+1"),
        ("America/New_York", "November 3, 2026, 04:05 GMT-5"),
        ("America/St_Johns", "November 3, 2026, 05:35 GMT-3:30"),
        ("Asia/Kathmandu", "November 3, 2026, 14:50 GMT+5:45"),
        ("Pacific/Kiritimati", "November 3, 2026, 23:05 GMT+14"),
        ("Europe/London", "November 3, 2026, 09:05 UTC"),
    ],
)
def test_a_zone_is_told_by_its_distance_to_greenwich(zone: str, shown: str) -> None:
    assert Moments(zone, lambda: NOW).long_time(ms("2026-11-03T09:05:00")) == shown


def test_in_chinese_a_time_is_written_as_there() -> None:
    with language.speaking("zh-Hans"):
        assert Moments("Asia/Shanghai", lambda: NOW).long_time(ms("2026-11-03T09:05:00")) == "2026年11月3日 17:05 GMT+8"
        assert Moments("", lambda: NOW).day(ms("2026-11-03T09:00:00")) == "2026年11月3日星期二"


def test_a_day_begins_at_midnight_of_the_reader() -> None:
    late = ms("2026-11-22T23:30:00")
    assert Moments("", lambda: NOW).day(late) == "Yesterday"
    assert Moments("Asia/Shanghai", lambda: NOW).day(late) == "Yesterday"
    assert Moments("Europe/Berlin", lambda: NOW).day(late) == "Today"
    assert Moments("Europe/Berlin", lambda: NOW).clock(late) == "00:30"


def test_older_days_have_their_full_date() -> None:
    assert Moments("", lambda: NOW).day(ms("2026-11-03T09:00:00")) == "Tuesday, November 3, 2026"


def test_a_wait_is_told_in_seconds_or_minutes_and_never_too_short() -> None:
    expected = {1: "1 second", 119: "119 seconds", 120: "2 minutes", 121: "3 minutes", 600: "10 minutes"}
    for seconds, wait in expected.items():
        assert Moments.wait(seconds) == f"Try again in {wait}."


@pytest.mark.parametrize("zone", ["No/Where", "../etc/passwd", "/etc/passwd", "\x00", "Europe"])
def test_a_zone_that_is_none_is_utc(zone: str) -> None:
    assert Moments(zone).clock(0) == "00:00"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW + 5000, "just now"),
        (NOW - 59_000, "just now"),
        (NOW - 60_000, "1 minute ago"),
        (NOW - 3_599_000, "59 minutes ago"),
        (NOW - 3_600_000, "1 hour ago"),
        (NOW - 86_400_000, "1 day ago"),
        (NOW - 40 * 86_400_000, "40 days ago"),
    ],
)
def test_lists_say_how_long_ago(moment: int, words: str) -> None:
    assert Moments("", lambda: NOW).ago(moment) == words


def test_scripts_read_rfc_3339() -> None:
    assert Moments("Asia/Shanghai").iso(ms("2026-11-03T09:05:00") + 7) == "2026-11-03T09:05:00.007Z"


@pytest.mark.parametrize(
    ("at", "shown"), [("00:05", "12:05 AM"), ("09:05", "9:05 AM"), ("12:00", "12:00 PM"), ("23:59", "11:59 PM")]
)
def test_with_twelve_hours_each_half_of_the_day_begins_with_twelve(at: str, shown: str) -> None:
    moments = Moments("", lambda: NOW, "h12")
    assert moments.clock(ms(f"2026-11-03T{at}:00")) == shown
    assert moments.long_time(ms(f"2026-11-03T{at}:00")) == f"November 3, 2026, {shown} UTC"
    with language.speaking("zh-Hans"):
        assert moments.clock(ms(f"2026-11-03T{at}:00")) == f"{'上午' if 'AM' in shown else '下午'}{shown[:-3]}"
