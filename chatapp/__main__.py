"""``python -m chatapp``, and the command ``chatapp``."""

import gc


def main() -> None:
    """Import the command line, and run it."""
    # What imports make stays: looking for garbage among it would take a tenth of a start.
    gc.disable()
    from chatapp import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
