"""Make the project's environment: .venv at the root, holding exactly what requirements.lock pins.

Needs nothing but Python 3.11 or newer. Run again, it does nothing as long as the lock and pyproject.toml are
unchanged.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / "installed-from"


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            f"ElectrodeJ needs Python 3.11 or newer and this is {sys.version.split()[0]}; "
            "run make with PYTHON=/path/to/a/newer/python"
        )
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and python().exists():
        return
    print(
        f"setting up {ENVIRONMENT.name} from {LOCK.name} (once; a minute or a few)",
        flush=True,
    )
    uv = shutil.which("uv")
    if not (uv and install_with_uv(uv)):
        install_with_pip()
    STAMP.write_text(wanted)


def fingerprint() -> str:
    """Return what the environment depends on, in one word."""
    digest = hashlib.sha256()
    for part in (LOCK, ROOT / "pyproject.toml"):
        digest.update(part.read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def python() -> Path:
    """Return the environment's interpreter."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install_with_uv(uv: str) -> bool:
    """Install with a uv that is on the machine, or say that it did not work."""
    made = attempt(uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, str(ENVIRONMENT))
    return made and fill_with_uv(uv)


def fill_with_uv(uv: str) -> bool:
    install = (uv, "pip", "install", "--quiet", "--python", str(python()))
    return attempt(*install, "--require-hashes", "--requirements", str(LOCK)) and attempt(
        *install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)
    )


def install_with_pip() -> None:
    """Install with pip alone; it first brings the locked uv, which does the rest many times as fast."""
    venv.EnvBuilder(clear=True, with_pip=True).create(ENVIRONMENT)
    pip = (
        str(python()),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--require-hashes",
    )
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(locked("uv"))
        if attempt(*pip, "--requirement", str(only_uv)) and fill_with_uv(str(python().with_name("uv"))):
            return
    # uv knows nothing of pip's settings, such as a mirror; pip itself does.
    if not attempt(*pip, "--requirement", str(LOCK)):
        sys.exit("installing what requirements.lock pins failed; the lines above say why")
    if not attempt(*pip[:-1], "--no-deps", "--no-build-isolation", "--editable", str(ROOT)):
        sys.exit("installing ElectrodeJ itself failed; the lines above say why")


def locked(package: str) -> str:
    """Return the lines of the lock that pin one package."""
    lines = LOCK.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def attempt(*command: str) -> bool:
    """Run a command and say whether it worked."""
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    main()
