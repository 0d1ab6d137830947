"""Verbs give the same files and numbers in the shell, in Python, in Fiji and in macros.

Every verb of Fiji's menu is compared; test_doors.py has measure. A step of Mask R-CNN takes minutes of a
processor and LRCS-Net learns as U-Net does, so that of their trainings what arrives in Python is compared.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.cli import main
from electrodej.errors import ElectrodeJError
from electrodej.features import features
from electrodej.models.bundled import find_model
from electrodej.phantom import make_phantom
from electrodej.verb import camel
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.25, 0.2, 0.2)
# Seconds in run.json and on a page, times in a log, and the checksum of a page that tells seconds.
TIMES = re.compile(
    rb'(?<="seconds": )[\d.]+|(?<=</td><td>)[\d.]+(?=</td><td>[a-z]+[.<])|^\d{4}-\S+|(?<="report.html": )\S+',
    re.MULTILINE,
)
OLD_MODEL = Path(__file__).parents[1] / "export" / "data" / "stardist-keras-2.15"


@dataclass(frozen=True)
class Case:
    """A verb on the phantom's files.

    ``given`` are the files that the shell takes without a name, by what a script's dialog calls them,
    ``options`` the rest as Python calls it, where a path means one of the files; ``called`` is what the
    dialog calls an option, where that is not its name in camel case. What is made is called ``made``, the
    option for it ``out``; where nothing is made, what is said is compared. The files in ``timed`` tell how
    long something took.
    """

    verb: str
    command: str
    given: dict[str, str | Path]
    options: dict[str, Any] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    made: str = ""
    out: str = "out"
    timed: tuple[str, ...] = ()

    def named(self, folder: Path) -> dict[str, Any]:
        """Return the options, with the files where they lie."""
        return {
            name: folder / value if isinstance(value, Path) else value for name, value in self.options.items()
        }

    def target(self, out: Path) -> dict[str, Any]:
        """Return the option that says where to write."""
        return {self.out: out / self.made} if self.made else {}

    def shell(self, folder: Path, out: Path) -> None:
        """Do it in the shell."""
        words = [*self.verb.split(), *(str(folder / name) for name in self.given.values())]
        for name, value in (self.named(folder) | self.target(out)).items():
            flag = [] if name == "folder" else [f"--{name.replace('_', '-')}"]
            words += [*flag, *([] if value is True else [written(value)])]
        assert main([*words, "--quiet"]) == 0

    def python(self, folder: Path, out: Path) -> str:
        """Do it in Python, and return what is said."""
        given = (str(folder / name) for name in self.given.values())
        return do(self.verb, *given, **self.named(folder), **self.target(out)).text

    def inputs(self, folder: Path, out: Path) -> dict[str, Any]:
        """Return the fields of the dialog."""
        named = self.named(folder) | self.target(out)
        fields = {self.called.get(name, camel(name)): value for name, value in named.items()}
        files = {name: folder / file for name, file in self.given.items()}
        texts = {name: written(value) for name, value in fields.items() if isinstance(value, tuple)}
        return files | fields | texts

    def macro(self, folder: Path, out: Path) -> str:
        """Return the line of a macro."""
        given = self.inputs(folder, out).items()
        values = [f"{name.lower()}=[{'true' if value is True else value}]" for name, value in given]
        return f'run("ElectrodeJ {self.command}", "{" ".join(values)}");'


def written(value: Any) -> str:
    """Return a value as the shell has it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


