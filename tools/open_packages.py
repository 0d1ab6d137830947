"""Open packages for bioimage.io in `bioimageio.core`, and see that their ONNX reproduces their test images.

    python tools/open_packages.py my-model.bioimage.io.zip [...]

The library brings much that ElectrodeJ has no use for, so that it gets an environment of its own
(``--environment``, made the first time). Ends with 1 where a package does not pass.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

# bioimageio.spec 0.5.12, which bioimageio.core 0.11 asks for, does not run with a newer pydantic.
PACKAGES = ("bioimageio.core", "pydantic<2.12", "onnxruntime")
OPEN = """
import sys
from bioimageio.core import test_description
failed = False
for path in sys.argv[1:]:
    summary = test_description(path, weight_format="onnx")
    print(f"{path}: {summary.status}", flush=True)
    if summary.status != "passed":
        failed = True
        print(summary.format())
sys.exit(failed)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE")
    parser.add_argument("--environment", type=Path, default=Path(".cache/bioimageio"))
    options = parser.parse_args()
    python = made(options.environment)
    return subprocess.run([python, "-c", OPEN, *options.packages], check=False).returncode


def made(folder: Path) -> Path:
    """Return the Python of the environment; it is made where it is not there."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.is_file():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())
