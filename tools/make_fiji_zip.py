"""Make the archive for people who only drag ElectrodeJ into their Fiji folder.

It has the layout of a Fiji folder: scripts, macros, models, colours, and in electrodej/ the wheel and the
locks from which Plugins > ElectrodeJ > Set Up Python builds a Python. ``electrodej fiji uninstall`` takes it
away.

    .venv/bin/python tools/make_fiji_zip.py dist/electrodej-fiji.zip
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from electrodej import __version__
from electrodej.fiji.layout import MANIFEST, OWN_FOLDER, planned
from electrodej.files import whole_file

ROOT = Path(__file__).resolve().parent.parent
_DATE = (1980, 1, 1, 0, 0, 0)
# What a Fiji has itself, and what it may have from other people: neither is taken away again.
_FOLDERS_OF_FIJI = ("jars", "luts", "macros", "scripts", "scripts/Plugins")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: make_fiji_zip.py OUT.zip")
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    files = contents(build_wheel(), ROOT / "fiji-locks")
    with whole_file(out, force=True) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    print(f"{out}: {len(files)} files for ElectrodeJ {__version__}")


def contents(wheel: tuple[str, bytes], locks: Path) -> dict[str, bytes]:
    """Return everything in the archive, the manifest for ``electrodej fiji uninstall`` included."""
    files = planned()
    files[f"{OWN_FOLDER}/{wheel[0]}"] = wheel[1]
    files |= {f"{OWN_FOLDER}/{lock.name}": lock.read_bytes() for lock in sorted(locks.glob("*.lock"))}
    folders = {parent.as_posix() for name in files for parent in Path(name).parents} - {
        ".",
        *_FOLDERS_OF_FIJI,
    }
    manifest = {
        "electrodej": __version__,
        "files": {name: [hashlib.sha256(data).hexdigest()] for name, data in sorted(files.items())},
        "folders": sorted(folders),
    }
    return {**files, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}


def build_wheel() -> tuple[str, bytes]:
    """Build the wheel with what the project's environment has, without the network."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.name, wheel.read_bytes()


if __name__ == "__main__":
    main()
