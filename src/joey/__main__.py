"""``python -m joey`` is the ``joey`` command, and so is the script that an installer writes."""

import sys

__all__ = ["run"]


def run() -> None:
    """Run one command; Ctrl-C ends it with 130 from the first import on."""
    try:
        from joey.cli import main  # noqa: PLC0415 (it takes a moment, in which Ctrl-C is quiet too)

        main()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
