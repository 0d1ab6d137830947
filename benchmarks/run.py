"""Run every benchmark, or those named: ``python benchmarks/run.py startup reading``.

Each is a program of its own that prints its figures as ratios against a peer or a limit in the same run,
because absolute times mean little on a shared machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# These need a picture of the user's own, or are parts of others.
NOT_BENCHMARKS = {"run", "phantom_look"}


def main(wanted: list[str]) -> int:
    programs = sorted(path for path in FOLDER.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    unknown = set(wanted) - {path.stem for path in programs}
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed = []
    for path in programs:
        if wanted and path.stem not in wanted:
            continue
        print(f"\n== {path.stem}", flush=True)
        if subprocess.run([sys.executable, str(path)], check=False).returncode:
            failed.append(path.stem)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
