"""Linking from files to a file: stacks, folders and movies of slices that lie in one another's numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError, OutputError, VoxelSizeError
from electrodej.linking import LinkSettings, link
from electrodej.verbs import do
from electrodej.volume.frames import FrameStack, open_slices

SPACING = (0.3, 0.2, 0.1)


def link_labels(slices, out, **options):
    return do("link", slices, out=out, **options).numbers


@pytest.fixture
def slices():
    """Two bars along z; the numbers change from slice to slice and run on to 65,535 and over."""
    stack = np.zeros((6, 7, 9), np.uint16)
    for z in range(6):
        stack[z, 1:3, 1:8] = (65_530 + 2 * z - 1) % 65_535 + 1
        stack[z, 4:6, 1:8] = (65_531 + 2 * z - 1) % 65_535 + 1
    return stack


@pytest.fixture
def truth(slices):
    labels = np.zeros_like(slices)
    labels[:, 1:3, 1:8], labels[:, 4:6, 1:8] = 1, 2
    return labels


def write_imagej(path, stack, axes, **more):
    metadata = {"axes": axes, "unit": "um", "spacing": SPACING[0]}
    tifffile.imwrite(
        path, stack, imagej=True, resolution=(1 / SPACING[2], 1 / SPACING[1]), metadata=metadata, **more
    )


def write_ome(path, stack, axes):
    sizes = dict(zip(("PhysicalSizeZ", "PhysicalSizeY", "PhysicalSizeX"), SPACING, strict=True))
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": axes} | sizes)


@pytest.mark.parametrize("axes", ["ZYX", "TYX"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_slices_are_read_along_z_or_time(tmp_path, slices, truth, axes, compression):
    write_imagej(tmp_path / "slices.tif", slices, axes, compression=compression)
    result = link_labels(tmp_path / "slices.tif", tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), truth)
    assert (result["particles"], result["sections"], result["drawn_sections"]) == (2, 12, 0)
    assert result["spacing_um"] == pytest.approx(SPACING)
    assert result["labels"] == str(tmp_path / "out.tif")


@pytest.mark.parametrize("axes", ["ZYX", "TYX"])
def test_ome_slices_are_read_along_z_or_time(tmp_path, slices, truth, axes):
    write_ome(tmp_path / "slices.ome.tif", slices, axes)
    result = link_labels(tmp_path / "slices.ome.tif", tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), truth)
    assert result["spacing_um"] == pytest.approx(SPACING)


def test_the_label_volume_tells_imagej_its_voxel_size_and_axis(tmp_path, slices):
    write_imagej(tmp_path / "slices.tif", slices, "TYX")
    link_labels(tmp_path / "slices.tif", tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as tif:
        assert tif.series[0].axes == "ZYX"
        assert tif.imagej_metadata["spacing"] == pytest.approx(SPACING[0])
        assert tif.series[0].dtype == np.uint16


def test_a_folder_of_slices_is_read_in_natural_order(tmp_path, slices, truth):
    folder = tmp_path / "slices"
    folder.mkdir()
    for z, image in enumerate(slices):
        tifffile.imwrite(folder / f"slice{8 + z}.tif", image)
    link_labels(folder, tmp_path / "out.tif", spacing=SPACING)
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), truth)


def test_the_library_and_the_job_give_the_same_labels_in_every_view(tmp_path):
    generator = np.random.default_rng(1)
    blocks = generator.integers(0, 4, (4, 5, 5)).astype(np.uint16)
    stack = blocks.repeat(4, axis=0).repeat(3, axis=1).repeat(4, axis=2)
    stack[5] = 0
    write_imagej(tmp_path / "slices.tif", stack, "ZYX")
    settings = LinkSettings(fill=True, min_volume=0.1)
    for view in ("xy", "xz", "yz"):
        out = tmp_path / f"{view}.zarr"
        link_labels(tmp_path / "slices.tif", out, view=view, fill=True, min_volume=0.1, memory=1)
        with open_slices(out) as volume:
            expected = link(stack, spacing=SPACING, view=view, settings=settings)
            assert np.array_equal(volume.read(), expected)


def test_the_voxel_size_can_be_given_and_must_be_known(tmp_path, slices):
    tifffile.imwrite(tmp_path / "bare.tif", slices, metadata={"axes": "TYX"})
    with pytest.raises(VoxelSizeError, match=r"bare\.tif .*--spacing"):
        link_labels(tmp_path / "bare.tif", tmp_path / "out.tif")
    assert not (tmp_path / "out.tif").exists()
    result = link_labels(tmp_path / "bare.tif", tmp_path / "out.tif", spacing=SPACING)
    assert result["spacing_um"] == list(SPACING)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_movie_is_read_box_by_box(tmp_path, compression):
    stack = np.arange(4 * 5 * 6, dtype=">u2").reshape(4, 5, 6)
    write_imagej(tmp_path / "movie.tif", stack, "TYX", compression=compression)
    with open_slices(tmp_path / "movie.tif") as movie:
        assert isinstance(movie, FrameStack)
        assert (movie.shape, movie.dtype, movie.is_2d) == ((4, 5, 6), np.uint16, False)
        assert np.array_equal(movie[1:3, 2:, 1:4], stack[1:3, 2:, 1:4])
        assert np.array_equal(movie.read(), stack)


@pytest.mark.parametrize("axes", ["TZYX", "TCYX", "ZCYX"])
def test_a_movie_of_stacks_or_channels_is_refused(tmp_path, axes):
    tifffile.imwrite(
        tmp_path / "many.tif", np.ones((3, 2, 4, 5), np.uint16), imagej=True, metadata={"axes": axes}
    )
    with pytest.raises(InputError, match=r"many\.tif"):
        link_labels(tmp_path / "many.tif", tmp_path / "out.tif", spacing=SPACING)


def test_a_movie_that_is_cut_off_is_named(tmp_path, slices):
    write_imagej(tmp_path / "whole.tif", slices, "TYX", compression="zlib")
    (tmp_path / "cut.tif").write_bytes((tmp_path / "whole.tif").read_bytes()[:400])
    with pytest.raises(InputError, match=r"cut\.tif"):
        link_labels(tmp_path / "cut.tif", tmp_path / "out.tif", spacing=SPACING)
    assert not (tmp_path / "out.tif").exists()


def test_a_probability_map_is_refused(tmp_path):
    write_imagej(tmp_path / "map.tif", np.full((3, 4, 5), 0.5, np.float32), "ZYX")
    with pytest.raises(InputError, match=r"map\.tif"):
        link_labels(tmp_path / "map.tif", tmp_path / "out.tif")


def test_an_output_is_replaced_with_force_only_and_the_input_never(tmp_path, slices):
    write_imagej(tmp_path / "slices.tif", slices, "ZYX")
    (tmp_path / "out.tif").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        link_labels(tmp_path / "slices.tif", tmp_path / "out.tif")
    assert (tmp_path / "out.tif").read_text() == "mine"
    with pytest.raises(OutputError, match="what is read"):
        link_labels(tmp_path / "slices.tif", tmp_path / "slices.tif", force=True)
    assert link_labels(tmp_path / "slices.tif", tmp_path / "out.tif", force=True)["particles"] == 2


def test_work_that_is_stopped_leaves_nothing(tmp_path, slices):
    write_imagej(tmp_path / "slices.tif", slices, "ZYX")

    def stop(_done, _total, stage):
        if stage == "writing labels":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        link_labels(tmp_path / "slices.tif", tmp_path / "out.tif", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["slices.tif"]
