"""The same bytes from the workers of a Dask cluster, also when one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from electrodej.errors import InputError, UsageError
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Sending large graph")]

SPACING = (0.07, 0.07, 0.07)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Bright balls in a dark box, as OME-Zarr."""
    chance = np.random.default_rng(1)
    z, y, x = np.indices((12, 96, 112))
    grey = np.full(z.shape, 70.0)
    for centre in ((6, 30, 30), (5, 60, 80), (8, 75, 25)):
        away = sum((a - b) ** 2 for a, b in zip((z, y, x), centre, strict=True))
        grey[away <= 19**2] = 180
    grey = (grey + chance.normal(0, 8, grey.shape)).clip(0, 255).astype(np.uint8)
    path = tmp_path_factory.mktemp("image") / "grey.ome.zarr"
    write_volume(path, grey, spacing=SPACING)
    return path


@pytest.fixture(scope="module")
def dark_image(image, tmp_path_factory):
    """The same with dark balls, of which networks are shown the reverse."""
    path = tmp_path_factory.mktemp("dark") / "grey.ome.zarr"
    write_volume(path, 255 - read(image), spacing=SPACING)
    return path


def read(path):
    with open_volume(path) as volume:
        return volume.read()


@pytest.mark.parametrize("view", ["xy", "xz"])
def test_particles_of_a_cluster_are_those_of_one_machine(cluster, image, tmp_path, view):
    for name, scheduler in (("here", None), ("there", cluster.scheduler_address)):
        found = do(
            "segment particles", image, view=view, out=tmp_path / f"{name}.ome.zarr",
            probability=tmp_path / f"{name}-p.ome.zarr", scheduler=scheduler, memory=600_000_000,
        ).numbers  # fmt: skip
        assert found["outlines"] > 3
    for part in ("", "-p"):
        np.testing.assert_array_equal(
            read(tmp_path / f"there{part}.ome.zarr"), read(tmp_path / f"here{part}.ome.zarr")
        )


@pytest.mark.parametrize("view", ["xy", "all"])
def test_phases_of_a_cluster_are_those_of_one_machine(cluster, image, tmp_path, view):
    for name, scheduler in (("here", None), ("there", cluster.scheduler_address)):
        do(
            "segment phases", image, model=("nmc-phases",), view=view, out=tmp_path / f"{name}.ome.zarr",
            entropy=tmp_path / f"{name}-e.ome.zarr", scheduler=scheduler,
        )  # fmt: skip
    for part in ("", "-e"):
        np.testing.assert_array_equal(
            read(tmp_path / f"there{part}.ome.zarr"), read(tmp_path / f"here{part}.ome.zarr")
        )


def test_workers_see_an_inverted_image_and_its_mirror_images_too(cluster, dark_image, tmp_path):
    for name, scheduler in (("here", None), ("there", cluster.scheduler_address)):
        do(
            "segment phases", dark_image, model=("nmc-phases",), mirrored=True,
            out=tmp_path / f"{name}.tif", scheduler=scheduler,
        )  # fmt: skip
        do("segment particles", dark_image, out=tmp_path / f"{name}-p.tif", scheduler=scheduler)
    for part in ("", "-p"):
        here = read(tmp_path / f"here{part}.tif")
        np.testing.assert_array_equal(read(tmp_path / f"there{part}.tif"), here)
    do("segment phases", dark_image, model=("nmc-phases",), out=tmp_path / "once.tif")
    assert (read(tmp_path / "once.tif") != read(tmp_path / "here.tif")).any()


def test_killed_worker_costs_a_retry_and_not_the_result(cluster, image, tmp_path):
    do("segment phases", image, model=("nmc-phases",), out=tmp_path / "here.tif")
    pids = worker_ids(cluster)
    killed = threading.Event()

    def kill(*_):
        """Kills a worker when the first planes have come."""
        if not killed.is_set():
            killed.set()
            os.kill(pids[0], getattr(signal, "SIGKILL", signal.SIGTERM))
            time.sleep(0.1)

    do(
        "segment phases", image, model=("nmc-phases",), out=tmp_path / "there.tif", memory=40_000_000,
        scheduler=cluster.scheduler_address, progress=kill,
    )  # fmt: skip
    assert killed.is_set()
    np.testing.assert_array_equal(read(tmp_path / "there.tif"), read(tmp_path / "here.tif"))


def worker_ids(cluster):
    return [worker.pid for worker in cluster.workers.values()]


def test_what_workers_cannot_open_is_refused(cluster, image, tmp_path):
    address = cluster.scheduler_address
    with pytest.raises(InputError, match="is no file"):
        do("segment phases", np.zeros((2, 64, 64), np.uint8), spacing=SPACING, model=("nmc-phases",),
           out=tmp_path / "a.tif", scheduler=address)  # fmt: skip
    with pytest.raises(UsageError, match="watershed"):
        do("segment particles", image, model="watershed", out=tmp_path / "a.tif", scheduler=address)


def test_measures_of_phases_from_a_cluster_are_those_of_one_machine(cluster, tmp_path):
    phases = np.random.default_rng(0).integers(0, 3, (600, 9, 10), dtype=np.uint8)
    phases[5, 2, 3] = 255
    write_volume(tmp_path / "phases.ome.zarr", phases, spacing=(0.1, 0.2, 0.3))
    for name, scheduler in (("here", None), ("there", cluster.scheduler_address)):
        do("morphology", tmp_path / "phases.ome.zarr", out=tmp_path / f"{name}.csv", scheduler=scheduler)
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_several_images_go_through_the_chain_on_workers(cluster, tmp_path):
    z, y, x = np.indices((20, 30, 50)) * 0.2
    near = (z - 2) ** 2 + (y - 3) ** 2 + (x - 2.6) ** 2 <= 1.6**2
    far = (z - 2) ** 2 + (y - 3) ** 2 + (x - 6.6) ** 2 <= 1.6**2
    grey = np.where(near | far, 190, 60).astype(np.uint8)
    for name in ("a", "b"):
        write_volume(tmp_path / f"{name}.tif", grey, spacing=(0.2, 0.2, 0.2))
    (tmp_path / "bad.tif").write_bytes(b"no image")
    images = [str(tmp_path / f"{name}.tif") for name in ("a", "bad", "b")]
    for name, scheduler in (("here", None), ("there", cluster.scheduler_address)):
        outcome = do(
            "run", *images, model="watershed", only=("particles", "table"), out=tmp_path / name,
            scheduler=scheduler,
        )  # fmt: skip
        assert outcome.numbers["done"] == 2
    for name in ("a", "b"):
        for file in ("particles.tif", "particles.csv"):
            there, here = (tmp_path / where / name / file for where in ("there", "here"))
            assert there.read_bytes() == here.read_bytes()


def test_work_waits_for_the_first_worker_of_a_queue(tmp_path):
    from distributed import LocalCluster

    phases = np.random.default_rng(0).integers(0, 3, (9, 9, 10), dtype=np.uint8)
    write_volume(tmp_path / "phases.ome.zarr", phases, spacing=(0.1, 0.2, 0.3))
    said = []
    with LocalCluster(
        n_workers=0, processes=False, protocol="tcp", dashboard_address=":0", silence_logs=50
    ) as empty:

        def hear(text):
            said.append(text)
            empty.scale(1)

        do("morphology", tmp_path / "phases.ome.zarr", out=tmp_path / "there.csv", hear=hear,
           scheduler=empty.scheduler_address)  # fmt: skip
    assert any("first worker" in text for text in said)
    assert (tmp_path / "there.csv").exists()
