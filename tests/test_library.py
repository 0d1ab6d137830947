"""``import electrodej as ej``: what a person finds there, and that it does what the verbs do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import electrodej as ej
from electrodej.errors import InputError, VoxelSizeError
from electrodej.features import features
from electrodej.features.flat import flat_features
from electrodej.forest import make_labelled
from electrodej.phantom import make_phantom
from electrodej.score import score_coco, score_instances, score_phases
from electrodej.verbs import do
from electrodej.volume import ArrayVolume, write_volume

SPACING = (0.14, 0.14, 0.14)
FUNCTIONS = {
    "open_volume", "find_particles", "find_phases", "fuse", "link", "measure", "morphology", "explain_damage",
    "report",
}  # fmt: skip


@pytest.fixture(scope="module")
def phantom():
    return make_phantom((24, 64, 64), spacing=SPACING, seed=5)


def test_the_functions_are_found_by_tab_and_have_help():
    assert set(dir(ej)) >= FUNCTIONS
    assert [name for name in FUNCTIONS if not callable(getattr(ej, name))] == []


def test_importing_the_package_loads_nothing():
    code = "import sys, electrodej; print(sorted({'numpy', 'tensorflow', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_core_alone_measures_and_shows_and_names_what_a_data_frame_and_a_cluster_need(tmp_path: Path):
    code = f"""
import sys
sys.modules |= dict.fromkeys(("pandas", "dask", "distributed", "tensorflow", "sklearn"))
import numpy as np, electrodej as ej
from electrodej.damage.table_file import read_table_file
from electrodej.errors import ElectrodeJError
from electrodej.run import Run
labels = np.zeros((12, 12, 24), np.uint16)
labels[2:10, 2:10, 2:10], labels[2:10, 2:10, 12:20] = 1, 2
table = ej.measure(labels * 50, labels, spacing=(0.5, 0.5, 0.5), attributes="Volume")
table.write(r"{tmp_path / "t.csv"}")
assert read_table_file(r"{tmp_path / "t.csv"}").columns["Volume"].tolist() == [64, 64]
ej.report(r"{tmp_path / "p.html"}", table, grey=labels, labels=labels, spacing=(0.5, 0.5, 0.5))
print(table)
far = Run(scheduler="tcp://a:1")
for act in (table.to_pandas, lambda: ej.measure(labels, labels, spacing=(1, 1, 1), run=far)):
    try:
        act()
    except ElectrodeJError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Label" in done.stdout
    assert 'a data frame needs "pandas"' in done.stdout
    assert 'work on a cluster needs "distributed", which is not installed; run: pip install' in done.stdout


def test_rooms_of_the_same_name_do_not_hide_the_functions():
    import electrodej.morphology
    import electrodej.report

    halves = np.repeat(np.array([[[0, 0, 0, 1]]], np.uint8), 4, axis=1)
    assert ej.morphology(halves, spacing=(1, 1, 1), names=("pore", "solid"))["Share_solid"] == 0.25
    assert electrodej.morphology.measure_phases(electrodej.morphology.PhaseImage(halves, spacing=(1, 1, 1)))


def test_the_voxel_size_of_a_file_need_not_be_given_and_may_be_an_array(phantom, tmp_path: Path):
    halves = np.repeat(np.array([[[0, 0, 0, 1]]], np.uint8), 4, axis=1)
    written = write_volume(tmp_path / "halves.tif", halves, spacing=(0.2, 0.1, 0.1), labels=True)
    assert ej.morphology(written) == ej.morphology(halves, spacing=(0.2, 0.1, 0.1))
    assert ej.morphology(written) != ej.morphology(halves, spacing=(0.2, 0.2, 0.2))
    assert ej.link(written).tolist() == ej.link(halves, spacing=np.array((0.2, 0.1, 0.1))).tolist()
    with pytest.raises(VoxelSizeError):
        ej.morphology(halves)
    table = ej.measure(phantom.grey, phantom.labels, spacing=np.array(SPACING), attributes="Volume")
    page = ej.report(
        tmp_path / "p.html", table, grey=phantom.grey, labels=phantom.labels, spacing=np.array(SPACING)
    )
    assert page.is_file()


