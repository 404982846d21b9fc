"""The floor: one frame written to N sockets by asyncio, with no library, no login and no store above it."""

import asyncio
import json
import os
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

rooms = defaultdict(list)
PAST = [{"id": n, "author": "guest", "content": "the quick brown fox", "at": 0} for n in range(50)]


def frame(text):
    payload = text.encode()
    head = bytes((0x81, len(payload))) if len(payload) < 126 else b"\x81\x7e" + len(payload).to_bytes(2, "big")
    return head + payload


HISTORY = frame(json.dumps({"history": PAST}))
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


class Socket(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.room, self.data = transport, None, b""

    def connection_lost(self, error):
        if self.room is not None:
            rooms[self.room].remove(self.transport)

    def data_received(self, data):
        self.data += data
        if self.room is None:
            if b"\r\n\r\n" not in self.data:
                return
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            self.room = parse_qs(urlsplit(head.split()[1].decode()).query)["room"][0]
            self.transport.write(ANSWER + HISTORY)
            rooms[self.room].append(self.transport)
        # The generator's frames: one length in two or four bytes, and a mask of zeros.
        while len(self.data) > 6:
            size, start = self.data[1] & 0x7F, 6
            if size == 126:
                size, start = int.from_bytes(self.data[2:4], "big"), 8
            if len(self.data) < start + size:
                return
            asked, self.data = json.loads(self.data[start : start + size]), self.data[start + size :]
            self.say(asked)

    def say(self, asked):
        news = frame(json.dumps({"messages": [{"id": 0, "author": "guest", "content": asked["send"], "at": 0}]}))
        for transport in rooms[self.room]:
            transport.write(news)
        self.transport.write(frame(json.dumps({"ref": asked["ref"], "ok": True, "id": 0})))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Socket, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    await server.serve_forever()


asyncio.run(main())
