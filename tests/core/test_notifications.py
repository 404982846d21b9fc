"""When somebody wants to be told of nothing."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from chatapp.core.errors import Invalid
from chatapp.core.notifications import (
    HOUR_MS,
    NotificationSettings,
    QuietHours,
    calm,
    clock,
    minutes,
    silent_until,
    time_of_day,
)

BERLIN = "Europe/Berlin"
MONDAY, FRIDAY, EVERY = 0b0000001, 0b0010000, 0b1111111


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def quiet(days: int, begin: str, end: str) -> NotificationSettings:
    return NotificationSettings(quiet=QuietHours(days, minutes(begin), minutes(end)))


# 2026-11-30 is a Monday.
CASES = {
    "before they begin": (MONDAY, "2026-11-30T21:59", False, "2026-11-30T22:00"),
    "when they begin": (MONDAY, "2026-11-30T22:00", True, "2026-12-01T07:00"),
    "after midnight": (MONDAY, "2026-12-01T06:59", True, "2026-12-01T07:00"),
    "when they end": (MONDAY, "2026-12-01T07:00", False, "2026-12-07T22:00"),
    "on another day": (MONDAY, "2026-12-01T23:00", False, "2026-12-07T22:00"),
    "every day": (EVERY, "2026-12-01T23:00", True, "2026-12-02T07:00"),
}


@pytest.mark.parametrize("case", CASES)
def test_quiet_hours_go_over_midnight(case: str) -> None:
    days, now, is_quiet, until = CASES[case]
    found = calm(quiet(days, "22:00", "07:00"), BERLIN, at(now))
    assert (found.is_quiet, found.changes_at) == (is_quiet, at(until))


def test_within_a_day_they_end_on_it() -> None:
    found = calm(quiet(FRIDAY, "12:00", "14:00"), BERLIN, at("2026-12-04T13:00"))
    assert (found.is_quiet, found.changes_at) == (True, at("2026-12-04T14:00"))


def test_they_follow_the_zone_and_not_the_server() -> None:
    now = at("2026-11-30T23:00", "Asia/Shanghai")
    assert calm(quiet(MONDAY, "22:00", "07:00"), "Asia/Shanghai", now).is_quiet
    assert not calm(quiet(MONDAY, "22:00", "07:00"), BERLIN, now).is_quiet


def test_they_follow_the_clock_on_the_wall_when_that_is_changed() -> None:
    """The last Sundays of March and October: the night is an hour shorter or longer, and ends at seven."""
    for evening, morning, hours in (
        ("2026-03-28T22:00", "2026-03-29T07:00", 8),
        ("2026-10-24T22:00", "2026-10-25T07:00", 10),
    ):
        found = calm(quiet(EVERY, "22:00", "07:00"), BERLIN, at(evening))
        assert found.changes_at == at(morning) == at(evening) + hours * HOUR_MS


def test_a_time_that_is_left_out_or_comes_twice_is_one_moment() -> None:
    left_out = calm(quiet(EVERY, "02:30", "04:00"), BERLIN, at("2026-03-29T01:00"))
    assert left_out.changes_at == at("2026-03-29T03:30")
    twice = calm(quiet(EVERY, "02:30", "04:00"), BERLIN, at("2026-10-25T01:00"))
    assert twice.changes_at == at("2026-10-25T02:30", fold=0)


def test_days_that_touch_are_one_time_of_quiet() -> None:
    found = calm(quiet(0b1100000, "00:00", "00:00"), BERLIN, at("2026-12-05T09:00"))
    assert (found.is_quiet, found.changes_at) == (True, at("2026-12-07T00:00"))


def test_always_is_asked_again_after_a_week() -> None:
    found = calm(quiet(EVERY, "08:00", "08:00"), BERLIN, at("2026-12-05T09:00"))
    assert found.is_quiet
    assert found.changes_at == at("2026-12-13T08:00")


def test_silence_adds_to_quiet_hours() -> None:
    settings = NotificationSettings(quiet=QuietHours(EVERY, minutes("22:00"), minutes("07:00")))
    now = at("2026-12-05T21:30")
    until = silent_until("hour", BERLIN, now)
    silent = NotificationSettings(quiet=settings.quiet, silent_until=until)
    assert (calm(settings, BERLIN, now).is_quiet, calm(silent, BERLIN, now).is_quiet) == (False, True)
    assert calm(silent, BERLIN, now).changes_at == at("2026-12-06T07:00")


def test_silence_lasts_an_hour_until_tomorrow_or_no_longer() -> None:
    now = at("2026-12-05T23:30")
    assert silent_until("hour", BERLIN, now) == now + HOUR_MS
    assert silent_until("tomorrow", BERLIN, now) == at("2026-12-06T08:00")
    assert silent_until("over", BERLIN, now) == 0
    with pytest.raises(Invalid):
        silent_until("ever", BERLIN, now)


def test_without_any_it_never_changes() -> None:
    assert calm(NotificationSettings(), "", at("2026-12-05T23:30")).changes_at is None


@pytest.mark.parametrize("zone", ["Nowhere/Land", "Europe", "x" * 300])
def test_a_zone_that_is_gone_or_cannot_be_read_is_that_of_the_world(zone: str) -> None:
    now = at("2026-11-30T23:00", "UTC")
    assert calm(quiet(MONDAY, "22:00", "07:00"), zone, now).is_quiet


@pytest.mark.parametrize("text", ["", "24:00", "7:00", "07:60", "07:00:00", "٠٧:٠٠", "07:00\n", " 07:00"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(Invalid):
        time_of_day("begin", text)


def test_a_time_of_day_comes_back_as_it_went() -> None:
    for text in ("00:00", "07:05", "23:59"):
        assert clock(minutes(time_of_day("begin", text))) == text
