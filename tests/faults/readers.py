"""A client program of its own, so that it can be stopped: many sockets that hear one room and read all they get.

``python -m tests.faults.readers PORT TOKEN COUNT`` says "ready" once all have subscribed.
"""

from __future__ import annotations

import asyncio
import sys

from tests.faults.line import Line


async def main(port: int, token: str, count: int) -> None:
    lines = [await Line.open(port, token) for _ in range(count)]
    for line in lines:
        line.send("subscribe", room="general", ref=1, limit=0)
        while (await line.receive()).ref != 1:
            pass
    print("ready", flush=True)
    await asyncio.gather(*(_reads(line) for line in lines))


async def _reads(line: Line) -> None:
    while True:
        await line.receive()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
