"""Fusing files: what is written, what is refused, and what a stopped run leaves."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from electrodej.errors import Cancelled, InputError, OutputError, UsageError, VoxelSizeError
from electrodej.files.checksums import checksum
from electrodej.models.bundled import find_model
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

SPACING = (0.3, 0.2, 0.2)
VIEWS = ("xy", "xz", "yz")
MODEL = "nmc-particles"


def fuse_views(xy, xz, yz, **options):
    return do("fuse", xy=xy, xz=xz, yz=yz, **options).numbers


def fuse_image(image, **options):
    return do("fuse", image, **options).numbers


class Watch:
    """A progress that takes down which views a model looks at, and stops the work at a stage."""

    def __init__(self, stop=None):
        self.stop, self.views = stop, []

    def __call__(self, _done, _total, stage):
        if self.stop is not None and self.stop in stage:
            raise Cancelled("stopped")
        view = stage.partition(" view: ")[0]
        if view in VIEWS and view not in self.views:
            self.views.append(view)


def stop_at(stage):
    return Watch(stage)


def stopped(image, out, **options):
    """Fuse until the last of the three views begins."""
    watch = Watch("yz view")
    with pytest.raises(Cancelled):
        fuse_image(image, model=MODEL, out=out, progress=watch, **options)
    assert watch.views == ["xy", "xz"]


def cones():
    """The probability of two balls of radius 2 um that touch; the same in each view."""
    z, y, x = (axis * size for axis, size in zip(np.indices((16, 24, 44)), SPACING, strict=True))
    near, far = (
        np.clip(1 - np.sqrt((z - 2.3) ** 2 + (y - 2.3) ** 2 + (x - at) ** 2) / 2, 0, 1) for at in (2.3, 6.3)
    )
    return np.rint(255 * np.maximum(near, far)).astype(np.uint8)


@pytest.fixture
def views(tmp_path):
    """Probability files of the three views."""
    return [write_volume(tmp_path / f"{view}.tif", cones(), spacing=SPACING) for view in VIEWS]


@pytest.fixture
def grey(tmp_path):
    return write_volume(tmp_path / "grey.tif", cones(), spacing=SPACING)


@pytest.mark.parametrize("name", ["particles.tif", "particles.ome.tif", "particles.zarr"])
def test_labels_and_agreement_are_written(views, tmp_path, name):
    result = fuse_views(*views, out=tmp_path / name, jobs=1)
    with open_volume(tmp_path / name) as labels:
        assert labels.spacing == pytest.approx(SPACING)
        assert labels.dtype == np.uint16
        voxels = np.bincount(labels.read().ravel())
    assert result["particles"] == 2
    assert result["table"] == str(tmp_path / "particles_agreement.csv")
    with (tmp_path / "particles_agreement.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["Image"], row["Label"], int(row["Voxels"])) for row in rows] == [
        (name, "1", voxels[1]),
        (name, "2", voxels[2]),
    ]
    assert sorted(round(float(row["X"]), 1) for row in rows) == pytest.approx([2.3, 6.3], abs=0.11)
    description = json.loads((tmp_path / "particles_agreement.json").read_text())
    assert description["method"] == "flow"
    assert description["columns"].keys() == rows[0].keys()


def test_an_existing_output_is_kept_without_force(views, tmp_path):
    for name in ("particles.tif", "particles_agreement.csv"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(OutputError, match="--force"):
            fuse_views(*views, out=tmp_path / "particles.tif")
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()


def test_an_input_is_never_replaced(views):
    with pytest.raises(OutputError, match=r"xz\.tif is what is read"):
        fuse_views(*views, out=views[1], force=True)


def test_views_that_do_not_fit_are_named_and_nothing_is_written(views, tmp_path):
    write_volume(tmp_path / "short.tif", cones()[:-1], spacing=SPACING)
    with pytest.raises(InputError, match=r"short\.tif: the yz view has the shape 15 x 24 x 44"):
        fuse_views(views[0], views[1], tmp_path / "short.tif", out=tmp_path / "p.tif")
    write_volume(tmp_path / "other.tif", cones(), spacing=(0.3, 0.2, 0.25))
    with pytest.raises(VoxelSizeError, match=r"other\.tif: the xz view .*--spacing"):
        fuse_views(views[0], tmp_path / "other.tif", views[2], out=tmp_path / "p.tif")
    with pytest.raises(UsageError, match="--xy"):
        fuse_views(None, views[1], views[2], out=tmp_path / "p.tif")
    write_volume(tmp_path / "logits.tif", cones().astype(np.float32), spacing=SPACING)
    with pytest.raises(InputError, match=r"logits\.tif .the xy view. has the value 2"):
        fuse_views(tmp_path / "logits.tif", views[1], views[2], out=tmp_path / "p.tif")
    assert not list(tmp_path.glob("*p.*")) + list(tmp_path.glob("p_*"))


@pytest.mark.parametrize("stage", ["follow", "label"])
def test_a_stopped_run_leaves_nothing(views, tmp_path, stage):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        fuse_views(*views, out=tmp_path / "p.tif", jobs=1, progress=stop_at(stage))
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_is_in_the_way_is_left_alone(grey, tmp_path):
    (tmp_path / "p_views").mkdir()
    (tmp_path / "p_views" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="p_views"):
        fuse_image(grey, model=MODEL, out=tmp_path / "p.tif")
    assert (tmp_path / "p_views" / "mine.txt").exists()


def test_a_single_section_is_refused(tmp_path):
    write_volume(tmp_path / "one.tif", cones()[8], spacing=SPACING)
    with pytest.raises(InputError, match="single section"):
        fuse_image(tmp_path / "one.tif", model=MODEL, out=tmp_path / "p.tif")


@pytest.mark.parametrize("with_grey", [True, False])
def test_pictures_show_outlines_in_three_views_and_the_doubtful(views, grey, tmp_path, with_grey):
    result = fuse_views(
        *views, out=tmp_path / "p.tif", grey=grey if with_grey else None, pictures=tmp_path / "look", jobs=1
    )
    # 600 pixels across or a little more; a slice is one and a half times as thick as a pixel is wide.
    shapes = {"overlay_xy": (24 * 14, 44 * 14), "overlay_xz": (24 * 14, 44 * 14), "overlay_yz": (600, 600)}
    for name, shape in shapes.items():
        picture = np.asarray(Image.open(tmp_path / "look" / f"{name}.png"))
        assert picture.shape == (*shape, 3)
        coloured = picture[..., 0] > picture[..., 2]
        # Two discs of radius 2 um with thin outlines; the middle of yz lies between the balls.
        assert np.count_nonzero(coloured) < 0.04 * coloured.size
        assert name == "overlay_yz" or np.count_nonzero(coloured) > 40 * 14
    sheet = np.asarray(Image.open(tmp_path / "look" / "doubtful.png"))
    assert sheet.shape == (128, 768, 3)
    assert (sheet == (255, 64, 64)).all(axis=2).any()
    assert len(result["pictures"]) == 4


def test_borders_move_to_the_edges_in_the_grey_volume(views, tmp_path):
    plain = fuse_views(*views, out=tmp_path / "plain.tif", jobs=1)
    grey = np.where(cones() >= 30, 200, 40).astype(np.uint8)
    write_volume(tmp_path / "edges.tif", grey, spacing=SPACING)
    refined = fuse_views(*views, out=tmp_path / "p.tif", grey=tmp_path / "edges.tif", refine=3, jobs=1)
    assert refined["particles"] == plain["particles"] == 2
    off = []
    for name in ("plain.tif", "p.tif"):
        with open_volume(tmp_path / name) as labels:
            off.append(np.count_nonzero((labels.read() > 0) != (grey == 200)))
    assert off[1] < off[0] / 2
    assert json.loads((tmp_path / "p_agreement.json").read_text())["parameters"]["refine"] == 3
    with pytest.raises(UsageError, match="--grey"):
        fuse_views(*views, out=tmp_path / "q.tif", refine=1)
    assert not list(tmp_path.glob("q*"))


def test_borders_move_by_one_voxel_unless_they_are_to_stay(views, tmp_path):
    grey = tmp_path / "edges.tif"
    write_volume(grey, np.where(cones() >= 30, 200, 40).astype(np.uint8), spacing=SPACING)
    labels = {}
    for name, options in {
        "bare": {},
        "stay": {"grey": grey, "refine": 0},
        "usual": {"grey": grey},
        "one": {"grey": grey, "refine": 1},
    }.items():
        fuse_views(*views, out=tmp_path / f"{name}.tif", jobs=1, **options)
        with open_volume(tmp_path / f"{name}.tif") as found:
            labels[name] = found.read()
    assert np.array_equal(labels["stay"], labels["bare"])
    assert np.array_equal(labels["usual"], labels["one"])
    assert not np.array_equal(labels["usual"], labels["bare"])


def test_intact_labels_and_their_table_tell_the_same_and_those_without_material_go(views, tmp_path):
    """The left ball is bright but for a slit; of the right one a corner is left."""
    grey = np.where(cones() > 0, 200, 40).astype(np.uint8)
    grey[:, :, 24:] = 40
    grey[7:9, 10:12, 30:33] = 200
    grey[:, 11:13, 4:20] = 40
    write_volume(tmp_path / "grey.tif", grey, spacing=SPACING)
    whole = fuse_views(*views, out=tmp_path / "whole.tif", jobs=1)
    result = fuse_views(
        *views, out=tmp_path / "p.tif", grey=tmp_path / "grey.tif", intact=True, refine=0, jobs=1
    )
    assert (whole["particles"], result["particles"], result["dropped_without_material"]) == (2, 1, 1)
    with open_volume(tmp_path / "p.tif") as volume:
        labels = volume.read()
    assert np.unique(labels).tolist() == [0, 1]
    with (tmp_path / "p_agreement.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [int(row["Voxels"]) for row in rows] == [np.count_nonzero(labels)]
    centre = [float(rows[0][axis]) for axis in "ZYX"]
    assert centre == pytest.approx(np.argwhere(labels).mean(axis=0) * SPACING)
    assert json.loads((tmp_path / "p_agreement.json").read_text())["parameters"]["intact"] is True


def test_a_run_that_fails_before_any_view_is_finished_leaves_nothing(grey, tmp_path):
    with pytest.raises(InputError, match="there is no such model"):
        fuse_image(grey, model="nothing-like-it", out=tmp_path / "p.tif")
    assert [path.name for path in tmp_path.iterdir()] == ["grey.tif"]


def test_a_shape_model_that_is_none_is_found_out_before_the_views(grey, tmp_path):
    with pytest.raises(InputError, match="StarDist"):
        fuse_image(grey, model=MODEL, shapes="nmc-phases", out=tmp_path / "p.tif")


def test_nothing_found_is_no_error(tmp_path):
    dark = [
        write_volume(tmp_path / f"{view}.tif", np.zeros((16, 24, 44), np.uint16), spacing=SPACING)
        for view in VIEWS
    ]
    result = fuse_views(*dark, out=tmp_path / "p.tif", pictures=tmp_path / "look")
    assert (result["particles"], result["mean_agreement"]) == (0, None)
    assert (tmp_path / "p_agreement.csv").read_text().count("\n") == 1


def test_a_folder_of_somebody_else_where_the_views_belong_is_left_alone(tmp_path):
    folder = tmp_path / "v_views"
    folder.mkdir()
    (folder / "views.json").write_text("{")
    write_volume(folder / "g.tif", np.zeros((4, 8, 8), np.uint8), spacing=(0.1, 0.1, 0.1))
    write_volume(tmp_path / "g.tif", np.zeros((4, 8, 8), np.uint8), spacing=(0.1, 0.1, 0.1))
    for image in (folder / "g.tif", tmp_path / "g.tif"):
        with pytest.raises(OutputError, match="v_views"):
            fuse_image(image, model="nmc-particles", out=tmp_path / "v.tif")
    assert (folder / "g.tif").exists()
    (folder / "g.tif").unlink()
    with pytest.raises(InputError, match="damaged"):
        fuse_image(tmp_path / "g.tif", model="nmc-particles", out=tmp_path / "v.tif", resume=True)


def test_a_shape_model_that_is_not_there_is_told_before_any_work(grey, tmp_path):
    with pytest.raises(InputError, match="no-such-model"):
        fuse_image(grey, model=MODEL, out=tmp_path / "p.tif", shapes=tmp_path / "no-such-model")
    assert not list(tmp_path.glob("p*"))


def wrong_grey(tmp_path, spacing=(0.3, 0.2, 0.25), values=None):
    return write_volume(tmp_path / "grey.tif", cones() if values is None else values, spacing=spacing)


def test_a_grey_volume_of_another_voxel_size_is_refused(views, tmp_path):
    grey = wrong_grey(tmp_path)
    with pytest.raises(VoxelSizeError, match=r"grey\.tif: the grey volume has voxels of .*--spacing"):
        fuse_views(*views, out=tmp_path / "p.tif", grey=grey)
    result = fuse_views(*views, out=tmp_path / "p.tif", grey=grey, spacing=SPACING, jobs=1)
    assert result["particles"] == 2


@pytest.mark.parametrize("method", ["flow", "watershed", "kmeans"])
def test_views_of_8_bit_saved_as_16_bit_are_told(views, tmp_path, method):
    write_volume(tmp_path / "wide.tif", cones().astype(np.uint16), spacing=SPACING)
    with pytest.raises(InputError, match=r"wide\.tif: the xz view .* is 2\d\d of 65,535; convert it"):
        fuse_views(views[0], tmp_path / "wide.tif", views[2], out=tmp_path / "p.tif", method=method, jobs=1)
    assert not list(tmp_path.glob("*p.*")) + list(tmp_path.glob("p_*"))


def test_views_of_16_bit_are_as_good_as_those_of_8(views, tmp_path):
    wide = [
        write_volume(tmp_path / f"wide-{view}.tif", cones().astype(np.uint16) * 257, spacing=SPACING)
        for view in VIEWS
    ]
    fuse_views(*views, out=tmp_path / "p.tif", jobs=1)
    fuse_views(*wide, out=tmp_path / "w.tif", jobs=1)
    with open_volume(tmp_path / "p.tif") as narrow, open_volume(tmp_path / "w.tif") as broad:
        assert np.array_equal(narrow.read(), broad.read())


def test_one_file_in_the_place_of_two_views_is_refused(views, tmp_path):
    with pytest.raises(InputError, match="both the xy and the yz view"):
        fuse_views(views[0], views[1], tmp_path / "." / views[0].name, out=tmp_path / "p.tif")
    (tmp_path / "link.tif").symlink_to(views[1])
    with pytest.raises(InputError, match="both the xz and the yz view"):
        fuse_views(views[0], views[1], tmp_path / "link.tif", out=tmp_path / "p.tif")


@pytest.mark.parametrize(
    "name", ["p.tif", "p.zarr", "p_agreement.csv", "p_agreement.json", "look/doubtful.png"]
)
def test_a_folder_where_an_output_belongs_is_found_before_the_work(views, tmp_path, name):
    (tmp_path / name / "mine").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / ("p.zarr" if name == "p.zarr" else "p.tif")
    with pytest.raises(OutputError, match=Path(name).name):
        fuse_views(*views, out=out, pictures=tmp_path / "look", force=True, progress=stop_at(""))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zarr_of_labels_is_replaced(views, tmp_path):
    for force in (False, True):
        result = fuse_views(*views, out=tmp_path / "p.zarr", force=force, jobs=1)
    assert result["particles"] == 2


@pytest.mark.parametrize("place", ["xy.tif", "xy.tif/look", "p.tif", "p.tif/look", "p_agreement.csv"])
def test_pictures_that_have_no_place_are_found_before_the_work(views, tmp_path, place):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match=place):
        fuse_views(*views, out=tmp_path / "p.tif", pictures=tmp_path / place, progress=stop_at(""))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_grey_volume_that_does_not_fit_is_found_before_the_shapes(views, tmp_path):
    shallow = wrong_grey(tmp_path, SPACING, cones()[1:])
    (tmp_path / "other").mkdir()
    other = wrong_grey(tmp_path / "other")
    common = {"out": tmp_path / "p.tif", "shapes": "nmc-shapes", "progress": stop_at("")}
    with pytest.raises(InputError, match="another shape"):
        fuse_views(*views, grey=shallow, **common)
    with pytest.raises(VoxelSizeError, match="grey volume"):
        fuse_views(*views, grey=other, **common)
    with pytest.raises(InputError, match=r"absent\.tif"):
        fuse_views(*views, grey=tmp_path / "absent.tif", **common)
    with pytest.raises(UsageError, match="--grey"):
        fuse_views(*views, intact=True, **common)


def test_a_grey_volume_is_seen_in_three_views_and_their_folder_goes(grey, tmp_path):
    watch = Watch()
    result = fuse_image(grey, model=MODEL, out=tmp_path / "p.tif", progress=watch)
    assert watch.views == list(VIEWS)
    assert (result["model"], result["resumed_views"]) == (MODEL, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "grey.tif",
        "p.tif",
        "p_agreement.csv",
        "p_agreement.json",
    ]


def test_a_stopped_run_goes_on_from_the_views_it_has(grey, tmp_path):
    stopped(grey, tmp_path / "p.tif")
    left = sorted(path.name for path in (tmp_path / "p_views").iterdir())
    assert left == ["views.json", "xy.tif", "xz.tif"]
    assert not (tmp_path / "p.tif").exists()
    watch = Watch()
    result = fuse_image(grey, model=MODEL, out=tmp_path / "p.tif", resume=True, progress=watch)
    assert watch.views == ["yz"]
    assert result["resumed_views"] == ["xy", "xz"]
    assert not (tmp_path / "p_views").exists()
    fuse_image(grey, model=MODEL, out=tmp_path / "whole.tif")
    assert (tmp_path / "p.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_views_of_something_else_are_not_taken_up(grey, tmp_path):
    other = shutil.copytree(find_model(MODEL), tmp_path / "other")
    stopped(grey, tmp_path / "p.tif")
    with pytest.raises(InputError, match="another 'model'"):
        fuse_image(grey, model=other, out=tmp_path / "p.tif", resume=True)
    with pytest.raises(OutputError, match="--resume"):
        fuse_image(grey, model=other, out=tmp_path / "p.tif")
    with pytest.raises(InputError, match="no such model"):
        fuse_image(grey, model="nmc-partcles", out=tmp_path / "p.tif", force=True)
    assert (tmp_path / "p_views" / "xz.tif").exists()
    watch = Watch()
    fuse_image(grey, model=other, out=tmp_path / "p.tif", force=True, progress=watch)
    assert watch.views == list(VIEWS)


def test_views_of_slices_that_were_written_anew_are_not_taken_up(tmp_path):
    """The folder of the slices is the same, and so are their names and sizes."""
    slices = tmp_path / "slices"
    slices.mkdir()
    for z, plane in enumerate(cones()):
        write_volume(slices / f"{z:02}.tif", plane, spacing=SPACING)
    stopped(slices, tmp_path / "p.tif", spacing=SPACING)
    for z, plane in enumerate(cones()[::-1]):
        write_volume(slices / f"{z:02}.tif", plane, spacing=SPACING, force=True)
    with pytest.raises(InputError, match="another 'image'"):
        fuse_image(slices, model=MODEL, out=tmp_path / "p.tif", spacing=SPACING, resume=True)


@pytest.mark.slow
def test_workers_elsewhere_see_the_views_and_give_the_same_labels(grey, cluster, tmp_path):
    address = cluster.scheduler_address
    fuse_image(grey, model=MODEL, out=tmp_path / "here.tif", jobs=1)
    fuse_image(grey, model=MODEL, out=tmp_path / "there.tif", jobs=1, scheduler=address)
    with open_volume(tmp_path / "here.tif") as here, open_volume(tmp_path / "there.tif") as there:
        assert np.array_equal(here.read(), there.read())


@pytest.mark.slow
def test_other_machines_are_for_the_flow_and_are_asked_before_any_work(grey, tmp_path):
    with pytest.raises(UsageError, match="flow"):
        fuse_image(grey, model=MODEL, out=tmp_path / "k.tif", method="kmeans", scheduler="tcp://head:1")
    with pytest.raises(InputError, match="scheduler"):
        fuse_image(grey, model=MODEL, out=tmp_path / "p.tif", scheduler="tcp://127.0.0.1:9")
    assert [path.name for path in tmp_path.iterdir()] == ["grey.tif"]


def test_a_shape_model_runs_over_the_drawn_labels_and_is_fused_again(views, grey, tmp_path):
    plain = fuse_views(*views, out=tmp_path / "plain.tif", jobs=1)
    result = fuse_views(
        *views, out=tmp_path / "p.tif", shapes="nmc-shapes", grey=grey, refine=1, pictures=tmp_path / "look"
    )
    assert result["particles_before_shapes"] == plain["particles"] == 2
    assert result["shapes"] == "nmc-shapes"
    # How far the views agree is told of those of the image, not of the drawn labels.
    description = json.loads((tmp_path / "p_agreement.json").read_text())
    names = {view: f"{view}.tif" for view in VIEWS} | {"grey": "grey.tif"}
    assert {role: read["file"] for role, read in description["inputs"].items()} == names
    assert description["inputs"]["grey"]["checksum"] == checksum(tmp_path / "grey.tif")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_stopped_second_stage_leaves_nothing(views, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        fuse_views(*views, out=tmp_path / "p.tif", shapes="nmc-shapes", progress=stop_at("shapes"))
    assert sorted(tmp_path.iterdir()) == before


def test_arrays_are_fused_as_files_are(views, tmp_path):
    fuse_views(*views, out=tmp_path / "files.tif", jobs=1)
    fuse_views(*[cones()] * 3, out=tmp_path / "arrays.tif", spacing=SPACING, jobs=1)
    with open_volume(tmp_path / "files.tif") as files, open_volume(tmp_path / "arrays.tif") as arrays:
        assert np.array_equal(files.read(), arrays.read())


def test_a_single_section_is_sent_to_where_its_particles_are_found(tmp_path):
    write_volume(tmp_path / "slice.tif", np.zeros((32, 32), np.uint8), spacing=(0.1, 0.1, 0.1))
    with pytest.raises(InputError, match="electrodej segment particles") as raised:
        do("fuse", tmp_path / "slice.tif", model="nmc-particles", out=tmp_path / "labels.tif")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "labels.tif").exists()
