"""Projections of known samples, reconstructed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from electrodej.errors import Cancelled, InputError, OutputError
from electrodej.phantom import ScanSettings, write_scan
from electrodej.run import Run
from electrodej.tomography import (
    Centre,
    Optics,
    Reconstruction,
    TomographySettings,
    open_scan,
    paganin,
    reconstruct_rows,
    reconstruct_to,
)
from electrodej.tomography.pictures import Pictures
from electrodej.tomography.reconstruct import find_levels
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

EDGE, PIXEL, MU = 48, 0.5, 0.04
AXIS = (EDGE - 1) / 2 + 2.3
INSIDE = np.hypot(*(np.mgrid[:EDGE, :EDGE] - (EDGE - 1) / 2)) < 19


def off(found, sample):
    """Root mean square error over the contrast."""
    return float(np.sqrt(np.mean((found - sample)[:, INSIDE] ** 2)) / MU)


def reconstruction(path, **settings):
    return Reconstruction.of(open_scan(path), TomographySettings(**settings))


def test_the_axis_and_the_attenuation_are_found(clean, sample):
    work = reconstruction(clean, rings=0)
    assert work.centre.column == pytest.approx(AXIS, abs=0.1)
    assert work.spacing == pytest.approx((PIXEL,) * 3)
    found = work.slab(0, 6)
    assert off(found, sample) < 0.1
    assert found[:, INSIDE].mean() == pytest.approx(sample[:, INSIDE].mean(), rel=0.02)


def test_a_disc_by_its_line_integrals_in_closed_form():
    """Of a disc, 2 mu sqrt(r^2 - t^2) whatever the angle, is the disc."""
    places = np.arange(101) - 50.0
    chord = 2 * np.sqrt(np.maximum(30**2 - places**2, 0))
    lines = np.repeat(chord[None, None, :], 181, axis=0).astype(np.float32)
    found = reconstruct_rows(
        lines, np.linspace(0, 180, 181), centre=Centre(50), settings=TomographySettings(rings=0)
    )[0]
    y, x = np.mgrid[:101, :101] - 50
    assert found[np.hypot(y, x) < 27].mean() == pytest.approx(1, abs=0.005)
    assert abs(found[(np.hypot(y, x) > 33) & (np.hypot(y, x) < 48)].mean()) < 0.01


@pytest.mark.parametrize(("first", "last"), [(0, 200), (30, 270), (0, -300), (0, 340), (0, 359.5)])
def test_directions_that_are_seen_twice_count_as_once(first: float, last: float):
    """Lines of a disc are the same from everywhere, so any span of half a turn or more gives the disc."""
    places = np.arange(101) - 50.0
    chord = 2 * np.sqrt(np.maximum(30**2 - places**2, 0))
    angles = np.linspace(first, last, round(abs(last - first)) + 1)
    lines = np.repeat(chord[None, None, :], len(angles), axis=0).astype(np.float32)
    found = reconstruct_rows(lines, angles, centre=Centre(50), settings=TomographySettings(rings=0))[0]
    y, x = np.mgrid[:101, :101] - 50
    assert found[np.hypot(y, x) < 27].mean() == pytest.approx(1, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"method": "sirt", "rounds": 60},
        {"method": "cgls"},
        {"method": "gridding"},
        {"window": "hann"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("edge", [EDGE, EDGE + 1])
def test_every_method_gives_the_sample_at_its_place(tmp_path, settings, edge):
    """A soft body off the middle: neither mirrored nor moved, with the axis on a pixel or between two."""
    y, x = np.mgrid[:edge, :edge] - (edge - 1) / 2
    body = np.float32(MU) * np.exp(-((y - 3) ** 2 + (x + 6) ** 2) / 50).astype(np.float32)
    clean = ScanSettings.flawless(angles=91, offset=2.3)
    path = write_scan(tmp_path / "soft.nxs", body[None], clean, pixel=PIXEL)
    found = reconstruction(path, rings=0, centre=str((edge - 1) / 2 + 2.3), **settings).slab(0, 1)[0]
    heavy = np.maximum(found - MU / 10, 0)
    expected = np.maximum(body - MU / 10, 0)
    for place in (y, x):
        middle = (heavy * place).sum() / heavy.sum()
        assert middle == pytest.approx((expected * place).sum() / expected.sum(), abs=0.05)
    assert np.abs(found - body).max() < 0.2 * MU


def test_iterations_are_better_than_back_projection_with_few_angles(sample, tmp_path):
    settings = ScanSettings(angles=13, photons=300, drift=0, rings=0, zingers=0)
    path = write_scan(tmp_path / "few.nxs", sample[:2], settings, pixel=PIXEL)
    of = {
        method: off(reconstruction(path, rings=0, centre="23.5", method=method).slab(0, 2), sample[:2])
        for method in ("fbp", "sirt")
    }
    assert of["sirt"] < 0.75 * of["fbp"]


def test_slabs_and_a_region_have_the_bytes_of_the_whole(clean):
    whole = reconstruction(clean, centre=str(AXIS))
    all_of_it = whole.slab(0, 6)
    np.testing.assert_array_equal(
        np.concatenate([whole.slab(0, 1), whole.slab(1, 4), whole.slab(4, 6)]), all_of_it
    )
    part = reconstruction(clean, centre=str(AXIS), rows=(2, 5), region=(10, 4, 20, 30))
    assert part.shape == (3, 20, 30)
    np.testing.assert_allclose(part.slab(2, 5), all_of_it[2:5, 10:30, 4:34], atol=1e-6)


def test_a_whole_turn_with_the_axis_at_the_side_is_joined(sample, tmp_path):
    settings = ScanSettings.flawless(angles=181, turn=360, offset=-9.25)
    path = write_scan(tmp_path / "half.nxs", sample, settings, pixel=PIXEL, columns=32)
    work = reconstruction(path, rings=0)
    assert work.centre.column == pytest.approx(15.5 - 9.25, abs=0.3)
    work = reconstruction(path, rings=0, centre=str(15.5 - 9.25))
    edge = work.width
    assert edge > 48
    first = (edge - EDGE + 1) // 2
    found = work.slab(2, 3)[0]
    # The middle of a slice of odd width lies half a pixel beside that of the sample.
    middle = found[first : first + EDGE, first : first + EDGE]
    assert np.corrcoef(middle[INSIDE], sample[2][INSIDE])[0, 1] > 0.8
    assert middle[INSIDE].mean() == pytest.approx(sample[2][INSIDE].mean(), rel=0.03)


def test_a_whole_turn_about_the_middle_needs_no_joining(sample, tmp_path):
    settings = ScanSettings.flawless(angles=180, turn=360)
    path = write_scan(tmp_path / "turn.nxs", sample, settings, pixel=PIXEL)
    work = reconstruction(path, rings=0)
    assert work.centre.column == pytest.approx(23.5, abs=0.1)
    assert off(work.slab(0, 6), sample) < 0.12


def test_zingers_and_a_drifting_beam_leave_little(sample, tmp_path):
    both = {}
    for name, extra in (("clean", {"drift": 0, "zingers": 0}), ("bad", {"drift": 0.2, "zingers": 1e-3})):
        settings = ScanSettings.flawless(angles=91, **extra)
        path = write_scan(tmp_path / f"{name}.nxs", sample, settings, pixel=PIXEL, seed=3)
        both[name] = off(reconstruction(path, rings=0, centre="23.5").slab(0, 6), sample)
        both[name + " raw"] = off(reconstruction(path, rings=0, centre="23.5", zingers=0).slab(0, 6), sample)
    assert both["bad"] < 1.2 * both["clean"]
    assert both["bad raw"] > 1.5 * both["clean"]


@pytest.mark.parametrize("method", ["median", "vo"])
def test_rings_become_weaker(sample, tmp_path, method):
    found = {}
    for name, rings in (("without", 0.0), ("with", 0.05)):
        settings = ScanSettings.flawless(angles=91, rings=rings)
        path = write_scan(tmp_path / f"{name}.nxs", sample, settings, pixel=PIXEL, seed=5)
        for cleaned in (0, 5):
            found[name, cleaned] = reconstruction(
                path, rings=cleaned, ring_method=method, centre="23.5"
            ).slab(0, 6)
    left = {width: np.std((found["with", width] - found["without", width])[:, INSIDE]) for width in (0, 5)}
    assert left[5] < (0.7 if method == "median" else 0.9) * left[0]


def test_paganin_gives_the_thickness_of_a_homogeneous_object():
    """A smooth bump, whose intensity changes little on the way, as the method assumes."""
    optics = Optics(pixel=0.5, energy=20, distance=5, delta_beta=100)
    y, x = np.mgrid[:64, :64]
    thickness = 40 * np.exp(-((y - 32) ** 2 + (x - 32) ** 2) / (2 * 8.0**2))
    from electrodej.phantom.scan import propagate

    lines = (0.005 * thickness).astype(np.float32)
    seen = propagate(lines, ScanSettings(distance=5, energy=20, delta_beta=100), 0.5)
    found = paganin(seen[None], optics)[0] / 0.005
    assert np.abs(-np.log(seen) / 0.005 - thickness).max() > 1
    assert np.abs(found - thickness)[8:56, 8:56].max() < 0.02 * thickness.max()


def test_phase_is_retrieved_in_slabs_without_seams(sample, tmp_path):
    settings = ScanSettings.flawless(angles=21, distance=10, energy=20, delta_beta=50)
    path = write_scan(tmp_path / "phase.nxs", np.repeat(sample, 6, axis=0), settings, pixel=PIXEL)
    for phase in ("paganin", "ctf"):
        work = reconstruction(path, rings=0, centre="23.5", phase=phase, delta_beta=50)
        whole, slabs = work.slab(0, 36), np.concatenate([work.slab(0, 17), work.slab(17, 36)])
        assert np.abs(slabs - whole).max() < 2e-3 * MU


def test_a_file_with_its_voxel_size_its_picture_and_its_description(clean, tmp_path: Path):
    out = tmp_path / "volume.zarr"
    found = do("reconstruct", clean, out=out, type="uint8", rings=0, memory=2**25)
    assert found.numbers["centre"] == pytest.approx(AXIS, abs=0.1)
    assert (tmp_path / "volume_axis.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "volume.json").read_text())["parameters"]["type"] == "uint8"
    with open_volume(out) as volume:
        assert volume.shape == (6, EDGE, EDGE)
        assert volume.dtype == np.uint8
        assert volume.spacing == pytest.approx((PIXEL,) * 3)


def test_it_goes_on_after_a_stop(clean, tmp_path: Path):
    out = tmp_path / "volume.tif"
    work = reconstruction(clean, centre=str(AXIS), rings=0)

    def stop(done: float, total: float, stage: str) -> None:
        if stage == "reconstructing" and done < total:
            raise Cancelled("stopped")

    small = {"jobs": 1, "memory": work.bytes_for(2)}
    with pytest.raises(Cancelled):
        reconstruct_to(work, out, resume=True, run=Run(progress=stop, **small))
    assert not out.exists()
    assert list((tmp_path / "volume.tif.run").glob("*.npz"))
    assert work.scan.flats is not None
    other = tmp_path / "flats"
    other.mkdir()
    tifffile.imwrite(other / "one.tif", np.full((6, 64), 500, np.uint16))
    changed = replace(work.scan, flats=replace(work.scan.flats, frames=Pictures(other)))
    with pytest.raises(InputError, match="flats"):
        reconstruct_to(replace(work, scan=changed), out, resume=True, run=Run(**small))
    # Another memory cuts other slabs; those that are finished are taken as they are.
    shown = []

    def show(done: float, _total: float, _stage: str) -> None:
        shown.append(done)

    rest = Run(jobs=1, memory=work.bytes_for(3), progress=show)
    reconstruct_to(work, out, resume=True, run=rest)
    assert shown == [2, 5, 6]
    assert not (tmp_path / "volume.tif.run").exists()
    with open_volume(out) as volume:
        np.testing.assert_array_equal(volume[:], work.slab(0, 6))


def test_levels_that_were_found_before_a_stop_stay(clean, tmp_path: Path):
    """What became 0 and 65535 hangs on how many rows were looked at."""
    work = reconstruction(clean, centre=str(AXIS), rings=0)
    out = tmp_path / "volume.tif"

    def stop(done: float, total: float, stage: str) -> None:
        if stage == "reconstructing" and done < total:
            raise Cancelled("stopped")

    small = {"jobs": 1, "memory": work.bytes_for(1)}
    with pytest.raises(Cancelled):
        reconstruct_to(work, out, dtype="uint16", resume=True, run=Run(progress=stop, **small))
    found = reconstruct_to(work, out, dtype="uint16", resume=True, run=Run(jobs=1, memory=work.bytes_for(4)))
    low, high = find_levels(work, 1)
    assert found["levels"] == pytest.approx((low, high))
    with open_volume(out) as volume:
        expected = np.clip((work.slab(0, 6) - low) / (high - low) * 65535, 0, 65535)
        np.testing.assert_allclose(volume[:], expected, atol=0.6)


def test_the_picture_of_a_stopped_run_is_in_nobody_s_way(clean, tmp_path: Path, monkeypatch):
    """Dots in a name stay, in those of the other files too."""
    from electrodej import tomography

    out = tmp_path / "rec.v2.tif"

    def stopped(work, target, run, **options):
        reconstruct_to(work, target, replace(run, progress=stop), **options)

    def stop(done: float, total: float, stage: str) -> None:
        if stage == "reconstructing" and done < total:
            raise Cancelled("stopped")

    settings = {"centre": str(AXIS), "rings": 0}
    room = reconstruction(clean, **settings).bytes_for(2)
    options = {**settings, "resume": True, "out": out, "jobs": 1, "memory": room}
    with monkeypatch.context() as patch:
        patch.setattr(tomography, "reconstruct_to", stopped)
        with pytest.raises(Cancelled):
            do("reconstruct", clean, **options)
    assert (tmp_path / "rec.v2_axis.png").exists()
    assert not out.exists()
    do("reconstruct", clean, **options)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "rec.v2.json",
        "rec.v2.tif",
        "rec.v2_axis.png",
    ]
    with pytest.raises(OutputError, match="exists"):
        do("reconstruct", clean, **options)


def test_other_files_of_the_same_scan_give_the_same(clean, tmp_path: Path):
    """Data Exchange, and folders of TIFF."""
    with h5py.File(clean) as file:
        data, keys = (
            file["entry/instrument/detector/data"][()],
            file["entry/instrument/detector/image_key"][()],
        )
        angles = file["entry/sample/rotation_angle"][()][keys == 0]
    with h5py.File(tmp_path / "exchange.h5", "w") as file:
        for name, key in (("data", 0), ("data_white", 1), ("data_dark", 2)):
            file[f"exchange/{name}"] = data[keys == key]
        file["exchange/theta"] = np.radians(angles)
        file["exchange/theta"].attrs["units"] = "rad"
    with h5py.File(tmp_path / "bare.h5", "w") as file:
        file["exchange/data"], file["exchange/theta"] = data[keys == 0], angles
        for name in ("data_white", "data_dark"):
            file[f"exchange/{name}"] = data[:0]
    bare = open_scan(tmp_path / "bare.h5")
    assert (bare.flats, bare.darks) == (None, None)
    for name, key in (("projections", 0), ("flats", 1), ("darks", 2)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        write_volume(tmp_path / "pictures" / name / "all.tif", data[keys == key], spacing=(PIXEL,) * 3)
    expected = reconstruction(clean, centre=str(AXIS)).slab(0, 3)
    settings = TomographySettings(centre=str(AXIS))
    exchange = Reconstruction.of(open_scan(tmp_path / "exchange.h5"), settings, spacing=(PIXEL,) * 3)
    np.testing.assert_allclose(exchange.slab(0, 3), expected, atol=1e-5)
    pictures = {name: tmp_path / "pictures" / name / "all.tif" for name in ("projections", "flats", "darks")}
    scan = open_scan(
        pictures["projections"], flats=pictures["flats"], darks=pictures["darks"], angles=(0, 180)
    )
    np.testing.assert_allclose(Reconstruction.of(scan, settings).slab(0, 3), expected, atol=1e-5)
    assert scan.pixel == pytest.approx(PIXEL)


def test_an_engine_that_is_not_there_is_named(clean):
    with pytest.raises(InputError, match="astra"):
        reconstruction(clean, centre=str(AXIS), engine="astra").slab(0, 1)


@pytest.mark.slow
def test_a_cluster_gives_the_same_volume(clean, tmp_path: Path, cluster):
    work = reconstruction(clean, centre=str(AXIS))
    reconstruct_to(work, tmp_path / "volume.tif", run=Run(scheduler=cluster.scheduler_address))
    with open_volume(tmp_path / "volume.tif") as volume:
        np.testing.assert_array_equal(volume[:], work.slab(0, 6))
