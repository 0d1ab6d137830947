"""A whole Fiji through pyimagej, where ELECTRODEJ_FIJI names one: conversions, scripts, StarDist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from electrodej.fiji.content import PREFIX, scripts, title_of
from electrodej.models.bundled import find_model
from electrodej.phantom import make_slice
from electrodej.score import score_instances
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

pytestmark = [
    pytest.mark.fiji,
    pytest.mark.skipif("ELECTRODEJ_FIJI" not in os.environ, reason="ELECTRODEJ_FIJI names no Fiji"),
    pytest.mark.timeout(1500),
]

SPACING = (0.3, 0.2, 0.1)
PIXEL = (0.14,) * 3
# The plugin continues an image to sides of 64 pixels in its own way; here it need not.
SIDE = 256

# One Java can run in a process, and the other tests' Java has no ImageJ2.
PROGRAM = """
import json, sys
from pathlib import Path
import jpype
import numpy as np
import electrodej.fiji
from electrodej.errors import ElectrodeJError

folder, model = Path(sys.argv[1]), sys.argv[2]
spacing = (0.3, 0.2, 0.1)
connection = electrodej.fiji.connect(memory="3g")
ij = connection.ij
told = {"imagej": str(connection.IJ.getVersion()), "light": connection.light}

taken = electrodej.fiji.connect(ij)
told["taken"] = taken.ij is ij and not taken.light

array = (np.arange(24).reshape(2, 3, 4) * 2500).astype(np.uint16)
image = taken.to_imagej(array, spacing=spacing, title="small")
back, size = taken.to_numpy(image)
told["voxels"] = [back.tolist(), str(back.dtype), list(size)]
theirs = ij.py.from_java(image)
told["pyimagej"] = [list(theirs.dims), np.asarray(theirs).tolist()]
told["their_spacing"] = [float(theirs.coords[axis][1]) for axis in theirs.dims]

dataset = connection.to_dataset(array)
told["dataset"] = np.asarray(ij.py.from_java(dataset)).tolist()
array[1, 2, 3] = 7
at = dataset.randomAccess()
# Java's x, y, z.
at.setPosition(jpype.JArray(jpype.JLong)([3, 2, 1]))
told["shared"] = int(at.get().getRealDouble())

labels = np.zeros((3, 12, 14), np.uint16)
labels[0, 2:6, 3:9] = 4
labels[1:, 5:11, 6:13] = 9
label_image = connection.to_imagej(labels, spacing=spacing, labels=True)
drawn = connection.labels_of(connection.outlines(label_image), label_image)
told["drawn"] = bool((connection.to_numpy(drawn)[0] == labels).all())

grey = connection.to_imagej((labels * 20).astype(np.uint8), spacing=spacing, title="grey")
table = electrodej.fiji.measure(connection, grey, label_image)
scijava = connection.to_scijava_table(table)
told["table"] = [
    [str(scijava.getColumnHeader(n)) for n in range(scijava.getColumnCount())],
    [int(scijava.get("Label", row)) for row in range(scijava.getRowCount())],
    table.to_pandas().columns.tolist(),
]

told["scripts"] = connection.run_script("Help")
try:
    connection.run_script("Segment Phases", {"grey": grey, "model": "nothing-like-it"})
except ElectrodeJError as error:
    told["refused"] = str(error)

# A macro's name, today's and the one of before, beside a plugin's that has one of ours.
write = "labelfile=[{}] what=[ROI file] roifile=[{}]"
commands = jpype.JClass("ij.Menus").getCommands()
for name in ("ElectrodeJ Show Particles", "Show Particles"):
    file = folder / f"{name}.zip"
    words = write.format(folder / "drawn.tif", file)
    connection.IJ.runMacro(f'run("{name}", "{words}");')
    told[name] = file.is_file()
commands.put("Show Particles", 'ij.plugin.Commands("close")')
told["theirs"] = str(jpype.JClass("electrodej.Commands").meant("Show Particles", commands))
told["listed"] = sorted(str(key) for key in commands.keySet() if str(commands.get(key)).startswith("script:"))

