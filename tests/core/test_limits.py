"""Counters that slow down who does too much, and only them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatapp.core import limits
from chatapp.core.limits import Bucket, Limits, Window, network
from chatapp.settings import Settings
from tests.support.time import SettableClock

SETTINGS = Settings(message_burst=3, messages_per_minute=60, login_tries=3, login_window_seconds=180)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def counters(clock: SettableClock) -> Limits:
    return Limits(SETTINGS, clock)


def test_a_burst_passes_and_then_one_a_second(counters: Limits, clock: SettableClock) -> None:
    assert [counters.message(1) for _ in range(4)] == [0, 0, 0, 1]
    clock.passes(seconds=1)
    assert [counters.message(1) for _ in range(2)] == [0, 1]


def test_one_persons_flood_is_not_anothers(counters: Limits) -> None:
    assert [counters.message(1) for _ in range(4)][-1] > 0
    assert counters.message(2) == 0


def test_a_long_silence_saves_up_no_more_than_a_burst(counters: Limits, clock: SettableClock) -> None:
    clock.passes(days=1)
    assert [bool(counters.message(1)) for _ in range(4)] == [False, False, False, True]


def test_a_clock_set_back_neither_empties_nor_fills_the_bucket(clock: SettableClock) -> None:
    bucket = Bucket(2, 60, clock)
    bucket.take("a")
    clock.passes(days=-3)
    assert bucket.take("a") == 0
    assert bucket.take("a") > 0


def test_failed_logins_of_an_account_are_limited_wherever_they_come_from(counters: Limits) -> None:
    assert [counters.login("ada", f"192.0.2.{n}") for n in range(31)] == [0] * 30 + [180]


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


def test_a_success_clears_the_account_and_costs_the_address_nothing(counters: Limits) -> None:
    assert [counters.login("ada", "192.0.2.1") for _ in range(2)] == [0, 0]
    for _ in range(10):
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
    assert not any(counters.request("reset", "192.0.2.1") for _ in range(limits.REQUESTS))
    assert counters.request("reset", "192.0.2.1") > 0
    assert counters.request("register", "192.0.2.1") == 0
    assert counters.request("reset", "192.0.2.2") == 0


def test_off_means_off(clock: SettableClock) -> None:
    counters = Limits(replace(SETTINGS, limits=False), clock)
    assert not any(
        counters.message(1) or counters.login("ada", "::1") or counters.request("x", "::1") for _ in range(99)
    )


def test_memory_is_bounded_whatever_names_are_tried(clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 10)
    bucket, window = Bucket(1, 1, clock), Window(1, 1000, clock)
    for name in range(100):
        bucket.take(name)
        window.count(name)
    assert [name for name in range(100) if window.wait(name)] == list(range(90, 100))
    assert bucket.take(99) > 0
    assert bucket.take(0) == 0


def test_events_from_the_future_of_a_clock_set_back_block_nobody(clock: SettableClock) -> None:
    window = Window(1, 1000, clock)
    window.count("a")
    clock.passes(days=-1)
    assert window.wait("a") == 0
