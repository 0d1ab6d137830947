"""The flow on the workers of a Dask cluster: the same labels, also when a worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume
from electrodej.workers import Cluster

pytestmark = pytest.mark.slow

VIEWS = ("xy", "xz", "yz")
# So little that there are many slabs.
MEMORY = 2**21


@pytest.fixture(scope="module")
def here(crowd: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three views and what this machine's threads make of them."""
    folder = tmp_path_factory.mktemp("views")
    _, views, spacing = crowd
    for name, view in zip(VIEWS, views, strict=True):
        write_volume(folder / f"{name}.tif", view, spacing=spacing)
    fuse_views(folder, out=folder / "here.tif", jobs=1)
    return folder


def fuse_views(folder: Path, **options: Any) -> None:
    do("fuse", **{name: folder / f"{name}.tif" for name in VIEWS}, **options)


def labels_in(path: Path) -> Any:
    with open_volume(path) as labels:
        return labels.read()


def assert_same(here: Path, out: Path) -> None:
    found, expected = labels_in(out), labels_in(here / "here.tif")
    assert found.dtype == expected.dtype
    assert found.max() == 16
    assert np.array_equal(found, expected)
    table = out.with_name(f"{out.stem}_agreement.csv").read_text().replace(out.name, "here.tif")
    assert table == (here / "here_agreement.csv").read_text()


def test_cluster_gives_the_same_labels_and_table(cluster: Any, here: Path, tmp_path: Path) -> None:
    fuse_views(here, out=tmp_path / "p.tif", scheduler=cluster.scheduler_address, memory=MEMORY)
    assert_same(here, tmp_path / "p.tif")


def test_a_killed_worker_costs_a_retry_and_not_the_result(
    cluster: Any, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [tmp_path / "first", tmp_path / "second"]
    plain = Cluster.run

    # Inside, so that it travels to the workers by value.
    def dying_once(mark: str, function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
        if not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            time.sleep(60)
        return function(*task)

    def deadly(
        self: Cluster, function: Callable[..., Any], tasks: Sequence[Any]
    ) -> Generator[tuple[int, Any]]:
        mark = str(marks[function.__name__ == "relabel_slab"])
        return plain(self, dying_once, [(mark, function, task) for task in tasks])

    monkeypatch.setattr(Cluster, "run", deadly)
    fuse_views(here, out=tmp_path / "p.tif", scheduler=cluster.scheduler_address, memory=MEMORY)
    assert all(mark.exists() for mark in marks)
    assert_same(here, tmp_path / "p.tif")
