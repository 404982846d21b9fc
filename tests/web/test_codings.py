"""Which coding an answer has: the best one that both sides know."""

from __future__ import annotations

import gzip
import importlib.util
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, make_mocked_request

from chatapp.web import packing
from chatapp.web.packing import coding
from tests.support.cast import Actor
from tests.support.needs import lacking
from tests.web.raw import ask


@pytest.fixture
def brotli() -> Any:
    if not importlib.util.find_spec("brotli"):
        lacking("Brotli (the extra speed)")
    return importlib.import_module("brotli")


def request(accepted: str) -> Any:
    return make_mocked_request("GET", "/", headers={"Accept-Encoding": accepted} if accepted else {})


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("BR;q=0.1, gzip;q=1.0", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br ; q=0.000,GZIP", "gzip"),
        ("brotli, abr", ""),
        ("gzip;q=0", ""),
        ("identity", ""),
        ("", ""),
        (",;,;q=,=", ""),
    ],
)
def test_the_best_coding_the_client_takes(brotli: Any, accepted: str, chosen: str) -> None:
    assert coding(request(accepted)) == chosen


def test_without_brotli_it_is_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_brotli", None)
    assert coding(request("br, gzip")) == "gzip"
    assert coding(request("br")) == ""


@pytest.mark.parametrize("site", ["none", "cross-site"])
async def test_a_page_with_brotli_is_the_same_page(
    brotli: Any, client: TestClient[Any, Any], ada: Actor, site: str
) -> None:
    said = f"Sec-Fetch-Site: {site}".encode()
    answer = await ask(client, b"GET /login HTTP/1.1", b"Accept-Encoding: br, gzip", said)
    # What a foreign page can make a browser ask for is as long as it is, whatever the coding (BREACH).
    assert ("Content-Encoding: br" in answer.head) is (site == "none")
    assert b"</html>" in (brotli.decompress(answer.body) if site == "none" else answer.body)


async def test_a_file_with_brotli_is_the_same_file_and_smaller(
    brotli: Any, client: TestClient[Any, Any], ada: Actor
) -> None:
    page = await ask(client, b"GET /login HTTP/1.1")
    found_files = re.findall(rb"/static/\w+/(?:app\.css|icons/favicon\.svg)", page.body)
    assert len(found_files) == 2
    for found in found_files:
        line = b"GET " + found + b" HTTP/1.1"
        zipped = await ask(client, line, b"Accept-Encoding: gzip")
        for _ in range(2):
            small = await ask(client, line, b"Accept-Encoding: gzip, br")
            assert "Content-Encoding: br" in small.head
            assert brotli.decompress(small.body) == gzip.decompress(zipped.body)
            assert len(small.body) < len(zipped.body)
