"""What a running process holds, as Linux counts it, and what is read off a list of durations."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path


def descriptors(pid: int) -> int:
    """All that it has open."""
    return sum(1 for _ in _links(pid))


def sockets(pid: int) -> int:
    """Those that are sockets: the one it listens on, and its connections."""
    return sum(link.startswith("socket:") for link in _links(pid))


def visitors(pid: int, port: int) -> int:
    """Those of its sockets that are at this port: without its connections to a database."""
    own = set(_links(pid))
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    # A line may be there twice: the table changes while it is read, with every connection of the machine.
    here = {line.split()[9] for line in lines if int(line.split()[1][-4:], 16) == port}
    return sum(f"socket:[{inode}]" in own for inode in here)


def children(pid: int) -> list[int]:
    """The processes it has started, by id."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_mib(pid: int) -> float:
    """Memory in use now, in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _links(pid: int) -> Iterator[str]:
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # Closed while we look.
        with contextlib.suppress(FileNotFoundError):
            yield str(path.readlink())


def p99(seconds: Sequence[float]) -> float:
    """What 99 of 100 did not exceed."""
    return sorted(seconds)[max(0, -(-len(seconds) * 99 // 100) - 1)]
