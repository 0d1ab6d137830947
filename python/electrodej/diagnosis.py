"""What is installed here, and what a missing piece disables."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from electrodej import __version__
from electrodej.extras import EXTRAS, installed
from electrodej.java import MINIMUM_VERSION, REMEDY, find_java

Status = Literal["ok", "missing", "too old"]

_EXTRA_SERVES = {
    "train": "training networks, exporting them for Fiji, and asking them with dropout",
    "fiji": "everything that talks to ImageJ or Fiji",
    "damage": "the damage regression",
    "parquet": "tables in Parquet (CSV works without)",
    "onnxruntime": "a second engine for exported networks, on graphics cards too (OpenVINO works without)",
    "bpx": "checking the BPX files that morphology writes",
    "tomo": "reconstructing volumes from projections, and simulating scans",
    "pandas": "tables as pandas has them, from Python",
    "cluster": "sharing volumes out among other machines (--scheduler)",
}


@dataclass(frozen=True)
class Check:
    """One thing looked for.

    Attributes
    ----------
    name
        What was looked for.
    status
        Whether it is there and usable.
    found
        Version and place, or an empty text.
    disables
        What does not work without it.
    remedy
        What to do about it, or an empty text.
    """

    name: str
    status: Status
    found: str
    disables: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """The machine and every check."""

    electrodej: str
    python: str
    system: str
    cores: int
    memory_gib: float
    checks: tuple[Check, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def diagnose() -> Diagnosis:
    """Look for everything that ElectrodeJ can make use of. Imports none of it."""
    import psutil

    return Diagnosis(
        electrodej=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        system=platform.platform(),
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        checks=(_core(), _engine(), *map(_extra, EXTRAS), _java(), _fiji()),
    )


def _core() -> Check:
    packages = _core_requirements()
    versions = installed(packages)
    missing = [name for name in packages if name not in versions]
    return Check(
        "core packages",
        "missing" if missing else "ok",
        _listed(versions),
        "everything" if missing else "",
        f"run: pip install --force-reinstall electrodej  (missing: {', '.join(missing)})" if missing else "",
    )


def _core_requirements() -> list[str]:
    import re

    listed = metadata.requires("electrodej") or []
    return [re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for line in listed if "extra ==" not in line]


def _engine() -> Check:
    from electrodej.models.engines.choice import engine_report

    found = engine_report()
    return Check(
        "engine of networks",
        "ok" if found else "missing",
        "; ".join(found),
        "" if found else "finding particles, phases and cracks with networks",
        "" if found else "run: pip install --force-reinstall electrodej",
    )


def _extra(extra: str) -> Check:
    packages = EXTRAS[extra]
    versions = installed(packages)
    missing = [name for name in packages if name not in versions]
    return Check(
        f"extra [{extra}]",
        "missing" if missing else "ok",
        _listed(versions),
        _EXTRA_SERVES[extra] if missing else "",
        f'run: pip install "electrodej[{extra}]"  (missing: {", ".join(missing)})' if missing else "",
    )


def _java() -> Check:
    serves = "ImageJ and Fiji from Python, and running exported models in TensorFlow Java"
    java = find_java()
    if java is None:
        return Check("Java", "missing", "", serves, REMEDY)
    found = f"{java.version} at {java.home} (from {java.source})"
    if java.version < MINIMUM_VERSION:
        return Check("Java", "too old", found, serves, REMEDY)
    return Check("Java", "ok", found)


def _fiji() -> Check:
    serves = "running Fiji's own plugins from Python"
    folder = os.environ.get("ELECTRODEJ_FIJI")
    if not folder:
        return Check("Fiji", "missing", "", serves, "set ELECTRODEJ_FIJI to the folder of your Fiji")
    if not (Path(folder) / "jars").is_dir():
        return Check(
            "Fiji", "missing", folder, serves, "ELECTRODEJ_FIJI names no Fiji folder (one with jars/ in it)"
        )
    return Check("Fiji", "ok", folder)


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
