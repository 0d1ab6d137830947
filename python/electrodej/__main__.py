"""``python -m electrodej`` is the command line."""

import sys

from electrodej.cli import main

if __name__ == "__main__":
    sys.exit(main())
