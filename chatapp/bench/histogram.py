"""Latencies counted in buckets that grow with the value, so that millions take no room and 3 % of precision is kept."""

from __future__ import annotations

from collections import Counter
from typing import Final

BITS: Final = 5


class Histogram:
    """Counts whole microseconds; a bucket is at most 1/32 of its value wide."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.most = 0

    def add(self, microseconds: int, times: int = 1) -> None:
        value = max(0, microseconds)
        self._buckets[_bucket(value)] += times
        self.count += times
        self.most = max(self.most, value)

    def at(self, share: float) -> float:
        """Milliseconds that ``share`` (0 to 1) of the values do not go over; 0 when there are none."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(_top(bucket), self.most) / 1000
        return self.most / 1000


def _bucket(value: int) -> int:
    shift = max(0, value.bit_length() - BITS - 1)
    return (shift << BITS) + (value >> shift)


def _top(bucket: int) -> int:
    """The largest value of a bucket."""
    shift = max(0, (bucket >> BITS) - 1)
    return ((bucket - (shift << BITS) + 1) << shift) - 1
