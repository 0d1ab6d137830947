"""The same table from the workers of a Dask cluster, also when one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from electrodej.errors import InputError
from electrodej.features import Particle, features, forget, measure, with_measures
from electrodej.run import Run
from electrodej.volume import open_volume, write_volume

pytestmark = pytest.mark.slow

SPACING = (0.5, 0.4, 0.3)


@pytest.fixture(scope="module")
def scene(blobs: Any) -> Any:
    grey, labels = blobs((40, 44, 48), 20, seed=4, size=(2.0, 8.0))
    return grey.astype(np.float32) * np.float32(1.1), labels


@pytest.fixture(scope="module")
def here(scene: Any) -> Any:
    return features(*scene, spacing=SPACING, radius=1.5, run=Run(jobs=1))


def assert_same_table(one: Any, other: Any) -> None:
    """Equal to the last bit."""
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        assert_array_equal(one[name], other[name], err_msg=name)
    for name in one.contacts:
        assert_array_equal(one.contacts[name], other.contacts[name], err_msg=name)
    assert one.notes == other.notes


@pytest.mark.filterwarnings("ignore:Sending large graph")
def test_cluster_gives_the_same_table_from_arrays(cluster: Any, scene: Any, here: Any) -> None:
    there = features(*scene, spacing=SPACING, radius=1.5, run=Run(scheduler=cluster.scheduler_address))
    assert_same_table(here, there)


def test_cluster_reads_chunked_files_itself_and_measures_across_their_borders(
    cluster: Any, scene: Any, here: Any, tmp_path: Path
) -> None:
    for name, array in zip(("grey", "labels"), scene, strict=True):
        write_volume(tmp_path / f"{name}.ome.zarr", array, spacing=SPACING)
    with open_volume(tmp_path / "grey.ome.zarr") as grey, open_volume(tmp_path / "labels.ome.zarr") as labels:
        there = features(
            grey,
            labels,
            spacing=SPACING,
            radius=1.5,
            run=Run(scheduler=cluster.scheduler_address, memory=1e6),
        )
    assert_same_table(here, there)


def test_killed_worker_costs_a_retry_and_not_the_result(
    cluster: Any, scene: Any, here: Any, tmp_path: Path
) -> None:
    for name, array in zip(("grey", "labels"), scene, strict=True):
        write_volume(tmp_path / f"{name}.tif", array, spacing=SPACING)
    mark = tmp_path / "killed"

    @measure("Deadly", unit="", definition="Kills the first worker that measures it.")
    def deadly(particle: Particle) -> float:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            time.sleep(60)
        return float(particle.label)

    try:
        with open_volume(tmp_path / "grey.tif") as grey, open_volume(tmp_path / "labels.tif") as labels:
            there = features(
                grey, labels, spacing=SPACING, radius=1.5, run=Run(scheduler=cluster.scheduler_address)
            )
    finally:
        forget("Deadly")
    assert mark.exists()
    assert_array_equal(there.columns.pop("Deadly"), here["Label"])
    assert_same_table(here, there)


def test_cluster_runs_a_measure_from_a_file_with_all_that_it_uses(
    cluster: Any, scene: Any, here: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "from electrodej.features import measure\n"
        "def helper(x):\n"
        "    return np.sum(x)\n"
        "@measure('Counted', unit='voxel', definition='Voxels of raw.')\n"
        "def counted(particle):\n"
        "    return helper(particle.raw)\n"
    )
    for name, array in zip(("grey", "labels"), scene, strict=True):
        write_volume(tmp_path / f"{name}.tif", array, spacing=SPACING)
    with (
        with_measures([file]),
        open_volume(tmp_path / "grey.tif") as grey,
        open_volume(tmp_path / "labels.tif") as labels,
    ):
        there = features(
            grey, labels, spacing=SPACING, attributes="own", run=Run(scheduler=cluster.scheduler_address)
        )
    assert_array_equal(there["Counted"], here["Voxels"])


@pytest.mark.parametrize("address", ["tcp://localhost:1", "localhost:1", "tls://localhost:1"])
def test_scheduler_that_does_not_answer_is_named(address: str) -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    with pytest.raises(InputError, match=f"no Dask scheduler answers at {address}"):
        features(labels, labels, spacing=SPACING, run=Run(scheduler=address))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nowhere",
        "tcp://",
        "tcp://host",
        "tcp://host:",
        "tcp://host:port",
        "http://host:1",
        "a:1:2",
        "a:99999",
    ],
)
def test_what_is_no_address_of_a_scheduler_is_told_at_once(address: str) -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    with pytest.raises(InputError, match="no address of a Dask scheduler"):
        features(labels, labels, spacing=SPACING, run=Run(scheduler=address))
