"""How much of something one person, account or address may do: counters in bounded memory."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Hashable
from functools import lru_cache
from typing import Final, Literal, Protocol

from chatapp.core.clock import Clock
from chatapp.core.errors import RateLimited

REMEMBERED: Final = 50_000
MOST_ADDRESSES: Final = 4096
HOUR_MS: Final = 3_600_000
# What strangers may ask of us an hour: per address, and of mail per mail address.
REQUESTS: Final = 20
MAILS: Final = 5
# How many addresses' worth one account (of logins), or people's worth one address (of sockets and requests), may use.
ADDRESSES: Final = 5
# Right passwords per account, at once and then a minute: each costs a hash, a row and a session.
ENTRIES: Final = 10
# What one person may be refused on sockets, at once and then a minute, before the socket it was said on is closed.
REFUSALS_AT_ONCE: Final = 100
REFUSALS_PER_MINUTE: Final = 60

Talk = Literal["delete", "reaction", "pin", "read", "typing", "command"]
Act = Talk | Literal["membership", "room", "invite", "token", "ticket", "settings", "search", "upload"]
# At once, and per minute. More than anybody does by hand, less than a loop does.
ACTS: Final[dict[Act, tuple[int, int]]] = {
    "delete": (60, 60),
    "reaction": (60, 60),
    "pin": (30, 30),
    "membership": (60, 60),
    "read": (120, 300),
    "typing": (60, 120),
    "room": (20, 10),
    "invite": (20, 10),
    "token": (20, 10),
    "ticket": (60, 60),
    "settings": (30, 30),
    "search": (30, 60),
    "upload": (60, 30),
    # Whatever a socket is told, besides. A page asks for each of its rooms at once, and so does every tab.
    "command": (2000, 1200),
}


class Numbers(Protocol):
    """The settings that say how much; ``limits`` off means without end."""

    @property
    def limits(self) -> bool: ...
    @property
    def message_burst(self) -> int: ...
    @property
    def messages_per_minute(self) -> int: ...
    @property
    def messages_per_minute_in_room(self) -> int: ...
    @property
    def requests_per_minute(self) -> int: ...
    @property
    def upgrades_per_minute(self) -> int: ...
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

    def take(self, key: Hashable, amount: int = 1) -> int:
        """Take so many as soon as there is one, on credit; 0, or the milliseconds until there is one."""
        now = self._clock()
        left = self._left_at(now, key)
        wait = self._until_one(left)
        self._left[key] = (left if wait else left - amount, now)
        self._left.move_to_end(key)
        _forget(self._left)
        return wait

    def wait(self, key: Hashable) -> int:
        """Milliseconds until there is one; 0 when there is."""
        return self._until_one(self._left_at(self._clock(), key))

    def _until_one(self, left: float) -> int:
        return 0 if left >= 1 else max(1, round((1 - left) / self._per_ms))

    def _left_at(self, now: int, key: Hashable) -> float:
        left, at = self._left.get(key, (float(self._burst), now))
        # A clock set back must not empty the bucket.
        return min(self._burst, left + max(0, now - at) * self._per_ms)


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
        if key in self._events:
            # Asked about counts as used: a flood of other names must not push out what is being guessed at.
            self._events.move_to_end(key)
        now = self._clock()
        # Events from the future are those of a clock that has been set back since.
        while events and not now - self._window < events[0] <= now:
            events.popleft()
        return events


class Limits:
    """All counters of this process; ``limits`` off switches every one of them off."""

    def __init__(self, numbers: Numbers, clock: Clock) -> None:
        window = numbers.login_window_seconds * 1000
        self._is_on = numbers.limits
        self._messages = Bucket(numbers.message_burst, numbers.messages_per_minute, clock)
        self._in_room = Bucket(numbers.message_burst, numbers.messages_per_minute_in_room, clock)
        self._acts = {act: Bucket(*rate, clock) for act, rate in ACTS.items()}
        per_minute = numbers.requests_per_minute
        self._asks = Bucket(per_minute, per_minute, clock)
        self._asks_from = Bucket(ADDRESSES * per_minute, ADDRESSES * per_minute, clock)
        per_minute = numbers.upgrades_per_minute
        self._upgrades = Bucket(per_minute, per_minute, clock)
        self._upgrades_from = Bucket(ADDRESSES * per_minute, ADDRESSES * per_minute, clock)
        self._refusals = Bucket(REFUSALS_AT_ONCE, REFUSALS_PER_MINUTE, clock)
        self._logins = Window(numbers.login_tries, window, clock)
        self._noted = Window(1, HOUR_MS, clock)
        self._accounts = Window(numbers.login_tries * ADDRESSES, HOUR_MS, clock)
        self._entries = Bucket(ENTRIES, ENTRIES, clock)
        self._entries_from = Bucket(ADDRESSES * ENTRIES, ADDRESSES * ENTRIES, clock)
        self._requests = Window(REQUESTS, HOUR_MS, clock)
        self._mails = Window(MAILS, HOUR_MS, clock)

    def message(self, person_id: int, room_id: int) -> None:
        """Count one. Raises ``RateLimited``."""
        if not self._is_on:
            return
        wait = self._messages.take(person_id) or self._in_room.take((person_id, room_id))
        self._refuse(wait, "You are sending messages too fast.")

    def act(self, act: Act, person_id: int) -> None:
        """Count something a person does that costs a write or reaches others. Raises ``RateLimited``."""
        if self._is_on:
            self._refuse(self._acts[act].take(person_id))

    def ask(self, person_id: int | None, address: str) -> None:
        """Count an HTTP request: of a person, or of the strangers at an address (None). Raises ``RateLimited``."""
        is_stranger = person_id is None
        self._refuse(self._asks_from.take(network(address)) if is_stranger else self._asks.take(person_id))

    def upgrade(self, person_id: int, address: str) -> int:
        """Count a socket about to be opened; the seconds to wait, 0 for go ahead."""
        wait = self._refusals.wait(person_id) or self._upgrades.take(person_id)
        wait = wait or self._upgrades_from.take(network(address))
        return _seconds(wait) if self._is_on else 0

    def refusal(self, person_id: int) -> bool:
        """Count what a person was refused on a socket; False when it was one too many."""
        return not self._refusals.take(person_id) or not self._is_on

    def request(self, kind: str, address: str) -> None:
        """Count something a stranger asks for that costs mail or an account. Raises ``RateLimited``."""
        key = (kind, network(address))
        self._refuse(self._requests.wait(key) if address else 0)
        self._requests.count(key)

    def mail(self, kind: str, email: str) -> bool:
        """Count a mail a stranger has us send; False when that address has had enough of that kind for now."""
        key = (kind, email)
        is_free = not self._is_on or not self._mails.wait(key)
        if is_free:
            self._mails.count(key)
        return is_free

    def login(self, account: Hashable, address: str = "", device: str = "") -> int:
        """Count one try before the password is looked at; the seconds to wait, 0 for go ahead.

        Counted beforehand, or many tries at once would all find the counter low. A refused try is not counted, nor
        one that finds no place in the line of hashes (:meth:`login_not_looked_at`). A device the account has logged
        in from has tries of its own, so that nobody can lock the owner out. For all others an address has the usual
        number per window, and all addresses together five times that per hour: an account has two names, so at most
        100 guesses an hour are looked at. Who knows the password is slowed down too: see :meth:`login_succeeded`.
        """
        keys = _login_keys(account, address, device)
        wait = max(self._logins.wait(key) for key in keys)
        wait = max(wait, self._entries.wait(account), self._entries_from.wait(network(address)) if address else 0)
        if not device:
            wait = max(wait, self._accounts.wait(account))
        if not self._is_on or wait:
            return _seconds(wait) if self._is_on else 0
        for key in keys:
            self._logins.count(key)
        if not device:
            self._accounts.count(account)
        return 0

    def login_not_looked_at(self, account: Hashable, address: str = "", device: str = "") -> None:
        """Take back a try that was let through here and refused before its password was looked at."""
        for key in _login_keys(account, address, device):
            self._logins.uncount(key)
        if not device:
            self._accounts.uncount(account)

    def login_is_news(self, account: Hashable, address: str = "") -> bool:
        """Whether a refused login is the first of an hour, of that account and of that address."""
        keys = [("account", account), *([("address", network(address))] if address else [])]
        is_news = not any(self._noted.wait(key) for key in keys)
        for key in keys if is_news else ():
            self._noted.count(key)
        return is_news

    def login_succeeded(self, account: Hashable, address: str = "", device: str = "") -> None:
        """Forget the failures here and take back this one try everywhere else; guesses from elsewhere stay counted.

        The success itself counts: ten at once and ten a minute per account, five times that per address.
        """
        self._entries.take(account)
        if address:
            self._entries_from.take(network(address))
        mine, *others = _login_keys(account, address, device)
        self._logins.clear(mine)
        for other in others:
            self._logins.uncount(other)
        if not device:
            self._accounts.uncount(account)

    def _refuse(self, wait_ms: int, sentence: str = "") -> None:
        if self._is_on and wait_ms:
            raise RateLimited(sentence, retry_after=_seconds(wait_ms))


# Asked several times of every request.
@lru_cache(MOST_ADDRESSES)
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


def _login_keys(account: Hashable, address: str, device: str) -> list[Hashable]:
    if device:
        return [("device", device)]
    where = network(address)
    return [("account", account, where), *([("address", where)] if address else [])]


def _seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)


def _forget(counters: OrderedDict[Hashable, tuple[float, int]] | OrderedDict[Hashable, deque[int]]) -> None:
    while len(counters) > REMEMBERED:
        counters.popitem(last=False)
