"""The same phantom through every door gives the same table, to the last byte."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from electrodej.cli import main
from electrodej.features import features
from electrodej.phantom import make_phantom
from electrodej.volume import open_volume, write_volume

pytestmark = pytest.mark.imagej

SPACING = (0.25, 0.2, 0.2)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A phantom on disk: grey.tif and labels.tif."""
    folder = tmp_path_factory.mktemp("phantom")
    phantom = make_phantom((24, 40, 44), spacing=SPACING, seed=7)
    assert phantom.labels.max() >= 3
    write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
    write_volume(folder / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
    return folder


@pytest.fixture(scope="module")
def expected(files):
    """The table as Python writes it."""
    out = files / "python.csv"
    with open_volume(files / "grey.tif") as grey, open_volume(files / "labels.tif") as labels:
        table = replace(features(grey, labels, spacing=grey.require_spacing()), image="grey.tif")
        assert len(table) >= 3
        # What every door is to give includes the grey by depth.
        assert all(
            np.isfinite(table[name]).any() for name in ("GreyRim", "GreyCore", "GreyDepth1", "GreyDepth5")
        )
        table.write(out)
    return {"": out.read_bytes(), "_contacts": out.with_name("python_contacts.csv").read_bytes()}


@pytest.fixture
def same(expected, tmp_path):
    """Compare a table, and the contacts beside it, with Python's."""
    out = tmp_path / "table.csv"

    def check():
        found = {end: out.with_name(f"table{end}.csv").read_bytes() for end in expected}
        assert found == expected

    return out, check


def test_the_command_line_gives_the_same_table(files, same):
    out, check = same
    assert (
        main(["measure", str(files / "grey.tif"), str(files / "labels.tif"), "--out", str(out), "--quiet"])
        == 0
    )
    check()


@pytest.mark.slow
def test_the_command_line_in_a_process_of_its_own_gives_the_same_table(files, same):
    out, check = same
    words = ["measure", str(files / "grey.tif"), str(files / "labels.tif"), "--out", str(out), "--quiet"]
    subprocess.run([sys.executable, "-m", "electrodej", *words], check=True)
    check()


@pytest.mark.parametrize("name", ["Measure Particles", "Measure Particles in Jython"])
def test_a_fiji_script_on_open_images_gives_the_same_table(name, imagej, run_script, files, same):
    out, check = same
    grey, labels = (imagej.openImage(str(files / file)) for file in ("grey.tif", "labels.tif"))
    run_script(name, {"grey": grey, "labels": labels, "table": out})
    check()


@pytest.mark.parametrize("name", ["Measure Particles", "Measure Particles in Jython"])
def test_a_fiji_script_on_files_gives_the_same_table(name, run_script, files, same):
    out, check = same
    run_script(name, {"greyFile": files / "grey.tif", "labelFile": files / "labels.tif", "table": out})
    check()


@pytest.mark.slow
def test_a_macro_gives_the_same_table(imagej, files, expected, tmp_path):
    for name in ("grey", "labels"):
        (tmp_path / f"phantom_{name}.tif").write_bytes((files / f"{name}.tif").read_bytes())
    program = Path(sys.executable).with_name("electrodej")
    macro = (Path(__file__).parents[2] / "macros" / "Measure_Folder.ijm").read_text(encoding="utf-8")
    assert str(imagej.runMacro(macro, f"{tmp_path}\n{program}")) == "1"
    table = (tmp_path / "phantom_particles.csv").read_bytes()
    assert table.replace(b"phantom_grey.tif", b"grey.tif") == expected[""]


def test_the_light_bridge_gives_the_same_table(imagej, files, same):
    import electrodej.fiji

    out, check = same
    connection = electrodej.fiji.connect(light=True)
    grey, labels = (imagej.openImage(str(files / file)) for file in ("grey.tif", "labels.tif"))
    electrodej.fiji.measure(connection, grey, labels).write(out)
    check()
