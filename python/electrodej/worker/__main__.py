"""``python -m electrodej.worker``, which Fiji's scripts start."""

import sys

from electrodej.worker.service import serve

if __name__ == "__main__":
    sys.exit(serve())
