"""What an installation of the core takes on disk, package by package, against a limit of 1 GB.

A new environment is made and ElectrodeJ installed in it by pip, which compiles every module. All files are
counted that pip says it has put there; pip itself, which every Python brings, is not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1e9  # bytes
SHOWN = 12
COUNT = """
import json
from importlib.metadata import distributions

sizes = {}
for package in distributions():
    files = [package.locate_file(file) for file in package.files or ()]
    if package.name not in ("pip", "setuptools"):
        sizes[package.name] = sum(file.stat().st_size for file in files if file.is_file())
print(json.dumps(sizes))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extras", default="", metavar="A,B", help="measure with these extras, too")
    options = parser.parse_args()
    sizes = installed(f"{ROOT}[{options.extras}]" if options.extras else str(ROOT))
    largest = sorted(sizes, key=lambda name: -sizes[name])
    for name in largest[:SHOWN]:
        print(f"{name:<22}{sizes[name] / 1e6:7.1f} MB")
    print(f"{f'{len(sizes) - SHOWN} others':<22}{sum(sizes[name] for name in largest[SHOWN:]) / 1e6:7.1f} MB")
    total = sum(sizes.values())
    print(f"{'together':<22}{total / 1e6:7.1f} MB   {total / LIMIT:.3f} of the limit of {LIMIT / 1e6:.0f} MB")
    return 0 if total < LIMIT else 1


def installed(what: str) -> dict[str, int]:
    """Return the bytes that pip puts into a new environment for this, by package."""
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        python = Path(place, "Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", what], check=True)
        counted = subprocess.run([python, "-c", COUNT], check=True, stdout=subprocess.PIPE)
    sizes: dict[str, int] = json.loads(counted.stdout)
    return sizes


if __name__ == "__main__":
    sys.exit(main())
