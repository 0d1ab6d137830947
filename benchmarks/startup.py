"""How long the command line takes to start, against Python importing numpy.

Limit: `electrodej --help` at most three times the time of `python -c "import numpy"`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
LIMIT = 3.0
PROGRAM = str(Path(sys.executable).with_name("electrodej"))
COMMANDS = {
    "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
    "electrodej --help": [PROGRAM, "--help"],
    "electrodej phantom --help": [PROGRAM, "phantom", "--help"],
    "electrodej measure --help": [PROGRAM, "measure", "--help"],
}


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(ROUNDS + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            # The first round warms the file cache.
            if number:
                times[name].append(time.perf_counter() - start)
    peer = statistics.median(times["python -c 'import numpy'"])
    for name, values in times.items():
        median = statistics.median(values)
        print(
            f"{name:<28} {1000 * median:7.0f} ms   {median / peer:5.2f} x numpy's import (limit {LIMIT:.0f})"
        )


if __name__ == "__main__":
    main()
