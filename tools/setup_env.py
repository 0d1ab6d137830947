"""Make the project's environment: .venv at the root, holding exactly what requirements.lock pins.

Needs nothing but Python 3.11 or newer; uses uv where it is installed, because it is quicker. Run again,
it does nothing as long as the lock and pyproject.toml are unchanged.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
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
        f"setting up {ENVIRONMENT.name} from {LOCK.name} (once; a few minutes with pip, less with uv)",
        flush=True,
    )
    uv = shutil.which("uv")
    if uv:
        install_with_uv(uv)
    else:
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


def install_with_uv(uv: str) -> None:
    run(uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, str(ENVIRONMENT))
    target = ["--python", str(python())]
    run(uv, "pip", "install", "--quiet", "--require-hashes", *target, "--requirements", str(LOCK))
    run(
        uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *target, "--editable", str(ROOT)
    )


def install_with_pip() -> None:
    venv.EnvBuilder(clear=True, with_pip=True).create(ENVIRONMENT)
    pip = [str(python()), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--require-hashes", "--requirement", str(LOCK))
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"setting up the environment failed at: {' '.join(command)}")


if __name__ == "__main__":
    main()