section = connection.IJ.openImage(str(folder / "section.tif"))
found = connection.stardist(section, model)
told["info"] = str(found.getProperty("Info"))
np.save(folder / "plugin.npy", connection.to_numpy(found)[0][0])
stack = connection.IJ.openImage(str(folder / "stack.tif"))
inputs = {"grey": stack, "model": model, "engine": "Fiji's StarDist plugin"}
connection.run_script("Segment Particles", {**inputs, "out": folder / "stack_labels.tif"})
(folder / "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a program that connects to a Fiji made of a section."""
    folder = tmp_path_factory.mktemp("fiji")
    grey = make_slice((SIDE, SIDE), spacing=PIXEL, seed=5).grey
    write_volume(folder / "section.tif", grey, spacing=PIXEL)
    halves = np.concatenate([grey[:, : SIDE // 2], grey[:, SIDE // 2 :]])
    write_volume(folder / "stack.tif", halves, spacing=PIXEL)
    write_volume(folder / "drawn.tif", np.ones((1, 8, 8), np.uint8), spacing=PIXEL, labels=True)
    model = find_model("nmc-particles") / "model.zip"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(model)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def told(folder):
    return json.loads((folder / "told.json").read_text())


def test_a_fiji_folder_is_started_and_a_running_gateway_taken(told):
    assert told["imagej"].endswith(("1.54p", "1.54q", "1.54r"))
    assert told["light"] is False
    assert told["taken"] is True


def test_voxels_and_their_size_survive_both_ways_and_as_pyimagej_sees_them(told):
    expected = (np.arange(24).reshape(2, 3, 4) * 2500).tolist()
    voxels, dtype, size = told["voxels"]
    assert (voxels, dtype) == (expected, "uint16")
    assert size == pytest.approx(SPACING)
    assert told["pyimagej"] == [["pln", "row", "col"], expected]
    assert told["their_spacing"] == pytest.approx(SPACING)


def test_a_dataset_is_numpys_own_memory(told):
    assert told["dataset"] == (np.arange(24).reshape(2, 3, 4) * 2500).tolist()
    assert told["shared"] == 7


def test_selections_give_back_the_labels(told):
    assert told["drawn"] is True


def test_a_scijava_table_has_the_columns_and_the_rows(told):
    headers, labels, expected = told["table"]
    assert headers == expected
    assert labels == [4, 9]


def test_menu_scripts_run_by_name_and_say_what_is_wrong(told):
    assert told["scripts"] == {}
    assert "there is no such model" in told["refused"]


def test_macros_call_commands_by_the_projects_name_and_by_the_names_of_before(told):
    assert told["ElectrodeJ Show Particles"]
    assert told["Show Particles"]
    assert told["theirs"] == "Show Particles"
    ours = [name for name in told["listed"] if "Particles" in name or "Sample" in name]
    assert len(ours) >= 6
    assert all(name.startswith("ElectrodeJ ") for name in ours)


def ended(path, *words):
    """Start Fiji for one script, and return its status and what ElectrodeJ said."""
    fiji = Path(os.environ["ELECTRODEJ_FIJI"])
    launcher = next(
        file for name in ("fiji*", "ImageJ*") for file in sorted(fiji.glob(name)) if file.is_file()
    )
    done = subprocess.run(
        [launcher, "--headless", "--run", path, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("ElectrodeJ: ")]
    if done.returncode and not lines:
        return done.returncode, ["no word of ours, but:", done.stderr[-2000:]]
    return done.returncode, lines


COMMANDS = sorted(path for path in scripts().rglob("*.*") if path.suffix in (".groovy", ".py"))
# These two need nothing, and the first writes nowhere.
NEEDLESS = {"Open Sample", "Help"}


@pytest.mark.parametrize("path", COMMANDS, ids=title_of)
def test_a_fiji_started_for_a_command_ends_with_its_status(path, tmp_path):
    """A command with nothing given, and by its macro: one line, and status 1."""
    if title_of(path) in NEEDLESS:
        assert ended(path) == (0, [])
        return
    macro = tmp_path / f"{path.stem}.ijm"
    macro.write_text(f'run("{PREFIX}{title_of(path)}", "voxelsize=1,1,1");')
    with ThreadPoolExecutor(2) as two:
        found = list(two.map(ended, (path, macro)))
    assert [(status, len(lines)) for status, lines in found] == [(1, 1), (1, 1)], found


def test_fijis_plugin_finds_the_particles_that_python_finds(folder, told):
    assert told["info"].startswith("Outlined section by section in Fiji's StarDist plugin with ")
    do("segment particles", folder / "section.tif", model="nmc-particles", out=folder / "python.tif")
    with open_volume(folder / "python.tif") as volume:
        python = volume.read()[0]
    plugin = np.load(folder / "plugin.npy")
    assert python.max() > 10
    assert score_instances(plugin, python).at(0.9).f1 >= 0.98


def test_sections_of_a_stack_are_numbered_on_and_calibrated(folder):
    with open_volume(folder / "stack_labels.tif") as volume:
        labels = volume.read()
        assert volume.spacing == pytest.approx(PIXEL)
    assert labels.shape == (2, SIDE // 2, SIDE)
    first, second = (np.unique(section[section > 0]) for section in labels)
    assert first[0] == 1
    assert second[0] == first[-1] + 1
    assert len(second) == second[-1] - first[-1]
