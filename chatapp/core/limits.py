"""How much of something one person, account or address may do: counters in bounded memory."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Final, Protocol

from chatapp.core.clock import Clock

REMEMBERED: Final = 50_000
REQUESTS: Final = 20
ADDRESSES: Final = 10
REQUESTS_WINDOW_MS: Final = 3_600_000


class Numbers(Protocol):
    """The settings that say how much; ``limits`` off means without end."""

    @property
    def limits(self) -> bool: ...
    @property
    def message_burst(self) -> int: ...
    @property
    def messages_per_minute(self) -> int: ...
    @property
    def login_tries(self) -> int: ...
    @property
    def login_window_seconds(self) -> int: ...


class Bucket:
    """A token bucket per key: ``burst`` at once, then ``per_minute``, evenly."""

    def __init__(self, burst: int, per_minute: int, clock: Clock) -> None:
        self._burst = burst
        self._per_ms = per_minute / 60_000
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def take(self, key: Hashable) -> int:
        """Take one; 0, or the milliseconds until there is one."""
        now = self._clock()
        left, at = self._left.get(key, (float(self._burst), now))
        # A clock set back must not empty the bucket.
        left = min(self._burst, left + max(0, now - at) * self._per_ms)
        is_free = left >= 1
        self._left[key] = (left - 1 if is_free else left, now)
        self._left.move_to_end(key)
        _forget(self._left)
        return 0 if is_free else max(1, round((1 - left) / self._per_ms))


class Window:
    """At most ``most`` events per key in any ``window_ms`` milliseconds."""

    def __init__(self, most: int, window_ms: int, clock: Clock) -> None:
        self._most = most
        self._window = window_ms
        self._clock = clock
        self._events: OrderedDict[Hashable, deque[int]] = OrderedDict()

    def wait(self, key: Hashable) -> int:
        """Milliseconds until one more fits; 0 when it fits now."""
        events = self._recent(key)
        return events[0] + self._window - self._clock() if len(events) >= self._most else 0

    def count(self, key: Hashable) -> None:
        events = self._recent(key)
        events.append(self._clock())
        self._events[key] = events
        self._events.move_to_end(key)
        _forget(self._events)

    def uncount(self, key: Hashable) -> None:
        """Take back the newest event."""
        events = self._events.get(key)
        if events:
            events.pop()

    def clear(self, key: Hashable) -> None:
        self._events.pop(key, None)

    def _recent(self, key: Hashable) -> deque[int]:
        events = self._events.get(key, deque())
        now = self._clock()
        # Events from the future are those of a clock that has been set back since.
        while events and not now - self._window < events[0] <= now:
            events.popleft()
        return events


class Limits:
    """All counters of this process. Each question answers in whole seconds to wait, 0 for go ahead."""

    def __init__(self, numbers: Numbers, clock: Clock) -> None:
        window = numbers.login_window_seconds * 1000
        self._is_on = numbers.limits
        self._messages = Bucket(numbers.message_burst, numbers.messages_per_minute, clock)
        self._logins = Window(numbers.login_tries, window, clock)
        self._accounts = Window(numbers.login_tries * ADDRESSES, window, clock)
        self._requests = Window(REQUESTS, REQUESTS_WINDOW_MS, clock)

    def message(self, person_id: int) -> int:
        return _seconds(self._messages.take(person_id)) if self._is_on else 0

    def login(self, account: Hashable, address: str = "") -> int:
        """Count one try by this account and address before its password is looked at.

        Counted beforehand, or many tries at once would all find the counter low. A refused try is not
        counted. Of one account, an address has the usual number and all addresses together ten times that:
        guessing stays slow, and a single stranger locks nobody else out.
        """
        if not self._is_on:
            return 0
        wait = max(self._accounts.wait(account), *(self._logins.wait(key) for key in _login_keys(account, address)))
        if not wait:
            self._accounts.count(account)
            for key in _login_keys(account, address):
                self._logins.count(key)
        return _seconds(wait)

    def login_succeeded(self, account: Hashable, address: str = "") -> None:
        """Clear the account's failures and take back this one try of the address."""
        mine, *others = _login_keys(account, address)
        self._accounts.clear(account)
        self._logins.clear(mine)
        for other in others:
            self._logins.uncount(other)

    def request(self, kind: str, address: str) -> int:
        """Count something a stranger asks for that costs mail or an account: at most 20 an hour per address."""
        return self._take(self._requests, [(kind, network(address))] if address else [])

    def _take(self, window: Window, keys: list[Hashable]) -> int:
        if not self._is_on:
            return 0
        wait = max((window.wait(key) for key in keys), default=0)
        if not wait:
            for key in keys:
                window.count(key)
        return _seconds(wait)


def network(address: str) -> str:
    """An address as a counter sees it: of IPv6 the /64, all of which one customer has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))


def _login_keys(account: Hashable, address: str) -> list[Hashable]:
    where = network(address)
    return [("account", account, where), *([("address", where)] if address else [])]


def _seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)


def _forget(counters: OrderedDict[Hashable, tuple[float, int]] | OrderedDict[Hashable, deque[int]]) -> None:
    while len(counters) > REMEMBERED:
        counters.popitem(last=False)
