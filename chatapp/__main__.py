"""``python -m chatapp``, and the command ``chatapp``."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STDERR: Final = 2


def main() -> None:
    """Import the command line, and run it."""
    _open_streams()
    # What imports make stays: looking for garbage among it would take a tenth of a start.
    gc.disable()
    with _no_certificates():
        from chatapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


def _open_streams() -> None:
    """Of the three streams those that were closed lead nowhere. The next file, the database perhaps, would have the
    descriptor of one, and libuv ends a process that closes such a file."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(STDERR, "w")


@contextmanager
def _no_certificates() -> Iterator[None]:
    """aiohttp reads all that this machine trusts when it is imported, for clients that are told nothing else: another
    tenth of a start. Ours are told (``tests/test_dangerous.py``). OpenSSL takes the places from these variables."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    given = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in given.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


if __name__ == "__main__":
    main()