_CASES = (
    Case("check", "Check Scan", {"greyFile": "grey.tif"}),
    Case(
        "filter",
        "Filter Image",
        {"greyFile": "grey.tif"},
        {"steps": "median:radius=0.3"},
        made="filtered.tif",
    ),
    Case(
        "segment particles",
        "Segment Particles",
        {"greyFile": "grey.tif"},
        {"model": "watershed", "intact": True},
        made="particles.tif",
    ),
    Case(
        "segment phases",
        "Segment Phases",
        {"greyFile": "grey.tif"},
        {"model": "nmc-phases"},
        made="phases.tif",
    ),
    Case(
        "fuse",
        "Fuse Views",
        {"greyFile": "grey.tif"},
        {"model": "nmc-particles", "method": "watershed"},
        made="particles.tif",
    ),
    Case("link", "Link Slices", {"slicesFile": "labels.tif"}, {"by": "overlap"}, made="linked.tif"),
    Case(
        "morphology",
        "Measure Phases",
        {"phasesFile": "phases.tif"},
        {"names": ("pore", "particle")},
        {"out": "table"},
        made="phases.csv",
    ),
    Case("score", "Score Labels", {"predFile": "shifted.tif", "truthFile": "labels.tif"}),
    Case(
        "damage",
        "Explain Damage",
        {"tables": "particles.csv"},
        {"trees": 5, "exclude_border": True},
        made="damage",
    ),
    Case(
        "phantom",
        "Make Phantom",
        {},
        {"shape": (16, 24, 24), "spacing": SPACING, "seed": 3},
        {"spacing": "voxelSize"},
        made="phantom",
        out="folder",
    ),
    Case(
        "report",
        "Make Report",
        {},
        {
            "grey": Path("grey.tif"),
            "labels": Path("labels.tif"),
            "table": Path("particles.csv"),
            "title": "An electrode",
        },
        {"grey": "greyFile", "labels": "labelFile"},
        made="report.html",
    ),
    Case(
        "export",
        "Export Model",
        {"modelFile": OLD_MODEL},
        {"name": "an-old-one", "licence": "CC0-1.0"},
        made="model.zip",
    ),
    Case("verify", "Verify Model", {"zip": find_model("nmc-cracks") / "model.zip"}),
    Case(
        "run",
        "Run Whole Chain",
        {"imagesFile": "grey.tif"},
        {"model": "watershed", "without": ("cracks", "phases", "morphology")},
        made="chain",
        timed=("chain/report.html", "chain/run.json", "chain/run.log"),
    ),
    Case(
        "train forest",
        "Train Forest",
        {"data": "strokes"},
        {"names": ("pore", "particle"), "trees": 5, "seed": 4},
        made="forest",
    ),
)
# A step each: what the doors hand on shows in the first one already.
_STEP = {"epochs": 1, "steps": 1, "batch": 1, "seed": 3}
_TRAININGS = (
    Case(
        "train stardist", "Train StarDist", {"data": "drawn"}, {**_STEP, "patch": 32, "rays": 8}, made="model"
    ),
    Case("train unet", "Train U-Net", {"data": "strokes"}, {**_STEP, "patch": 32}, made="model"),
)
SLOW = ("damage", "export", "verify", "run")
CASES = [
    pytest.param(case, id=case.verb, marks=[pytest.mark.slow] if case.verb in SLOW else []) for case in _CASES
]
ALL = [*CASES, *(pytest.param(case, id=case.verb, marks=[pytest.mark.slow]) for case in _TRAININGS)]


def write_files(folder: Path) -> Path:
    """Write a phantom: grey values, labels, labels beside them, two phases, strokes on a slice, a table."""
    phantom = make_phantom((24, 40, 44), spacing=SPACING, seed=7)
    phases = (phantom.labels > 0).astype(np.uint8)
    strokes = np.full_like(phases, 255)
    strokes[8] = phases[8]
    (folder / "strokes").mkdir()
    for name, voxels in (("images", phantom.grey), ("masks", phantom.labels)):
        (folder / "drawn" / name).mkdir(parents=True)
        for z in (8, 16):
            section = voxels[z][None]
            write_volume(
                folder / "drawn" / name / f"{z}.tif", section, spacing=SPACING, labels=name == "masks"
            )
    for name, voxels in (
        ("grey", phantom.grey),
        ("strokes/grey", phantom.grey),
        ("phases", phases),
        ("strokes/phases", strokes),
    ):
        write_volume(folder / f"{name}.tif", voxels, spacing=SPACING)
    for name, labels in (("labels", phantom.labels), ("shifted", np.roll(phantom.labels, 1, axis=2))):
        write_volume(folder / f"{name}.tif", labels, spacing=SPACING, labels=True)
    features(phantom.grey, phantom.labels, spacing=SPACING).write(folder / "particles.csv")
    return folder