def test_measuring_arrays_gives_the_table_of_the_verb(phantom, tmp_path: Path):
    for name in ("grey", "labels"):
        write_volume(
            tmp_path / f"{name}.tif", getattr(phantom, name), spacing=SPACING, labels=name == "labels"
        )
    do("measure", tmp_path / "grey.tif", tmp_path / "labels.tif", out=tmp_path / "t.csv")
    of_files = pd.read_csv(tmp_path / "t.csv")
    of_arrays = ej.measure(phantom.grey, phantom.labels, spacing=SPACING).to_pandas()
    numbers = [name for name in of_files if name != "Image"]
    pd.testing.assert_frame_equal(of_arrays[numbers], of_files[numbers], check_dtype=False)


@pytest.mark.slow
def test_particles_are_found_in_arrays_as_in_files(phantom, tmp_path: Path):
    write_volume(tmp_path / "grey.tif", phantom.grey, spacing=SPACING)
    do("segment particles", tmp_path / "grey.tif", view="xz", out=tmp_path / "s.tif")
    do("fuse", tmp_path / "grey.tif", model="nmc-particles", intact=True, out=tmp_path / "p.tif")
    do("segment phases", tmp_path / "grey.tif", model=("nmc-phases",), out=tmp_path / "h.tif")
    sections = ej.find_particles(phantom.grey, spacing=SPACING, view="xz")
    particles = ej.fuse(phantom.grey, spacing=SPACING, intact=True)
    found = ej.find_phases(phantom.grey, spacing=SPACING)
    phases = found.values
    assert found.names == {0: "pore", 1: "binder", 2: "particle"}
    assert found.probability.min() >= 1 / 3
    for name, found in (("s", sections), ("p", particles), ("h", phases)):
        with ej.open_volume(tmp_path / f"{name}.tif") as written:
            assert np.array_equal(written.read(), found), name


def test_damage_is_explained_from_a_frame_and_from_a_table(phantom):
    table = ej.measure(phantom.grey, phantom.labels, spacing=SPACING)
    results = [ej.explain_damage(each) for each in (table, table.to_pandas(), table.columns)]
    assert len({result.description.particles for result in results}) == 1
    assert results[0].description.particles == len(table)


def test_paths_are_taken_where_the_library_says_so(phantom, tmp_path: Path):
    labels = write_volume(tmp_path / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
    grey = write_volume(tmp_path / "grey.tif", phantom.grey, spacing=SPACING)
    halves = np.repeat(np.array([[0, 0, 0, 1]], np.uint8), 4, axis=0)
    phases = write_volume(tmp_path / "phases.tif", halves, spacing=SPACING, labels=True)
    table = ej.measure(grey, labels)
    table.write(tmp_path / "t.csv")
    damage = [ej.explain_damage(each).description.particles for each in (table, str(tmp_path / "t.csv"))]
    assert damage[0] == damage[1]
    page = ej.report(tmp_path / "p.html", tmp_path / "t.csv", grey=grey, labels=labels, title="Mine")
    assert "Mine" in page.read_text(encoding="utf-8")
    assert ej.morphology(phases, spacing=SPACING) == ej.morphology(halves, spacing=SPACING)
    assert np.array_equal(ej.link(labels, spacing=SPACING), ej.link(phantom.labels, spacing=SPACING))


@pytest.mark.parametrize(
    "call",
    [
        lambda path: features(path, path, spacing=SPACING),
        lambda path: flat_features(path, path, spacing=SPACING),
        lambda path: score_instances(path, path),
        lambda path: score_phases(path, path),
        lambda path: score_coco(path, path),
        lambda path: make_labelled(path, np.zeros((2, 2))),
        lambda path: ArrayVolume(path, spacing=SPACING),
    ],
)
def test_a_path_in_the_place_of_voxels_is_named_with_what_opens_it(call):
    with pytest.raises(InputError, match=r"open_volume\('grey.tif'\)"):
        call("grey.tif")


def test_a_table_that_is_not_there_is_named(tmp_path: Path):
    for act in (ej.explain_damage, lambda path: ej.report(tmp_path / "p.html", path)):
        with pytest.raises(InputError, match="no such file"):
            act(tmp_path / "none.csv")


def test_the_page_is_written(phantom, tmp_path: Path):
    table = ej.measure(phantom.grey, phantom.labels, spacing=SPACING)
    page = ej.report(
        tmp_path / "p.html", table, grey=phantom.grey, labels=phantom.labels, spacing=SPACING, title="Mine"
    )
    assert "Mine" in page.read_text(encoding="utf-8")
