"""Write what Set Up Python in Fiji fetches: for each kind of computer the wheels of a Python.

    .venv/bin/python tools/make_fiji_locks.py

Needs uv on the PATH, and the package index. Each file of ``fiji-locks`` names every wheel with its checksum,
and in its first line how many bytes they have together; nothing is ever built. The versions are those of
``requirements.lock``, but for a Mac with an Intel processor, where some have no wheel any more: there the
newest that do. A file that cannot be made, such as training on such a Mac, is left out and named.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "fiji-locks"
PYTHON = "3.11"
# What Fiji's folder names and uv's are.
PLATFORMS = {
    "windows": "windows",
    "macos-intel": "x86_64-apple-darwin",
    "macos-arm": "aarch64-apple-darwin",
    "linux": "linux",
}
# Beside what ElectrodeJ needs in any case: the worker, the ROI files and Explain Damage; then what trains.
EXTRAS = {"light": ("damage",), "training": ("damage", "train")}
MORE = ("appose>=0.9", "roifile>=2024.9.15")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for kind in EXTRAS:
        for name, platform in PLATFORMS.items():
            target = FOLDER / f"{name}-{kind}.lock"
            found = resolved(kind, platform) or resolved(kind, platform, newest=True)
            if found is None:
                target.unlink(missing_ok=True)
                print(f"{target.name}: there are no wheels for this")
                continue
            target.write_text(written(found), encoding="utf-8")
            print(f"{target.name}: {target.read_text(encoding='utf-8').splitlines()[0]}")


def resolved(kind: str, platform: str, *, newest: bool = False) -> list[dict[str, object]] | None:
    """Return the packages for a platform, with the versions of the lock; None where some have no wheel."""
    with tempfile.TemporaryDirectory() as place:
        out, more, limits = (Path(place, name) for name in ("pylock.toml", "more.in", "limits.txt"))
        more.write_text("\n".join(MORE), encoding="utf-8")
        limits.write_text("" if newest else _versions(), encoding="utf-8")
        extras = [word for extra in EXTRAS[kind] for word in ("--extra", extra)]
        words = [
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--only-binary",
            ":all:",
            "--no-header",
            "--format",
            "pylock.toml",
        ]
        words += [
            "--python-version",
            PYTHON,
            "--python-platform",
            platform,
            "--constraints",
            str(limits),
            *extras,
        ]
        words += [str(ROOT / "pyproject.toml"), str(more), "--output-file", str(out)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode:
            print(
                done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "uv failed", file=sys.stderr
            )
            return None
        packages: list[dict[str, object]] = tomllib.loads(out.read_text(encoding="utf-8"))["packages"]
    return packages


def _versions() -> str:
    """Return the lock without its checksums, which uv takes as limits."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removesuffix(" \\") for line in lines if re.match(r"[A-Za-z0-9]", line))


def written(packages: list[dict[str, object]]) -> str:
    """Return the file: the bytes of all wheels, then a line for each."""
    total, lines = 0, []
    for package in sorted(packages, key=lambda each: str(each["name"])):
        (wheel,) = package["wheels"][:1]  # type: ignore[index]
        total += int(wheel["size"])
        lines.append(f"{package['name']}=={package['version']} --hash=sha256:{wheel['hashes']['sha256']}")
    return "\n".join([f"# bytes: {total}", *lines, ""])


if __name__ == "__main__":
    main()
