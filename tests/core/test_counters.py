"""What one process counts another hears of, and goes by."""

from __future__ import annotations

from typing import Any

import pytest

from chatapp.core.counters import HELD_MS, Bucket, Key, Places, Window
from chatapp.core.limits import MOST_STEPS, Limits
from chatapp.settings import Settings
from tests.support.time import SettableClock

SETTINGS = Settings(login_tries=3, sockets_per_person=8, sockets_per_address=16)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def couple(clock: SettableClock) -> tuple[Limits, Limits]:
    """Two processes that hear each other at once."""
    one, other = (Limits(SETTINGS, clock, b"of both") for _ in range(2))
    for here, there in ((one, other), (other, one)):

        def held(name: str, key: Key, count: int, here: Limits = here, there: Limits = there) -> None:
            there.held_elsewhere(f"{id(here)}", name, key, count)

        here.share(there.taken_elsewhere, held)
    return one, other


def tell(one: Limits, other: Limits) -> None:
    for step in one.steps():
        other.stepped_elsewhere(*step)


def test_what_is_taken_is_told_by_the_eighth(clock: SettableClock) -> None:
    told: list[Any] = []
    bucket = Bucket(24, 60, clock)
    bucket.tell = lambda key, amount: told.append((key, amount))
    for _ in range(7):
        bucket.take("ada")
    assert told == [("ada", 3), ("ada", 3)]


def test_what_is_refused_is_not_told(clock: SettableClock) -> None:
    told: list[Any] = []
    bucket = Bucket(1, 60, clock)
    bucket.tell = lambda key, amount: told.append((key, amount))
    assert [bucket.take("ada") > 0 for _ in range(3)] == [False, True, True]
    assert told == [("ada", 1)]


def test_a_bucket_emptied_elsewhere_is_empty_here_and_debt_is_bounded(clock: SettableClock) -> None:
    bucket = Bucket(10, 60, clock)
    bucket.taken_elsewhere("ada", 1000)
    assert bucket.wait("ada") == 11_000
    assert bucket.wait("grace") == 0


def test_in_the_long_run_two_processes_let_through_as_much_as_one(clock: SettableClock) -> None:
    one, other = couple(clock)
    sent, seconds = 0, 600
    for _ in range(seconds):
        clock.passes(seconds=1)
        for process in (one, other):
            for _ in range(3):
                sent += not _refused(process, room=sent)
    assert sent <= SETTINGS.messages_per_minute / 60 * seconds + 2 * SETTINGS.message_burst
    assert sent >= SETTINGS.messages_per_minute / 60 * seconds * 0.9


def _refused(process: Limits, room: int) -> bool:
    try:
        process.message(1, room)
    except Exception:
        return True
    return False


def test_a_try_counts_everywhere_and_a_success_gives_it_back(clock: SettableClock) -> None:
    one, other = couple(clock)
    for _ in range(3):
        assert one.login("ada", "192.0.2.1") == 0
    assert other.login_wait("ada", "192.0.2.1") == 0
    tell(one, other)
    assert other.login_wait("ada", "192.0.2.1") == 180
    assert other.login_wait("ada", "192.0.2.2") == 0
    one.login_succeeded("ada", "192.0.2.1")
    tell(one, other)
    assert other.login_wait("ada", "192.0.2.1") == 0


def test_whose_try_it_was_is_not_told(clock: SettableClock) -> None:
    one, _ = couple(clock)
    one.login("a password in the wrong field", "192.0.2.1")
    one.mail("reset", "ada@example.org")
    steps = one.steps()
    assert len(steps) == 4
    assert not [word for word in ("password", "192.0.2.1", "ada") if word in repr(steps)]
    stranger = Limits(SETTINGS, clock, b"another")
    stranger.share(lambda *_: None, lambda *_: None)
    stranger.login("a password in the wrong field", "192.0.2.1")
    assert not {key for _, _, key, _ in stranger.steps()} & {key for _, _, key, _ in steps}


def test_a_clock_that_is_ahead_elsewhere_blocks_nobody_for_longer(clock: SettableClock) -> None:
    window = Window(1, 1000, clock)
    window.stepped_elsewhere("count", "ada", clock() + 60_000)
    assert window.wait("ada") == 1000
    clock.passes(seconds=1)
    assert window.wait("ada") == 0


def test_what_waits_to_be_told_is_bounded(clock: SettableClock) -> None:
    one, _ = couple(clock)
    for number in range(MOST_STEPS):
        one.mail("reset", f"{number}")
        one.mail("verify", f"{number}")
    assert len(one.steps()) == MOST_STEPS


def test_places_held_elsewhere_count_here_until_they_are_given_back(clock: SettableClock) -> None:
    one, other = couple(clock)
    for _ in range(5):
        one.sockets.take(1)
    for _ in range(3):
        assert not other.sockets.is_full(1)
        other.sockets.take(1)
    assert other.sockets.is_full(1)
    assert one.sockets.is_full(1)
    assert not other.sockets.is_full(2)
    for _ in range(5):
        one.sockets.give_back(1)
    assert not other.sockets.is_full(1)
    assert list(one.sockets.worth_telling()) == []


def test_places_of_a_process_that_is_no_more_are_free_after_a_while(clock: SettableClock) -> None:
    places = Places(2, clock)
    places.held_elsewhere("killed", 1, 1)
    places.held_elsewhere("alive", 1, 1)
    assert places.is_full(1)
    clock.passes(seconds=HELD_MS / 2000)
    places.held_elsewhere("alive", 1, 1)
    clock.passes(seconds=HELD_MS / 2000)
    assert not places.is_full(1)
    places.forget_silent()
    assert list(places._elsewhere) == [1]
    clock.passes(seconds=HELD_MS / 2000)
    places.forget_silent()
    assert not places._elsewhere


def test_one_who_holds_little_is_not_spoken_of(clock: SettableClock) -> None:
    told: list[Any] = []
    places = Places(16, clock)
    places.tell = lambda key, count: told.append((key, count))
    places.take("ada")
    assert told == []
    places.take("ada")
    places.give_back("ada")
    places.give_back("ada")
    assert told == [("ada", 2), ("ada", 0)]


def test_limits_that_are_off_are_not_spoken_of(clock: SettableClock) -> None:
    told: list[Any] = []
    one = Limits(Settings(limits=False), clock)
    one.share(lambda *said: told.append(said), lambda *said: told.append(said))
    for _ in range(100):
        one.message(1, 1)
        one.sockets.take(1)
    assert told == []


def test_what_another_version_counts_is_nobodys_business(clock: SettableClock) -> None:
    one, _ = couple(clock)
    one.taken_elsewhere("of tomorrow", 1, 1)
    one.held_elsewhere("process", "of tomorrow", 1, 1)
    one.stepped_elsewhere("of tomorrow", "count", "ada", clock())
