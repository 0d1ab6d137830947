"""Verbs give the same voxels and numbers in the shell, in Python, in Fiji and in macros.

Compared are check, filter, segment particles, segment phases, fuse, link, morphology and score;
test_doors.py has measure. The others (damage, report, run, phantom, train, export, verify) are not
compared through all doors.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.cli import main
from electrodej.phantom import make_phantom
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

SPACING = (0.25, 0.2, 0.2)


@dataclass(frozen=True)
class Case:
    """A verb on the phantom's files.

    ``given`` are the files that the shell takes without a name, ``options`` the rest as Python calls it,
    ``files`` what a script's dialog calls the given ones, ``fields`` what it calls the rest. What is made
    ends with ``suffix``; where there is none, what is said is compared.
    """

    verb: str
    command: str
    given: tuple[str, ...]
    files: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    suffix: str = ""
    out: str = "out"

    def words(self, folder: Path, out: Path) -> list[str]:
        """Return the words of the shell."""
        words = [*self.verb.split(), *(str(folder / name) for name in self.given)]
        for name, value in self.options.items():
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
        return [*words, "--quiet", *(["--out", str(out)] if self.suffix else [])]

    def inputs(self, folder: Path, out: Path) -> dict[str, Any]:
        """Return the fields of the dialog."""
        files = {name: folder / file for name, file in zip(self.files, self.given, strict=True)}
        return {**files, **self.fields, **({self.out: out} if self.suffix else {})}

    def macro(self, folder: Path, out: Path) -> str:
        """Return the line of a macro."""
        given = self.inputs(folder, out).items()
        values = [
            f"{name.lower()}=[{str(value).lower() if value is True else value}]" for name, value in given
        ]
        return f'run("ElectrodeJ {self.command}", "{" ".join(values)}");'


CASES = (
    Case("check", "Check Scan", ("grey.tif",), ("greyFile",)),
    Case(
        "filter",
        "Filter Image",
        ("grey.tif",),
        ("greyFile",),
        {"steps": "median:radius=0.3"},
        {"steps": "median:radius=0.3"},
        ".tif",
    ),
    Case(
        "segment particles",
        "Segment Particles",
        ("grey.tif",),
        ("greyFile",),
        {"model": "watershed"},
        {"model": "watershed"},
        ".tif",
    ),
    Case(
        "segment phases",
        "Segment Phases",
        ("grey.tif",),
        ("greyFile",),
        {"model": "nmc-phases"},
        {"model": "nmc-phases"},
        ".tif",
    ),
    Case(
        "fuse",
        "Fuse Views",
        ("grey.tif",),
        ("greyFile",),
        {"model": "nmc-particles", "method": "watershed"},
        {"model": "nmc-particles", "method": "watershed"},
        ".tif",
    ),
    Case(
        "link", "Link Slices", ("labels.tif",), ("slicesFile",), {"by": "overlap"}, {"by": "overlap"}, ".tif"
    ),
    Case(
        "morphology",
        "Measure Phases",
        ("phases.tif",),
        ("phasesFile",),
        {"names": "pore,particle"},
        {"names": "pore,particle"},
        ".csv",
        "table",
    ),
    Case("score", "Score Labels", ("shifted.tif", "labels.tif"), ("predFile", "truthFile")),
)


def write_files(folder: Path) -> Path:
    """Write a phantom: grey values, labels, labels that are a bit beside them, and two phases."""
    phantom = make_phantom((24, 40, 44), spacing=SPACING, seed=7)
    shifted = np.roll(phantom.labels, 1, axis=2)
    write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
    for name, labels in (("labels", phantom.labels), ("shifted", shifted)):
        write_volume(folder / f"{name}.tif", labels, spacing=SPACING, labels=True)
    write_volume(folder / "phases.tif", (phantom.labels > 0).astype(np.uint8), spacing=SPACING)
    return folder


def contents(path: Path) -> tuple[Any, ...]:
    """Return what counts of a result: voxels and their size, or the table."""
    if path.suffix == ".csv":
        return (path.read_bytes(),)
    with open_volume(path) as volume:
        voxels: NDArray[Any] = volume.read()
        return (voxels.dtype.str, voxels.shape, voxels.tobytes(), volume.spacing)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("parity"))


@pytest.mark.slow
@pytest.mark.imagej
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_shell_python_and_fiji_give_the_same(case, folder, tmp_path, run_script, capfd):
    made = {door: tmp_path / f"{door}{case.suffix}" for door in ("shell", "python", "fiji")}
    said = {}
    assert main(case.words(folder, made["shell"])) == 0
    said["shell"] = capfd.readouterr().out.splitlines()
    out = {"out": made["python"]} if case.suffix else {}
    said["python"] = do(case.verb, *(folder / name for name in case.given), **case.options, **out).text
    capfd.readouterr()
    run_script(case.command, case.inputs(folder, made["fiji"]))
    said["fiji"] = capfd.readouterr().out.splitlines()
    if case.suffix:
        python = contents(made["python"])
        assert contents(made["shell"]) == python
        assert contents(made["fiji"]) == python
    else:
        lines = said["python"].splitlines()
        assert len(lines) > 1
        assert [line for line in said["shell"] if line in lines] == lines
        assert [line for line in said["fiji"] if line in lines] == lines


# One Java can run in a process, and the other tests' Java has no ImageJ2.
MACROS = """
import json, sys
import electrodej.fiji
connection = electrodej.fiji.connect(memory="2g")
for line in json.loads(sys.argv[1]):
    connection.IJ.runMacro(line)
"""


@pytest.mark.fiji
@pytest.mark.skipif("ELECTRODEJ_FIJI" not in os.environ, reason="ELECTRODEJ_FIJI names no Fiji")
@pytest.mark.timeout(1500)
def test_macros_in_a_whole_fiji_give_the_same(folder, tmp_path):
    cases = [case for case in CASES if case.suffix]
    made = {case.verb: tmp_path / f"{n}{case.suffix}" for n, case in enumerate(cases)}
    lines = [case.macro(folder, made[case.verb]) for case in cases]
    done = subprocess.run(
        [sys.executable, "-c", MACROS, json.dumps(lines)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for case in cases:
        assert made[case.verb].is_file(), (case.verb, done.stderr[-2000:])
        python = tmp_path / f"python{case.suffix}"
        given = (folder / name for name in case.given)
        do(case.verb, *given, **case.options, out=python, force=True)
        assert contents(made[case.verb]) == contents(python), case.verb
