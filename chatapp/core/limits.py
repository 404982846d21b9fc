"""How much of something one person, account or address may do: counters, shared with the other processes."""

from __future__ import annotations

import hmac
import ipaddress
from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final, Literal

from chatapp.core.clock import Clock
from chatapp.core.counters import Bucket, Key, Places, Step, Window
from chatapp.core.errors import RateLimited
from chatapp.core.language import _
from chatapp.core.numbers import Numbers

# Of steps that wait to be told; what finds no place others do not count.
MOST_STEPS: Final = 1000
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
Duty = Literal["membership", "room", "invite", "token", "ticket", "settings", "upload"]
Act = Talk | Duty | Literal["completion", "search", "slow_search"]
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
    # One for each letter typed of a name.
    "completion": (60, 240),
    "search": (30, 60),
    # Each may go through two hundred thousand messages.
    "slow_search": (5, 10),
    "upload": (60, 30),
    # Whatever a socket is told, besides. A page asks for each of its rooms at once, and so does every tab.
    "command": (2000, 1200),
}


class Limits:
    """All counters of this process; ``limits`` off switches every one of them off.

    By ``secret`` who guesses and asks is told to other processes without being named.
    """

    def __init__(self, numbers: Numbers, clock: Clock, secret: bytes = b"") -> None:
        self.is_on = numbers.limits
        self._clock = clock
        self._secret = secret
        self._steps: deque[tuple[str, Step, str, int]] = deque(maxlen=MOST_STEPS)
        self._messages = Bucket(numbers.message_burst, numbers.messages_per_minute, clock)
        self._in_room = Bucket(numbers.message_burst, numbers.messages_per_minute_in_room, clock)
        self._acts = {act: Bucket(*rate, clock) for act, rate in ACTS.items()}
        self._asks, self._asks_from = _paces(numbers.requests_per_minute, clock)
        self._upgrades, self._upgrades_from = _paces(numbers.upgrades_per_minute, clock)
        self._entries, self._entries_from = _paces(ENTRIES, clock)
        self._refusals = Bucket(REFUSALS_AT_ONCE, REFUSALS_PER_MINUTE, clock)
        self._logins = Window(numbers.login_tries, numbers.login_window_seconds * 1000, clock)
        self._noted = Window(1, HOUR_MS, clock)
        self._accounts = Window(numbers.login_tries * ADDRESSES, HOUR_MS, clock)
        self._requests = Window(REQUESTS, HOUR_MS, clock)
        self._mails = Window(MAILS, HOUR_MS, clock)
        self.sockets = Places(numbers.sockets_per_person, clock)
        self.sockets_from = Places(numbers.sockets_per_address, clock)

    def message(self, person_id: int, room_id: int) -> None:
        """Count one. Raises ``RateLimited``."""
        if not self.is_on:
            return
        wait = self._messages.take(person_id) or self._in_room.take((person_id, room_id))
        self._refuse(wait, _("You are sending messages too fast."))

    def act(self, act: Act, person_id: int) -> None:
        """Count something a person does that costs a write or reaches others. Raises ``RateLimited``."""
        if self.is_on:
            self._refuse(self._acts[act].take(person_id))

    def ask(self, person_id: int | None, address: str) -> None:
        """Count an HTTP request: of a person, or of the strangers at an address (None). Raises ``RateLimited``."""
        self._refuse(self._asks_from.take(network(address)) if person_id is None else self._asks.take(person_id))

    def upgrade(self, person_id: int, address: str) -> int:
        """Count a socket about to be opened; the seconds to wait, 0 for go ahead."""
        wait = self._refusals.wait(person_id) or self._upgrades.take(person_id)
        wait = wait or self._upgrades_from.take(network(address))
        return _seconds(wait) if self.is_on else 0

    def refusal(self, person_id: int) -> bool:
        """Count what a person was refused on a socket; False when it was one too many."""
        return not self._refusals.take(person_id) or not self.is_on

    def request(self, kind: str, address: str) -> None:
        """Count something a stranger asks for that costs mail or an account. Raises ``RateLimited``."""
        self.check_request(kind, address)
        self._requests.count(self._sealed(kind, network(address)))

    def check_request(self, kind: str, address: str) -> None:
        """Refuse it without counting it. Raises ``RateLimited``."""
        self._refuse(self._requests.wait(self._sealed(kind, network(address))) if address else 0)

    def mail(self, kind: str, email: str) -> bool:
        """Count a mail a stranger has us send; False when that address has had enough of that kind for now."""
        key = self._sealed(kind, email)
        is_free = not self.is_on or not self._mails.wait(key)
        if is_free:
            self._mails.count(key)
        return is_free

    def login_wait(self, account: int | str, address: str = "", device: str = "") -> int:
        """The seconds until a try would be let through; 0 for now."""
        wait = max(self._logins.wait(key) for key in self._login_keys(account, address, device))
        wait = max(wait, self._entries.wait(account), self._entries_from.wait(network(address)) if address else 0)
        if not device:
            wait = max(wait, self._accounts.wait(self._sealed(account)))
        return _seconds(wait) if self.is_on else 0

    def login(self, account: int | str, address: str = "", device: str = "") -> int:
        """Count one try before the password is looked at; the seconds to wait, 0 for go ahead.

        Counted beforehand, or many tries at once would all find the counter low. A refused try is not counted, nor
        one that finds no place in the line of hashes (:meth:`login_not_looked_at`). A device the account has logged
        in from has tries of its own, so that nobody can lock the owner out. For all others an address has the usual
        number per window, and all addresses together five times that per hour: an account has two names, so at most
        100 guesses an hour are looked at. Who knows the password is slowed down too: see :meth:`login_succeeded`.
        """
        wait = self.login_wait(account, address, device)
        if not self.is_on or wait:
            return wait
        for key in self._login_keys(account, address, device):
            self._logins.count(key)
        if not device:
            self._accounts.count(self._sealed(account))
        return 0

    def login_not_looked_at(self, account: int | str, address: str = "", device: str = "") -> None:
        """Take back a try that was let through here and refused before its password was looked at."""
        for key in self._login_keys(account, address, device):
            self._logins.uncount(key)
        if not device:
            self._accounts.uncount(self._sealed(account))

    def login_is_news(self, account: int | str, address: str = "") -> bool:
        """Whether a refused login is the first of an hour, of that account and of that address."""
        keys = [self._sealed("account", account)]
        if address:
            keys.append(self._sealed("address", network(address)))
        is_news = not any(self._noted.wait(key) for key in keys)
        for key in keys if is_news else ():
            self._noted.count(key)
        return is_news

    def login_succeeded(self, account: int | str, address: str = "", device: str = "") -> None:
        """Forget the failures here and take back this one try everywhere else; guesses from elsewhere stay counted.

        The success itself counts: ten at once and ten a minute per account, five times that per address.
        """
        self._entries.take(account)
        if address:
            self._entries_from.take(network(address))
        mine, *others = self._login_keys(account, address, device)
        self._logins.clear(mine)
        for other in others:
            self._logins.uncount(other)
        if not device:
            self._accounts.uncount(self._sealed(account))

    # With other processes

    def share(self, taken: Callable[[str, Key, int], None], held: Callable[[str, Key, int], None]) -> None:
        """From now on call these with what is worth telling: the counter's name, the key, and how much was taken, or
        how many are held. Steps of windows wait for :meth:`steps`."""
        if self.is_on:
            for name, bucket in self._buckets().items():
                bucket.tell = partial(taken, name)
            for name, places in self.places().items():
                places.tell = partial(held, name)
            for name, window in self._windows().items():
                window.tell = partial(self._step, name)

    def steps(self) -> tuple[tuple[str, Step, str, int], ...]:
        """What windows have counted since the last time: name, step, key, moment."""
        found = tuple(self._steps)
        self._steps.clear()
        return found

    def taken_elsewhere(self, name: str, key: Key, amount: int) -> None:
        if bucket := self._buckets().get(name):
            bucket.taken_elsewhere(key, amount)

    def held_elsewhere(self, process: str, name: str, key: Key, count: int) -> None:
        if places := self.places().get(name):
            places.held_elsewhere(process, key, count)

    def stepped_elsewhere(self, name: str, step: Step, key: str, at: int) -> None:
        if window := self._windows().get(name):
            window.stepped_elsewhere(step, key, at)

    def places(self) -> dict[str, Places]:
        return {"socket": self.sockets, "socket from": self.sockets_from}

    def _buckets(self) -> dict[str, Bucket]:
        return {
            "message": self._messages,
            "message in room": self._in_room,
            "refusal": self._refusals,
            "ask": self._asks,
            "ask from": self._asks_from,
            "entry": self._entries,
            "entry from": self._entries_from,
            "upgrade": self._upgrades,
            "upgrade from": self._upgrades_from,
            **{f"act {name}": bucket for name, bucket in self._acts.items()},
        }

    def _windows(self) -> dict[str, Window]:
        return {
            "login": self._logins,
            "account": self._accounts,
            "noted": self._noted,
            "request": self._requests,
            "mail": self._mails,
        }

    def _step(self, name: str, step: Step, key: str) -> None:
        self._steps.append((name, step, key, self._clock()))

    def _login_keys(self, account: int | str, address: str, device: str) -> list[str]:
        if device:
            return [self._sealed("device", device)]
        where = network(address)
        mine = self._sealed("account", account, where)
        return [mine, self._sealed("address", where)] if address else [mine]

    def _sealed(self, *whose: int | str) -> str:
        """People type passwords into the wrong field, and these keys leave the process."""
        return hmac.digest(self._secret, repr(whose).encode(), "sha256").hex()

    def _refuse(self, wait_ms: int, sentence: str = "") -> None:
        if self.is_on and wait_ms:
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


def _paces(per_minute: int, clock: Clock) -> tuple[Bucket, Bucket]:
    """Of one person or account, and of an address."""
    several = ADDRESSES * per_minute
    return Bucket(per_minute, per_minute, clock), Bucket(several, several, clock)


def _seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)
