"""What a page costs somebody who has nothing of it yet: the bytes that came, and what moved before their eyes."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import Page

PAINTED: Final = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
# How far what was drawn was moved without anybody's doing (Layout Instability API), from the first of it on, and what.
SHIFTS: Final = """
window.__shifts = [];
new PerformanceObserver(list => {
  for (const { hadRecentInput, sources, value } of list.getEntries()) {
    if (!hadRecentInput) window.__shifts.push([value, sources.map(({ node }) => node?.outerHTML ?? node?.textContent)]);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""


class FirstView:
    """Listens to one page from before its first request; ``sizes`` is in bytes, heads included, by path."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.is_subscribed = False
        self.subscribed_at = 0.0
        self._began_at = 0.0
        self._paths: dict[str, str] = {}
        self._waiting: set[str] = set()

    async def watch(self, page: Page, *, latency_ms: int = 0, bytes_per_second: int = -1) -> None:
        session = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._note_request)
        session.on("Network.loadingFinished", self._note_end)
        session.on("Network.loadingFailed", lambda event: self._waiting.discard(event["requestId"]))
        session.on("Network.webSocketFrameReceived", self._note_frame)
        await session.send("Network.enable")
        if latency_ms:
            line = {"downloadThroughput": bytes_per_second, "uploadThroughput": bytes_per_second}
            await session.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency_ms, **line})

    @property
    def total(self) -> int:
        return sum(self.sizes.values())

    @property
    def is_complete(self) -> bool:
        return self.is_subscribed and not self._waiting

    def _note_request(self, event: dict[str, Any]) -> None:
        self._began_at = self._began_at or event["timestamp"]
        self._paths[event["requestId"]] = event["request"]["url"].split("/", 3)[-1]
        self._waiting.add(event["requestId"])

    def _note_end(self, event: dict[str, Any]) -> None:
        path = self._paths[event["requestId"]]
        self.sizes[path] = self.sizes.get(path, 0) + int(event["encodedDataLength"])
        self._waiting.discard(event["requestId"])

    def _note_frame(self, event: dict[str, Any]) -> None:
        data = event["response"]["payloadData"]
        self.sizes["ws"] = self.sizes.get("ws", 0) + len(data.encode())
        if '"ref":' in data and not self.is_subscribed:
            self.is_subscribed = True
            self.subscribed_at = (event["timestamp"] - self._began_at) * 1000
