"""No table of a verb has a cell that a spreadsheet would run, whatever files and phases are called."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.verbs import do
from electrodej.volume import write_volume

SIZE = (0.5, 0.5, 0.5)
PHASES = ("=pore", "@binder", "-particle")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve cubes with a crack each, their phases and cracks; every file's name is a formula."""
    folder = tmp_path_factory.mktemp("cells")
    labels = np.zeros((9, 28, 38), np.uint16)
    for number in range(12):
        y, x = 1 + 9 * (number // 4), 1 + 9 * (number % 4)
        labels[1:8, y : y + 7, x : x + 7] = number + 1
    labels[:, :, 8] = labels[:, :, 7]  # so that some touch
    cracks = np.zeros(labels.shape, np.uint8)
    cracks[4, 4::9, 2:38:9] = 1
    grey = np.where(labels > 0, 200, 50).astype(np.uint8)
    phases = np.where(labels > 0, 2, 0).astype(np.uint8)
    phases[:, :, 20] = 1
    for name, array in {
        "=grey.tif": grey,
        "+labels.tif": labels,
        "@phases.tif": phases,
        "-cracks.tif": cracks,
    }.items():
        write_volume(folder / name, array, spacing=SIZE, labels=name != "=grey.tif")
    return folder


def measure(scene: Path, out: Path) -> None:
    do(
        "measure", scene / "=grey.tif", scene / "+labels.tif", phases=scene / "@phases.tif",
        phase_names=PHASES, cracks=scene / "-cracks.tif", out=out / "t.csv",
    )  # fmt: skip


def measure_slices(scene: Path, out: Path) -> None:
    do("measure", scene / "=grey.tif", scene / "+labels.tif", flat=True, saltykov=True, out=out / "t.csv")


def morphology(scene: Path, out: Path) -> None:
    do(
        "morphology", scene / "@phases.tif", names=PHASES, also=("all",), particles=scene / "+labels.tif",
        out=out / "t.csv",
    )  # fmt: skip


def versions(scene: Path, out: Path) -> None:
    do("morphology", scene / "@phases.tif", scene / "-cracks.tif", names=PHASES, border=1, out=out / "t.csv")


def damage(scene: Path, out: Path) -> None:
    """From a table whose own cells are formulas already."""
    measure(scene, out)
    with (out / "t.csv").open(encoding="utf-8", newline="") as handle:
        head, *rows = csv.reader(handle)
    lines = [[*head, "=extra"], *([*row, "@SUM(1)"] for _ in range(4) for row in rows)]
    with (scene / "+table.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(lines)
    do("damage", scene / "+table.csv", trees=4, seeds=2, draws=2, repeats=1, out=out / "damage")


def score(scene: Path, out: Path) -> None:
    do("score", scene / "+labels.tif", scene / "+labels.tif", out=out / "partners.csv")


def run(scene: Path, out: Path) -> None:
    do(
        "run", str(scene / "=grey.tif"), str(scene / "@phases.tif"), model="watershed",
        only=("particles", "table"), out=out / "run",
    )  # fmt: skip


def forest(scene: Path, out: Path) -> None:  # noqa: ARG001 - it learns from a scene of its own
    truth = np.repeat([0, 1, 2], 24)[None, None, :].repeat(64, 1).repeat(2, 0)
    grey = np.array([60.0, 100, 140])[truth] + np.random.default_rng(0).normal(0, 25, truth.shape)
    labels = np.full(truth.shape, 255, np.uint8)
    for x in (8, 32, 56):
        labels[0, 28:34, x : x + 8] = truth[0, 28:34, x : x + 8]
    for name, array in {"images": np.clip(grey, 0, 255).astype(np.uint8), "labels": labels}.items():
        (out / "pairs" / name).mkdir(parents=True)
        write_volume(out / "pairs" / name / "=1+1.tif", array, spacing=SIZE, labels=name == "labels")
    do(
        "train forest", out / "pairs", names=PHASES, pictures=out / "where", out=out / "forest", trees=8,
        samples=500, sigmas=(0.7, 1.6),
    )  # fmt: skip


def phantom(scene: Path, out: Path) -> None:  # noqa: ARG001 - nothing is read
    do("phantom", out / "=phantom", shape=(24, 24, 24))


TABLES: dict[Callable[[Path, Path], None], int] = {
    measure: 3, measure_slices: 3, morphology: 2, versions: 2, damage: 4, score: 1, run: 2, forest: 1,
    phantom: 1,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("make", TABLES, ids=lambda make: make.__name__)
def test_no_cell_is_a_formula(scene: Path, tmp_path: Path, make: Any) -> None:
    make(scene, tmp_path)
    tables = sorted(tmp_path.rglob("*.csv"))
    assert len(tables) >= TABLES[make], [path.name for path in tables]
    texts = []
    for path in tables:
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.reader(handle):
                for cell in row:
                    assert not is_formula(cell), (path.name, cell)
                    texts.append(cell)
    if make not in (phantom, measure_slices):  # where what came from outside stands in a cell, as text
        assert any(text.startswith("'") for text in texts)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it: it begins so and is no number."""
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False
