"""Scans that cannot be used end with a line that says why."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from electrodej.cli import main
from electrodej.volume import open_volume

DETECTOR, ANGLES = "entry/instrument/detector", "entry/sample/rotation_angle"


def without_flats(file):
    file[f"{DETECTOR}/image_key"][...] = 0


def without_angles(file):
    del file[ANGLES]


def back_and_forth(file):
    angles = file[ANGLES][()]
    angles[30:60] = angles[30:60][::-1]
    file[ANGLES][...] = angles


def in_radians(file):
    file[ANGLES][...] = np.radians(file[ANGLES][()])


def unknown_unit(file):
    file[ANGLES].attrs["units"] = "gon"


def huge_pixel(file):
    for axis in "xy":
        file[f"{DETECTOR}/{axis}_pixel_size"][...] = 0.5


def oblong_pixels(file):
    file[f"{DETECTOR}/y_pixel_size"][...] = 3 * file[f"{DETECTOR}/x_pixel_size"][()]


def length_in_seconds(file):
    file[f"{DETECTOR}/x_pixel_size"].attrs["units"] = "s"


def nan(file):
    data = file[f"{DETECTOR}/data"][()].astype(np.float32)
    data[40, 2, 3] = np.nan
    del file[f"{DETECTOR}/data"], file["entry/data"]
    file[f"{DETECTOR}/data"] = data


def nine_angles(file):
    keys = file[f"{DETECTOR}/image_key"][()]
    keys[np.flatnonzero(keys == 0)[9:]] = 3
    file[f"{DETECTOR}/image_key"][...] = keys


def linked(file):
    del file[f"{DETECTOR}/data"], file["entry/data"]
    file[f"{DETECTOR}/data"] = h5py.ExternalLink("other.h5", "/data")


def linked_group(file):
    del file["entry"]
    file["entry"] = h5py.ExternalLink("other.h5", "/entry")


def no_pictures(file):
    del file[f"{DETECTOR}/data"], file["entry/data"]


def words(file):
    del file[f"{DETECTOR}/data"], file["entry/data"]
    file[f"{DETECTOR}/data"] = np.array([[[b"a"]]])


def no_size(file):
    del file[f"{DETECTOR}/x_pixel_size"]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (without_flats, "--flats"),
        (without_angles, "--angles"),
        (back_and_forth, "one direction"),
        (in_radians, "radians"),
        (unknown_unit, "gon"),
        (huge_pixel, "--spacing"),
        (oblong_pixels, "only square ones"),
        (length_in_seconds, "no length"),
        (nan, "NaN"),
        (nine_angles, "9 projections"),
        (linked, "link"),
        (linked_group, "link"),
        (no_pictures, "no data"),
        (words, "no numbers"),
        (no_size, "--spacing"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_spoilt_scan(clean, tmp_path: Path, capsys, spoil, named):
    path = tmp_path / "scan.nxs"
    shutil.copy(clean, path)
    with h5py.File(path, "r+") as file:
        spoil(file)
    assert main(["reconstruct", str(path), "--out", str(tmp_path / "out.tif"), "--quiet"]) == 1
    told = capsys.readouterr().err
    assert named in told
    assert len(told.strip().splitlines()) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["scan.nxs"]


@pytest.mark.parametrize("spoil", [unknown_unit, without_angles, length_in_seconds, no_size])
def test_what_is_given_stands_for_what_is_broken(clean, tmp_path: Path, spoil):
    shutil.copy(clean, tmp_path / "broken.nxs")
    with h5py.File(tmp_path / "broken.nxs", "r+") as file:
        spoil(file)
    found = []
    for path in (clean, tmp_path / "broken.nxs"):
        out = tmp_path / f"{path.stem}.tif"
        given = ["--angles", "0,180", "--spacing", "0.5", "--centre", "30", "--rows", "2,3", "--quiet"]
        assert main(["reconstruct", str(path), *given, "--out", str(out)]) == 0
        with open_volume(out) as volume:
            found.append(volume.read())
    np.testing.assert_array_equal(*found)


def test_pixels_that_are_not_square_are_refused_whatever_is_given(clean, tmp_path: Path, capsys):
    shutil.copy(clean, tmp_path / "scan.nxs")
    with h5py.File(tmp_path / "scan.nxs", "r+") as file:
        oblong_pixels(file)
    out = ["--out", str(tmp_path / "out.tif"), "--spacing", "0.5", "--quiet"]
    assert main(["reconstruct", str(tmp_path / "scan.nxs"), *out]) == 1
    assert "only square ones" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--centre", "60"], "outside"),
        (["--centre", "left"], "auto"),
        (["--rows", "3,9"], "6 rows"),
        (["--region", "0,0,99,9"], "region"),
        (["--method", "gridding", "--window", "hann"], "--window"),
        (["--method", "gridding", "--engine", "astra"], "ASTRA"),
        (["--rounds", "20"], "--rounds"),
        (["--phase", "paganin"], "--delta-beta"),
        (["--phase", "paganin", "--delta-beta", "100"], "--distance"),
    ],
)
def test_wrong_options(clean, tmp_path: Path, capsys, words, named):
    assert main(["reconstruct", str(clean), *words, "--out", str(tmp_path / "out.tif"), "--quiet"]) == 1
    assert named in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_scan_that_nobody_asked_for_is_not_described(tmp_path: Path, capsys):
    assert main(["phantom", str(tmp_path / "p"), "--photons", "100", "--quiet"]) == 1
    assert "--scan; add it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_file(clean, tmp_path: Path, capsys, share):
    path = tmp_path / "scan.nxs"
    path.write_bytes(clean.read_bytes()[: int(clean.stat().st_size * share)])
    assert main(["reconstruct", str(path), "--out", str(tmp_path / "out.tif"), "--quiet"]) == 1
    assert "scan.nxs" in capsys.readouterr().err


def test_another_file_and_none(tmp_path: Path, capsys):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["a"] = 1
    out = ["--out", str(tmp_path / "out.tif"), "--quiet"]
    assert main(["reconstruct", str(tmp_path / "other.h5"), *out]) == 1
    assert "neither NXtomo nor Data Exchange" in capsys.readouterr().err
    assert main(["reconstruct", str(tmp_path / "none.nxs"), *out]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_one_row_is_one_slice(clean, tmp_path: Path):
    assert (
        main(["reconstruct", str(clean), "--rows", "2,3", "--out", str(tmp_path / "one.tif"), "--quiet"]) == 0
    )