def contents(case: Case, folder: Path) -> dict[str, bytes]:
    """Return all files in a folder by their places in it; how long something took does not count."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    found |= {name: weights(data) for name, data in found.items() if name.endswith((".h5", ".keras"))}
    return found | {name: TIMES.sub(b"", found[name]) for name in case.timed if name in found}


def weights(data: bytes) -> bytes:
    """Return the weights in a file of Keras's; it numbers layers on, and keeps times."""
    import h5py

    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            data = packed.read("model.weights.h5")
    arrays: list[bytes] = []
    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(lambda _, each: arrays.append(each[()].tobytes()) if hasattr(each, "dtype") else None)
    assert arrays
    return b"".join(sorted(arrays))


def differences(found: dict[str, bytes], python: dict[str, bytes]) -> set[str]:
    """Return the files that one of two has alone, or that differ."""
    return {name for name in found.keys() | python.keys() if found.get(name) != python.get(name)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("parity"))


@pytest.mark.imagej
@pytest.mark.parametrize("case", ALL)
def test_shell_python_and_fiji_give_the_same(case, folder, tmp_path, run_script, capfd):
    doors = {
        "shell": case.shell,
        "python": case.python,
        "fiji": lambda folder, out: run_script(case.command, case.inputs(folder, out)),
    }
    made, said = {}, {}
    for door, work in doors.items():
        # One after the other in one place: some files name it.
        out = tmp_path / "out"
        out.mkdir()
        capfd.readouterr()
        answer = work(folder, out)
        said[door] = (answer if door == "python" else capfd.readouterr().out).splitlines()
        made[door] = contents(case, out)
        shutil.rmtree(out)
    if case.made:
        assert made["python"]
        assert differences(made["shell"], made["python"]) == set()
        assert differences(made["fiji"], made["python"]) == set()
    else:
        lines = said["python"]
        assert len(lines) > 1
        assert [line for line in said["shell"] if line in lines] == lines
        assert [line for line in said["fiji"] if line in lines] == lines


_NUMBERS = {"epochs": 3, "steps": 7, "batch": 5, "patch": 128, "patience": 11, "seed": 13}


@pytest.mark.imagej
@pytest.mark.parametrize(
    ("verb", "command", "texts"),
    [
        ("train maskrcnn", "Train Mask R-CNN", {"stages": "heads,all", "learningRate": "0.002"}),
        ("train lrcs", "Train LRCS-Net", {"names": "pore,particle", "foreground": "1", "loss": "dice"}),
    ],
)
def test_every_field_of_a_training_arrives(verb, command, texts, tmp_path, run_script, worker_logs):
    (tmp_path / "drawn").mkdir()
    fields = {**_NUMBERS, **texts, "voxelSize": "1,2,3", "resume": True}
    files = {"data": tmp_path / "drawn", "out": tmp_path / "model"}
    with pytest.raises(ElectrodeJError):
        run_script(command, {**fields, **files})
    lines = [line for log in worker_logs.glob("*.log") for line in log.read_text("utf-8").splitlines()]
    asked = next(line for line in reversed(lines) if f" {verb} {{" in line)
    arrived = ast.literal_eval(asked[asked.index("{") :])
    expected = fields | {name: str(path) for name, path in files.items()}
    assert {name: arrived[name] for name in expected} == expected


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
    cases = [param.values[0] for param in CASES if param.values[0].made]
    places = {case.verb: tmp_path / str(number) for number, case in enumerate(cases)}
    for place in places.values():
        place.mkdir()
    lines = [case.macro(folder, places[case.verb]) for case in cases]
    done = subprocess.run(
        [sys.executable, "-c", MACROS, json.dumps(lines)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for case in cases:
        place = places[case.verb]
        macro = contents(case, place) if any(place.iterdir()) else {}
        assert macro, (case.verb, done.stderr[-2000:])
        shutil.rmtree(place)
        place.mkdir()
        case.python(folder, place)
        assert differences(macro, contents(case, place)) == set(), case.verb
