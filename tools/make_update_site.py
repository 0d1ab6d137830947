"""Write ElectrodeJ's update site for Fiji into a folder, or bring the site there up to date.

    .venv/bin/python tools/make_update_site.py dist/update-site

Needs no network. The time of what changed is that of the newest commit (or SOURCE_DATE_EPOCH), so that the
same sources make the same site. docs/fiji.md says how to hand it out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from make_fiji_zip import ROOT, build_wheel

from electrodej import __version__
from electrodej.fiji.layout import planned
from electrodej.fiji.site import stamp_of, write_site

# Set Up Python builds from these; Fiji's updater looks after no folder of a name of ours.
PACKAGE = "lib/electrodej"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: make_update_site.py FOLDER")
    folder = Path(sys.argv[1])
    name, wheel = build_wheel()
    files = {**planned(), f"{PACKAGE}/{name}": wheel}
    files |= {
        f"{PACKAGE}/{lock.name}": lock.read_bytes() for lock in sorted((ROOT / "fiji-locks").glob("*.lock"))
    }
    told = write_site(folder, files, stamp=stamp_of(moment()))
    counts = ", ".join(f"{len(names)} {what}" for what, names in told.items() if names)
    print(f"{folder}: ElectrodeJ {__version__}, {counts}")


def moment() -> int:
    """Return when these sources were made."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
