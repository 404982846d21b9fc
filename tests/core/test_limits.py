"""Counters that slow down who does too much, and only them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatapp.core import counters as counting
from chatapp.core import limits
from chatapp.core.counters import Bucket, Window
from chatapp.core.errors import RateLimited
from chatapp.core.limits import Act, Limits, network
from chatapp.settings import Settings
from tests.support.time import SettableClock

SETTINGS = Settings(message_burst=3, messages_per_minute=60, login_tries=3, login_window_seconds=180)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def counters(clock: SettableClock) -> Limits:
    return Limits(SETTINGS, clock)


def waits(count: Callable[[], object], times: int) -> list[int]:
    """Do it that often; what each had to wait, 0 for those that passed."""
    found = []
    for _ in range(times):
        try:
            count()
            found.append(0)
        except RateLimited as refusal:
            found.append(refusal.retry_after or -1)
    return found


def test_a_burst_passes_and_then_one_a_second(counters: Limits, clock: SettableClock) -> None:
    assert waits(lambda: counters.message(1, 7), 4) == [0, 0, 0, 1]
    clock.passes(seconds=1)
    assert waits(lambda: counters.message(1, 7), 2) == [0, 1]


def test_one_persons_flood_is_not_anothers(counters: Limits) -> None:
    assert waits(lambda: counters.message(1, 7), 4)[-1] > 0
    assert waits(lambda: counters.message(2, 7), 1) == [0]


def test_one_room_takes_less_of_a_person_than_all_rooms_together(clock: SettableClock) -> None:
    counters = Limits(replace(SETTINGS, messages_per_minute=600, messages_per_minute_in_room=60), clock)
    assert waits(lambda: counters.message(1, 7), 3) == [0, 0, 0]
    clock.passes(seconds=0.5)
    assert waits(lambda: counters.message(1, 7), 1) == [1]
    assert waits(lambda: counters.message(1, 8), 1) == [0]


@pytest.mark.parametrize("act", limits.ACTS)
def test_every_act_has_a_burst_and_a_pace_of_its_own(counters: Limits, clock: SettableClock, act: Act) -> None:
    burst, per_minute = limits.ACTS[act]
    assert waits(lambda: counters.act(act, 1), burst + 1)[-2:] == [0, math.ceil(60 / per_minute)]
    assert waits(lambda: counters.act(act, 2), 1) == [0]
    clock.passes(minutes=1)
    assert waits(lambda: counters.act(act, 1), burst + 1).count(0) == min(burst, per_minute)


def test_sockets_are_opened_at_a_pace_per_person_and_per_address(clock: SettableClock) -> None:
    counters = Limits(replace(SETTINGS, upgrades_per_minute=6), clock)
    assert [counters.upgrade(1, "192.0.2.1") for _ in range(7)] == [0] * 6 + [10]
    assert [counters.upgrade(person, "192.0.2.1") for person in range(2, 27)].count(0) == 24
    assert counters.upgrade(99, "192.0.2.2") == 0
    clock.passes(seconds=10)
    assert counters.upgrade(1, "192.0.2.2") == 0


def test_who_was_refused_too_much_opens_no_socket_until_more_may_be_refused(
    counters: Limits, clock: SettableClock
) -> None:
    assert [counters.refusal(1) for _ in range(101)] == [True] * 100 + [False]
    assert (counters.upgrade(1, "192.0.2.1"), counters.upgrade(2, "192.0.2.1")) == (1, 0)
    assert counters.refusal(2)
    clock.passes(seconds=1)
    assert counters.upgrade(1, "192.0.2.1") == 0
    assert [counters.refusal(1) for _ in range(2)] == [True, False]


def test_what_is_taken_on_credit_is_waited_for(clock: SettableClock) -> None:
    bucket = Bucket(10, 60, clock)
    assert (bucket.take("a", 9), bucket.take("a", 5), bucket.take("a", 5)) == (0, 0, 5000)
    clock.passes(seconds=5)
    assert bucket.take("a", 5) == 0


def test_a_long_silence_saves_up_no_more_than_a_burst(counters: Limits, clock: SettableClock) -> None:
    clock.passes(days=1)
    assert waits(lambda: counters.message(1, 7), 4).count(0) == 3


def test_a_clock_set_back_neither_empties_nor_fills_the_bucket(clock: SettableClock) -> None:
    bucket = Bucket(2, 60, clock)
    bucket.take("a")
    clock.passes(days=-3)
    assert bucket.take("a") == 0
    assert bucket.take("a") > 0


def test_failed_logins_of_an_account_are_limited_wherever_they_come_from(counters: Limits) -> None:
    assert [counters.login("ada", f"192.0.2.{n}") for n in range(17)] == [0] * 15 + [3600] * 2


def test_who_is_guessed_at_still_logs_in_from_a_known_browser(counters: Limits) -> None:
    for n in range(100):
        counters.login("ada", f"192.0.2.{n}")
    assert counters.login("ada", "192.0.2.200") > 0
    assert [counters.login("ada", "192.0.2.1", "laptop") for _ in range(4)] == [0, 0, 0, 180]
    assert counters.login("ada", "192.0.2.1", "phone") == 0


def test_the_owners_logins_give_a_guesser_no_new_tries(counters: Limits) -> None:
    for n in range(15):
        counters.login("ada", f"192.0.2.{n}")
    assert counters.login("ada", "192.0.2.99", "laptop") == 0
    counters.login_succeeded("ada", "192.0.2.99", "laptop")
    assert counters.login("ada", "192.0.2.98") > 0


def test_right_passwords_of_one_account_are_limited_too(counters: Limits, clock: SettableClock) -> None:
    def enters(name: str, address: str, device: str = "") -> int:
        wait = counters.login(name, address, device)
        if not wait:
            counters.login_succeeded(name, address, device)
        return wait

    assert [enters("eve", f"192.0.2.{n}", f"browser {n}") for n in range(12)] == [0] * 10 + [6] * 2
    assert enters("ada", "192.0.2.1") == 0
    clock.passes(seconds=6)
    assert [enters("eve", "192.0.2.1") for _ in range(2)] == [0, 6]
    assert [enters(f"person{n}", "192.0.2.77") for n in range(60)].count(0) == 50


def test_one_stranger_locks_nobody_out(counters: Limits) -> None:
    assert [counters.login("ada", "192.0.2.1") for _ in range(20)] == [0, 0, 0, *[180] * 17]
    assert counters.login("ada", "192.0.2.2") == 0


def test_failed_logins_from_an_address_are_limited_whomever_they_try(counters: Limits) -> None:
    assert [counters.login(name, "192.0.2.1") for name in ("ada", "grace", "linus", "alan")] == [0, 0, 0, 180]
    assert counters.login("alan", "192.0.2.2") == 0


def test_the_wait_ends_when_the_first_try_leaves_the_window(counters: Limits, clock: SettableClock) -> None:
    for _ in range(3):
        counters.login("ada")
        clock.passes(seconds=10)
    assert counters.login("ada") == 150
    clock.passes(seconds=150)
    assert counters.login("ada") == 0


def test_trying_while_refused_does_not_prolong_the_wait(counters: Limits, clock: SettableClock) -> None:
    for _ in range(50):
        counters.login("ada")
    clock.passes(seconds=180)
    assert counters.login("ada") == 0


def test_a_success_clears_this_place_and_costs_the_address_nothing(counters: Limits) -> None:
    assert [counters.login("ada", "192.0.2.1") for _ in range(2)] == [0, 0]
    for _ in range(9):
        assert counters.login("grace", "192.0.2.1") == 0
        counters.login_succeeded("grace", "192.0.2.1")
    assert counters.login("ada", "192.0.2.1") == 0
    assert counters.login("grace", "192.0.2.1") > 0


def test_one_customers_whole_ipv6_network_counts_as_one_address() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::1")
    assert network("::ffff:192.0.2.7") == network("192.0.2.7") == "192.0.2.7"


@pytest.mark.parametrize("address", ["", "unknown", "2001:db8::1%eth0", "x" * 5000])
def test_an_address_of_any_form_is_counted_somehow(address: str) -> None:
    assert len(network(address)) <= 64


def test_what_strangers_ask_for_is_limited_by_address(counters: Limits) -> None:
    assert waits(lambda: counters.request("reset", "192.0.2.1"), limits.REQUESTS + 1) == [0] * limits.REQUESTS + [3600]
    assert waits(lambda: counters.request("register", "192.0.2.1"), 1) == [0]
    assert waits(lambda: counters.request("reset", "192.0.2.2"), 1) == [0]


def test_one_mail_address_gets_so_many_mails_whoever_asks(counters: Limits) -> None:
    assert [counters.mail("reset", "ada@example.org") for _ in range(limits.MAILS + 1)] == [True] * limits.MAILS + [
        False
    ]
    assert counters.mail("reset", "grace@example.org")
    assert counters.mail("taken", "ada@example.org")


def test_requests_are_counted_by_person_and_those_of_strangers_by_address(clock: SettableClock) -> None:
    counters = Limits(replace(SETTINGS, requests_per_minute=60), clock)
    assert waits(lambda: counters.ask(1, "192.0.2.1"), 61) == [0] * 60 + [1]
    assert waits(lambda: counters.ask(2, "192.0.2.1"), 1) == [0]
    assert waits(lambda: counters.ask(None, "192.0.2.1"), 301) == [0] * 300 + [1]
    assert waits(lambda: counters.ask(None, "192.0.2.2"), 1) == [0]
    clock.passes(seconds=1)
    assert waits(lambda: counters.ask(1, "192.0.2.1"), 2) == [0, 1]


def test_off_means_off(clock: SettableClock) -> None:
    counters = Limits(replace(SETTINGS, limits=False), clock)
    for _ in range(999):
        counters.message(1, 7)
        counters.request("x", "::1")
        counters.ask(1, "::1")
        assert counters.refusal(1)
        for act in limits.ACTS:
            counters.act(act, 1)
        assert counters.login("ada", "::1") == counters.upgrade(1, "::1") == 0
        assert counters.mail("reset", "ada@example.org")


def test_memory_is_bounded_whatever_names_are_tried(clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "REMEMBERED", 10)
    bucket, window = Bucket(1, 1, clock), Window(1, 1000, clock)
    for name in range(100):
        bucket.take(name)
        window.count(f"{name}")
    assert [name for name in range(100) if window.wait(f"{name}")] == list(range(90, 100))
    assert bucket.take(99) > 0
    assert bucket.take(0) == 0


def test_other_names_do_not_push_out_one_that_is_being_tried(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "REMEMBERED", 10)
    window = Window(1, 1000, clock)
    window.count("ada")
    for name in range(100):
        window.count(f"{name}")
        assert window.wait("ada")


def test_events_from_the_future_of_a_clock_set_back_block_nobody(clock: SettableClock) -> None:
    window = Window(1, 1000, clock)
    window.count("a")
    clock.passes(days=-1)
    assert window.wait("a") == 0
