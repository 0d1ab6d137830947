"""The conduction solver: against algebra, a direct solution, and an independent program."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from electrodej.errors import Cancelled, InputError
from electrodej.run import Run
from electrodej.transport import Conduction, memory_needed, solve_conduction

DATA = Path(__file__).parent / "data"
PEERS: dict[str, Any] = json.loads((DATA / "peers.json").read_text(encoding="utf-8"))
CUBE = (1.0, 1.0, 1.0)


def structure(name: str) -> NDArray[np.uint8]:
    with np.load(DATA / "structures.npz") as stored:
        bits = np.unpackbits(stored[name])
    return bits[: math.prod(PEERS["shape"])].reshape(PEERS["shape"])


def solve(classes: NDArray[np.uint8], *values: float, **more: Any) -> Conduction:
    more = {"spacing": CUBE, "tolerance": 1e-7} | more
    return solve_conduction(classes, (0.0, *(values or (1.0,))), **more)


def directly(classes: NDArray[np.uint8], values: NDArray[np.float64], spacing: tuple[float, ...]) -> float:
    """The effective conductivity along z from one sparse matrix in double precision."""
    number = np.arange(classes.size).reshape(classes.shape)
    k = values[classes]
    rows, columns, entries = [], [], []
    diagonal = np.zeros(classes.size)
    for axis in range(3):
        weight = math.prod(spacing) / spacing[axis] ** 2
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        a, b = k[low], k[high]
        g = (weight * 2 * a * b / np.maximum(a + b, 1e-300)).ravel()
        i, j = number[low].ravel(), number[high].ravel()
        rows += [i, j]
        columns += [j, i]
        entries += [-g, -g]
        np.add.at(diagonal, i, g)
        np.add.at(diagonal, j, g)
    ends = 2 * math.prod(spacing) / spacing[0] ** 2
    right = np.zeros(classes.size)
    right[number[0].ravel()] = ends * k[0].ravel()
    np.add.at(diagonal, number[0].ravel(), ends * k[0].ravel())
    np.add.at(diagonal, number[-1].ravel(), ends * k[-1].ravel())
    diagonal[diagonal == 0] = 1
    rows.append(number.ravel())
    columns.append(number.ravel())
    entries.append(diagonal)
    matrix = coo_array((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns)))).tocsc()
    u = spsolve(matrix, right).reshape(classes.shape)
    current = (ends * k[0] * (1 - u[0])).sum()
    length, area = classes.shape[0] * spacing[0], classes[0].size * spacing[1] * spacing[2]
    return float(current * length / area)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_straight_channels_have_a_tortuosity_of_one(axis: int):
    channels = np.zeros((12, 13, 14), np.uint8)
    across = [slice(None) if a == axis else slice(1, None, 3) for a in range(3)]
    channels[tuple(across)] = 1
    found = solve(channels, axis=axis)
    assert found.tortuosity == pytest.approx(1, rel=1e-6)
    assert found.effective == pytest.approx(channels.mean(), rel=1e-6)
    assert found.macmullin == pytest.approx(1 / channels.mean(), rel=1e-6)


def test_layers_in_series_and_side_by_side_conduct_as_algebra_says():
    layers = np.ones((24, 8, 9), np.uint8)
    layers[6:] = 2
    series, parallel = solve(layers, 3.0, 0.2), solve(layers, 3.0, 0.2, axis=1)
    assert series.effective == pytest.approx(1 / (0.25 / 3 + 0.75 / 0.2), rel=1e-6)
    assert parallel.effective == pytest.approx(0.25 * 3 + 0.75 * 0.2, rel=1e-6)


def test_slanted_layers_conduct_as_a_turned_laminate_does():
    """A laminate at 45 degrees has the mean of the arithmetic and the harmonic mean along either axis.

    What the electrodes change is the same for any length, so it is the difference of two resistances that
    tells. A staircase of voxels with a period of 32 comes within 2 %.
    """
    period = 32
    resistance = []
    for periods in (2, 4):
        z, y, _ = np.indices((periods * period, period, 3))
        classes = np.where((z + y) % period < period // 2, 1, 2).astype(np.uint8)
        resistance.append(periods / solve(classes, 1.0, 0.25, periodic=True).effective)
    arithmetic, harmonic = (1 + 0.25) / 2, 2 / (1 + 4)
    assert 2 / (resistance[1] - resistance[0]) == pytest.approx((arithmetic + harmonic) / 2, rel=0.02)


def test_a_channel_with_a_dead_end_conducts_as_one_without():
    channel = np.zeros((10, 9, 9), np.uint8)
    channel[:, 4, 4] = 1
    dead = channel.copy()
    dead[5, 4, 5:8] = 1
    dead[0, 0, 0] = dead[9, 8, 8] = dead[3, 1, 1] = 1
    one, other = solve(channel), solve(dead)
    assert other.effective == pytest.approx(one.effective, rel=1e-6)
    assert one.percolating == 1
    assert other.percolating == pytest.approx(13 / 16)
    assert other.tortuosity == pytest.approx(1.6 * one.tortuosity, rel=1e-6)


@pytest.mark.parametrize("name", ["sealed", "open", "periodic", "anisotropic"])
def test_random_structures_have_the_tortuosity_of_taufactor(name: str):
    spacing = (1.0, 2.0, 1.25) if name == "anisotropic" else CUBE
    found = solve(structure(name), spacing=spacing, periodic=name == "periodic")
    assert found.tortuosity == pytest.approx(PEERS["tau"][name], rel=1e-4)


@pytest.mark.parametrize("spacing", [CUBE, (10.0, 1.0, 1.0), (1.0, 10.0, 2.0)])
def test_several_conductivities_agree_with_a_direct_solution(spacing: tuple[float, float, float]):
    rng = np.random.default_rng(5)
    classes = rng.integers(0, 4, (13, 12, 11)).astype(np.uint8)
    values = np.array([0, 1.0, 0.05, 20.0])
    found = solve(classes, *values[1:], spacing=spacing)
    assert found.effective == pytest.approx(directly(classes, values, spacing), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_the_error_is_within_the_bound_that_is_reported(tolerance: float):
    image = structure("sealed")
    exact = directly(image, np.array([0.0, 1.0]), CUBE)
    found = solve(image, tolerance=tolerance)
    assert found.bound <= tolerance
    # The power is never below that of the exact solution.
    assert -1e-7 <= found.effective / exact - 1 <= found.bound


def test_the_current_through_every_slice_is_the_same():
    found = solve(structure("open"))
    assert found.flux == pytest.approx(1, abs=1e-3)


def test_results_do_not_depend_on_the_number_of_threads():
    image = np.kron(structure("open"), np.ones((2, 2, 2), np.uint8))
    one, two = (solve(image, tolerance=1e-4, run=Run(jobs=jobs)) for jobs in (1, 3))
    assert one.effective == two.effective


def test_a_phase_that_does_not_percolate_has_an_infinite_tortuosity():
    blocked = np.ones((9, 8, 7), np.uint8)
    blocked[4] = 0
    found = solve(blocked)
    assert (found.effective, found.percolating, found.steps) == (0, 0, 0)
    assert found.tortuosity == math.inf
    assert found.macmullin == math.inf


def test_a_path_around_the_side_counts_where_sides_repeat():
    image = np.zeros((4, 6, 3), np.uint8)
    image[:2, 0] = image[1, 0] = 1
    image[1:, 5] = 1
    assert solve(image).percolating == 0
    assert solve(image, periodic=True).percolating == 1


@pytest.mark.parametrize("shape", [(1, 5, 5), (5, 1, 5), (2, 1, 1), (7, 5, 1)])
def test_thin_volumes_are_solved(shape: tuple[int, int, int]):
    assert solve(np.ones(shape, np.uint8)).tortuosity == pytest.approx(1, rel=1e-6)


def test_too_little_memory_is_said_before_the_work():
    asked: list[str] = []
    run = Run(memory=10 << 20, progress=lambda *told: asked.append(told[2]))
    with pytest.raises(InputError, match=r"takes .* of memory, and 10.0 MiB may be used"):
        solve(np.ones((50, 50, 50), np.uint8), run=run)
    assert asked == []


def test_500_cubed_is_promised_below_3_gib():
    assert memory_needed((500, 500, 500)) < 3 * 2**30


def test_a_stop_is_heard_in_the_middle_of_a_step():
    calls = 0

    def stop(*_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 40:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        solve(structure("open"), run=Run(progress=stop))
    assert calls == 40


def test_progress_grows():
    told: list[float] = []
    solve(structure("open"), run=Run(progress=lambda done, total, _: told.append(done / total)))
    assert told == sorted(told)
    assert told[-1] > 0.9


@pytest.mark.parametrize("values", [(1.0,), (0.0, -1.0), (0.0, math.nan), (0.5, 1.0), (0.0, 0.0)])
def test_wrong_conductivities_are_refused(values: tuple[float, ...]):
    with pytest.raises(InputError, match="conductivit"):
        solve_conduction(np.ones((3, 3, 3), np.uint8), values, spacing=CUBE)
