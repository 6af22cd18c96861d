"""``python -m joey`` is the ``joey`` command."""

from joey.cli import main

if __name__ == "__main__":
    main()
