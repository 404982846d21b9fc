"""A real Chromium, and what every page in it must satisfy whatever the test is about."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Error,
    Page,
    Request,
    Response,
    ViewportSize,
    async_playwright,
    expect,
)

# Half the work of a whole browser, which runs windows that nobody sees.
SHELL: Final = "chromium-headless-shell"
WHOLE: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS: Final = 20_000
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
NARROW: Final[ViewportSize] = {"width": 390, "height": 844}

COLLECT = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', event => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
# Modules are fetched by the first one, and do not hold up the load event.
STANDS: Final = """async () => {
  const app = document.querySelector('script[type=module][src*="/js/app.js"]');
  if (app) await (await import(app.src)).started;
}"""


def chromium(*, is_whole: bool = False) -> str | None:
    """Where a Chromium is on this machine, or None. The shell shows no notifications: ``is_whole`` where they are."""
    named = os.environ.get("CHATAPP_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    candidates = WHOLE if is_whole else (SHELL, *WHOLE)
    return next((found for name in candidates if (found := shutil.which(name))), None)


@asynccontextmanager
async def browsing(executable: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
            # Ours must come back from that cache alive.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            yield browser
        finally:
            await browser.close()


def stand_before_acting(page: Page) -> None:
    """Whoever goes somewhere and does not say what to wait for is there when the scripts are: not even a quick hand is
    quicker than they are, but a test on a busy machine is."""
    for name in ("goto", "reload", "wait_for_url"):
        setattr(page, name, _standing(page, getattr(page, name)))


def _standing(page: Page, goes: Callable[..., Awaitable[Response | None]]) -> Callable[..., Awaitable[Response | None]]:
    async def gone(*where: Any, **how: Any) -> Response | None:
        answer = await goes(*where, **how)
        if "wait_until" not in how:
            # A page that goes on by itself, or whose scripts do not come, is what the test is about.
            with suppress(Error):
                await asyncio.wait_for(page.evaluate(STANDS), PATIENCE_MS / 1000)
        return answer

    return gone


class Guard:
    """Watches a context: requests to other hosts, violations of the content policy, script errors, dialogs."""

    def __init__(self, base_url: str) -> None:
        self.faults: list[str] = []
        self._host = urlsplit(base_url).netloc

    async def watch(self, context: BrowserContext) -> None:
        await context.add_init_script(COLLECT)
        context.on("request", self._note_request)
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        context.on("console", self._note_console)
        context.on("dialog", self._note_dialog)

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.faults.append(f"request to another host: {request.url}")

    def _note_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    async def _note_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def check(self, page: Page) -> None:
        if not page.is_closed():
            self.faults += await page.evaluate("window.__violations || []")
        assert self.faults == [], self.faults
