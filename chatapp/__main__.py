"""``python -m chatapp``, and the command ``chatapp``."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


def main() -> None:
    """Import the command line, and run it."""
    # What imports make stays: looking for garbage among it would take a tenth of a start.
    gc.disable()
    with _no_certificates():
        from chatapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


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
