"""What the command does before it runs: little, and nothing that stays."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

ON_THE_WAY_OUT: Final = """
import atexit, os, sys
from chatapp.__main__ import main

def tell():
    from aiohttp import connector
    print(os.environ["SSL_CERT_FILE"], os.environ.get("SSL_CERT_DIR"))
    print(connector._SSL_CONTEXT_VERIFIED.cert_store_stats()["x509"])

atexit.register(tell)
sys.argv[1:] = ["version"]
main()
"""


def test_a_start_leaves_the_search_for_garbage_on() -> None:
    asking = "import gc; from chatapp import __main__, cli; cli.main = lambda: print(gc.isenabled()); __main__.main()"
    said = subprocess.run([sys.executable, "-c", asking], check=True, timeout=30, capture_output=True).stdout
    assert said == b"True\n"


def test_a_start_reads_no_certificates_and_leaves_alone_where_they_are() -> None:
    environ = {**os.environ, "SSL_CERT_FILE": "/of/the/operator"}
    environ.pop("SSL_CERT_DIR", None)
    argv = [sys.executable, "-c", ON_THE_WAY_OUT]
    said = subprocess.run(argv, check=True, timeout=30, capture_output=True, env=environ, text=True).stdout
    assert said.splitlines()[1:] == ["/of/the/operator None", "0"]
