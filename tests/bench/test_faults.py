"""The load generator sees what a server does wrong: nothing it reports means anything otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chatapp.bench import frames
from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.dialects import Plain
from chatapp.bench.errors import Refused
from chatapp.bench.histogram import Histogram
from chatapp.bench.marks import MARK, Faults
from tests.bench.liar import Liar, Mangle, running, server_frame

LISTENERS = 5
SEATS = [Seat("token", "general")] * LISTENERS
MESSAGES = 20
PATIENCE = 0.1
UNLUCKY = 3
DONE = -1


def faults_of(liar: Liar, speakers: int = 1) -> Faults:
    """Twenty messages at a steady rate to five sockets, of which the first speak in turns."""
    with running(liar) as address, Crowd(address, Plain()) as crowd:
        crowd.join(SEATS)
        crowd.begin(crowd.clients[:speakers], is_timed=False)
        crowd.steadily(rate=200, seconds=MESSAGES / 200)
        crowd.finish(PATIENCE)
        assert crowd.short_histories == (0 if liar.history == 50 else LISTENERS)
        return crowd.settle()


def only(who: int, wrong: Mangle) -> Mangle:
    """Wrong for one subscriber, right for the others."""
    return lambda liar, ear, number, frame: wrong(liar, ear, number, frame) if ear == who else [frame]


def loses(_liar: Liar, _who: int, number: int, frame: bytes) -> list[bytes]:
    return [] if number == 5 else [frame]


def doubles(_liar: Liar, _who: int, number: int, frame: bytes) -> list[bytes]:
    return [frame, frame] if number == 5 else [frame]


def repeats_an_old_one(liar: Liar, who: int, number: int, frame: bytes) -> list[bytes]:
    liar.kept.setdefault(who, frame)
    return [frame, liar.kept[who]] if number == 9 else [frame]


def swaps(liar: Liar, who: int, number: int, frame: bytes) -> list[bytes]:
    """Message 5 comes after 6."""
    if number == 5:
        liar.kept[who] = frame
        return []
    return [frame, liar.kept[who]] if number == 6 else [frame]


def swaps_two_speakers(liar: Liar, who: int, _number: int, frame: bytes) -> list[bytes]:
    """The first message that follows one of the other speaker comes before that."""
    before = liar.kept.get(who)
    if DONE in liar.kept:
        return [frame]
    if before is None or speaker(before) == speaker(frame):
        liar.kept[who] = frame
        return [before] if before else []
    liar.kept[DONE] = b""
    return [frame, before]


def speaker(frame: bytes) -> bytes:
    found = MARK.search(frame)
    assert found
    return found[2]


def test_an_honest_server_has_no_faults() -> None:
    assert str(faults_of(Liar())) == "none"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (loses, Faults(lost=1)),
        (doubles, Faults(doubled=1)),
        (repeats_an_old_one, Faults(doubled=1)),
        (swaps, Faults(disordered=1)),
    ],
    ids=["loss", "double", "old double", "disorder"],
)
@pytest.mark.parametrize("who", [0, UNLUCKY, LISTENERS - 1])
def test_what_goes_wrong_for_one_is_counted_once(wrong: Mangle, expected: Faults, who: int) -> None:
    assert faults_of(Liar(only(who, wrong))) == expected


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [(loses, Faults(lost=LISTENERS)), (doubles, Faults(doubled=LISTENERS)), (swaps, Faults(disordered=LISTENERS))],
    ids=["loss", "double", "disorder"],
)
def test_what_goes_wrong_for_all_is_counted_for_each(wrong: Mangle, expected: Faults) -> None:
    assert faults_of(Liar(wrong)) == expected


def test_two_who_see_the_same_room_in_different_orders_is_disorder() -> None:
    assert faults_of(Liar(only(UNLUCKY, swaps_two_speakers)), speakers=2) == Faults(disordered=2)


def test_the_last_messages_that_never_come_are_lost() -> None:
    ends_early = only(UNLUCKY, lambda _liar, _who, number, frame: [frame] if number <= MESSAGES - 3 else [])
    assert faults_of(Liar(ends_early)) == Faults(lost=3)


def test_the_same_messages_in_other_frames_are_no_fault() -> None:
    def pings(_liar: Liar, _who: int, number: int, frame: bytes) -> list[bytes]:
        return [server_frame(b"alive?", frames.PING), frame] if number % 4 == 0 else [frame]

    assert str(faults_of(Liar(only(UNLUCKY, pings)))) == "none"


def test_everybody_who_is_pinged_answers() -> None:
    """Also at the same place of what all hear; who does not is given up after a heartbeat and a half."""

    def pings(_liar: Liar, _who: int, number: int, frame: bytes) -> list[bytes]:
        return [frame, server_frame(b"alive?", frames.PING)] if number == 4 else [frame]

    liar = Liar(pings)
    assert str(faults_of(liar)) == "none"
    assert liar.pongs == LISTENERS


def test_a_refused_message_is_a_fault() -> None:
    assert faults_of(Liar(is_ok=False)).refused == MESSAGES


def test_a_history_that_is_too_short_is_noticed() -> None:
    faults_of(Liar(history=49))


def test_a_socket_that_is_dropped_is_a_fault() -> None:
    def drops(liar: Liar, who: int, number: int, frame: bytes) -> list[bytes]:
        if number == 5:
            liar.ears[who].abort()
        return [frame]

    found = faults_of(Liar(only(UNLUCKY, drops)))
    assert found.dropped_sockets == 1
    assert found.lost == MESSAGES - 4


def test_who_is_not_let_in_is_told_what_the_server_said() -> None:
    liar = Liar(greeting=b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with running(liar) as address, Crowd(address, Plain()) as crowd, pytest.raises(Refused, match="403 Forbidden"):
        crowd.join(SEATS)


# What is late is seen, whoever was late.

RATE = 100
STALL = 0.4
TIMED = round(2 * STALL * RATE)


def latencies_of(liar: Liar, on_turn: Callable[[Crowd], None] = lambda _: None) -> Histogram:
    with running(liar) as address, Crowd(address, Plain(), lambda: on_turn(crowd)) as crowd:
        crowd.join(SEATS)
        crowd.begin(crowd.clients[:2], is_timed=True)
        crowd.steadily(RATE, seconds=2 * STALL)
        crowd.finish()
        found = Histogram()
        for stream in crowd.streams():
            stream.latencies(found, crowd.start)
        assert str(crowd.settle()) == "none"
    assert found.count == TIMED * LISTENERS
    return found


def is_late(found: Histogram) -> bool:
    """Half of the time was lost: the first to be due in it waited for nearly all of it, four tenths for a part."""
    return found.at(0.99) > 900 * STALL and found.at(0.6) > 100 * STALL


def test_a_server_that_stands_still_makes_all_late_that_were_due_meanwhile() -> None:
    assert is_late(latencies_of(Liar(stalls_at=10, stall_seconds=STALL)))


def test_a_generator_that_stands_still_does_not_hide_it() -> None:
    stood = False

    def stand_still_once(crowd: Crowd) -> None:
        nonlocal stood
        if not stood and sum(client.posted for client in crowd.clients) >= 5:
            stood = True
            threading.Event().wait(STALL)

    assert is_late(latencies_of(Liar(), stand_still_once))


def test_who_gets_other_frames_is_timed_as_well() -> None:
    def pings(_liar: Liar, _who: int, number: int, frame: bytes) -> list[bytes]:
        return [server_frame(b"alive?", frames.PING), frame] if number == 3 else [frame]

    assert latencies_of(Liar(only(UNLUCKY, pings))).count == TIMED * LISTENERS
