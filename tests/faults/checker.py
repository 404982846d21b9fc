"""What must hold of a log and of everything its clients were told, whatever happened in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.faults.line import Heard
from tests.faults.recorder import Ear, Listener, Writer, fingerprint

Log = Mapping[str, Sequence[Heard]]
Fault = tuple[str, object]


def violations(writers: Iterable[Writer], listeners: Iterable[Listener], log: Log) -> list[str]:
    """A sentence with a count and an example for each kind of broken promise; empty when all are kept.

    ``log`` is every room read afresh, oldest first, after everybody has fallen silent.
    """
    writers, listeners = list(writers), list(listeners)
    faults = [
        *_log_faults(log),
        *(fault for writer in writers for fault in _writer_faults(writer, log[writer.room])),
        *_strangers(writers, log),
        *(
            (what, f"{listener.name} in {room}: {example}")
            for listener in listeners
            for room, ear in listener.ears.items()
            for what, example in _ear_faults(ear, log[room])
        ),
        *(("heard news before the answer to subscribe", listener.name) for listener in listeners if listener.early),
        *_disagreements(writers, listeners, log),
    ]
    counts, examples = Counter(what for what, _ in faults), dict(reversed(faults))
    return [f"{count} x {what}, the first: {examples[what]}" for what, count in counts.items()]


def _log_faults(log: Log) -> Iterator[Fault]:
    for room, messages in log.items():
        indexes = [message.index for message in messages]
        if indexes != list(range(1, len(messages) + 1)):
            yield "a room's indexes have a hole or a double", f"{room}: {_first_wrong(indexes)}"
        doubled = [version for version, count in Counter(m.version for m in messages).items() if count > 1]
        yield from (("a version belongs to two messages", f"{room}: {version}") for version in doubled)
        keys = Counter((m.username, m.client_id) for m in messages if m.client_id)
        yield from (("a message is stored twice", key) for key, count in keys.items() if count > 1)


def _first_wrong(indexes: Sequence[int]) -> str:
    return next((f"{index} where {place} belongs" for place, index in enumerate(indexes, 1) if index != place), "")


def _writer_faults(writer: Writer, messages: Sequence[Heard]) -> Iterator[Fault]:
    by_key = {message.client_id: message for message in messages if message.client_id in writer.sent}
    by_index = {message.index: message for message in messages}
    for key, answered in writer.answered.items():
        stored = by_key.get(key)
        if stored is None:
            yield "an answered message is not in the log", key
        elif stored.index != answered.index:
            yield "an answered message has another index", f"{key}: {answered.index}, now {stored.index}"
    for index, last in writer.final.items():
        found = by_index.get(index)
        if found is None or fingerprint(found) != fingerprint(last):
            yield "an answered change is not what the log says", f"{writer.name} at {index}: {last}, stored {found}"
    order = [by_key[key].index for key in writer.sent if key in by_key]
    if order != sorted(order):
        yield "a writer's own order is not kept", writer.name
    yield from (("an answer was wrong", sentence) for sentence in writer.wrong)


def _strangers(writers: Sequence[Writer], log: Log) -> Iterator[Fault]:
    sent = {key for writer in writers for key in writer.sent}
    for messages in log.values():
        yield from (("a message is stored that nobody sent", m) for m in messages if m.client_id not in sent)


def _ear_faults(ear: Ear, messages: Sequence[Heard]) -> Iterator[Fault]:
    answers = {at: (top, is_complete) for at, _, top, is_complete in ear.answers}
    least = 0
    for place, version in enumerate(ear.versions):
        if place in answers and not answers[place][1]:
            # Told of a gap: what counts from here on is what the answer says is the top.
            least = answers[place][0]
        if version <= least:
            yield "a change was heard twice or out of order", f"version {version} after {least}"
        least = version
    fresh = {message.index: message for message in messages}
    wrong = [index for index in fresh.keys() | ear.state.keys() if not _is_same(fresh.get(index), ear.state.get(index))]
    if wrong:
        index = min(wrong)
        example = f"{len(wrong)} messages, index {index}: knows {ear.state.get(index)}, the log says {fresh.get(index)}"
        yield "what a client has made of the news is not what a fresh read says", example


def _is_same(one: Heard | None, other: Heard | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other


def _disagreements(writers: Sequence[Writer], listeners: Sequence[Listener], log: Log) -> Iterator[Fault]:
    """A version that meant one thing to one client must mean the same to all, and to the log, for ever."""
    for room, messages in log.items():
        meant = {message.version: fingerprint(message) for message in messages}
        told = [(m.version, fingerprint(m)) for writer in writers if writer.room == room for m in writer.told]
        for ear in (listener.ears[room] for listener in listeners if room in listener.ears):
            told += zip(ear.versions, ear.prints, strict=True)
        for version, said in told:
            if meant.setdefault(version, said) != said:
                yield "one version was heard with two meanings", f"{room}: {version}"
