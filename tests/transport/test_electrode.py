"""The electrode tortuosity: against algebra, a direct solution of what it means, and TauFactor."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve

from electrodej.errors import InputError
from electrodej.morphology import PhaseImage
from electrodej.run import Run
from electrodej.transport import TransportSettings, measure_transport, solve_electrode

CUBE = (1.0, 1.0, 1.0)
DATA = Path(__file__).parent / "data"


def solid_of(pore: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return 1 - pore


def impedance(
    pore: NDArray[np.uint8], reacts: NDArray[np.uint8], spacing: tuple[float, ...], omega: float
) -> complex:
    """Of a symmetric cell's half, by its definition: capacitors at the walls, one complex sparse matrix."""
    number = np.cumsum(pore).reshape(pore.shape) - 1
    count = int(pore.sum())
    rows: list[NDArray[Any]] = []
    columns: list[NDArray[Any]] = []
    entries: list[NDArray[Any]] = []
    diagonal = np.zeros(count, complex)
    for axis in range(3):
        area = math.prod(spacing) / spacing[axis]
        g = area / spacing[axis]
        # A capacitor of 1 per area behind the half voxel between a centre and its wall.
        wall = 1 / (1 / (2 * g) + 1 / (1j * omega * area))
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        for one, other in ((low, high), (high, low)):
            joined = (pore[one] & pore[other]) > 0
            rows.append(number[one][joined])
            columns.append(number[other][joined])
            entries.append(np.full(int(joined.sum()), -g))
            np.add.at(diagonal, number[one][joined], g)
            np.add.at(diagonal, number[one][(pore[one] & reacts[other]) > 0], wall)
    ends = 2 * math.prod(spacing) / spacing[0] ** 2
    first = number[0][pore[0] > 0]
    diagonal[first] += ends
    right = np.zeros(count, complex)
    right[first] = ends
    matrix = coo_array(
        (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
    )
    u = spsolve((matrix.tocsc() + diags_array(diagonal)).tocsc(), right)
    return complex(1 / (ends * (1 - u[first])).sum())


@pytest.mark.parametrize("length", [2, 7, 40])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_straight_channels_have_the_resistance_of_a_transmission_line(length: int, axis: int):
    """Channels of one voxel with four walls each.

    The current falls by 1 / N in each voxel, so R / 3 = (N / 3 + 1 / (6 N)) for the way along the channel,
    and the half voxel to 4 N walls adds 1 / (8 N).
    """
    channels = np.zeros((length, 7, 5), np.uint8)
    channels[:, 1::2, 1::2] = 1
    turned = np.moveaxis(channels, 0, axis)
    found = solve_electrode(turned, solid_of(turned), spacing=CUBE, axis=axis, tolerance=1e-7)
    exact = length / 3 + 1 / (6 * length) + 1 / (8 * length)
    assert found.resistance == pytest.approx(exact / 6, rel=1e-5)
    assert found.tortuosity == pytest.approx(3 * exact / length, rel=1e-5)
    assert found.macmullin == pytest.approx(found.tortuosity / channels.mean(), rel=1e-5)


def test_a_slit_of_long_voxels_is_a_slit():
    """Walls above and below, voxels 4 x 1 x 2: (N / 3 + 1 / (6 N)) d / (w h) along, h / (4 w N d) across."""
    slit = np.zeros((30, 3, 4), np.uint8)
    slit[:, 1] = 1
    found = solve_electrode(slit, solid_of(slit), spacing=(4, 1, 2), tolerance=1e-7)
    along, across = (30 / 3 + 1 / 180) * 4 / 8, 1 / (4 * 8 * 30 * 4)
    assert found.resistance == pytest.approx(along + across, rel=1e-5)


@pytest.mark.parametrize("spacing", [CUBE, (10.0, 1.0, 2.0), (1.0, 2.0, 1.25)])
def test_random_pores_agree_with_a_direct_solution_of_the_definition(spacing: tuple[float, float, float]):
    phases = np.random.default_rng(2).choice(3, (9, 8, 7), p=(0.6, 0.25, 0.15)).astype(np.uint8)
    pore, particle = (phases == 0).astype(np.uint8), (phases == 1).astype(np.uint8)
    found = solve_electrode(pore, particle, spacing=spacing, tolerance=1e-7)
    pore[:] = pore_reached(pore)
    exact = impedance(pore, particle, spacing, 1e-6)
    assert found.resistance == pytest.approx(exact.real, rel=1e-4)


def pore_reached(pore: NDArray[np.uint8]) -> NDArray[np.bool_]:
    from scipy.ndimage import label

    labels, _ = label(pore)
    return np.isin(labels, np.setdiff1d(labels[0], 0))


def test_a_phase_that_is_not_there_conducts_nothing():
    none = np.zeros((6, 5, 5), np.uint8)
    found = solve_electrode(none, solid_of(none), spacing=CUBE)
    assert (found.resistance, found.tortuosity, found.macmullin) == (math.inf, math.inf, math.inf)


def test_dead_ends_count_and_make_a_blocked_pore_finite():
    pores = np.zeros((12, 5, 5), np.uint8)
    pores[:8, 2, 2] = 1
    pores[10:, 2, 2] = 1
    found = solve_electrode(pores, solid_of(pores), spacing=CUBE)
    assert 0 < found.tortuosity < math.inf
    assert found.reached == pytest.approx(8 / 10)


def test_the_impedance_is_that_of_taufactor():
    """TauFactor puts the separator a whole voxel away; before a reservoir that is half a voxel in series.

    It divides by the length of its padded field, so its resistance is compared and not its tortuosity.
    """
    peers = json.loads((DATA / "peers.json").read_text(encoding="utf-8"))["electrode"]
    with np.load(DATA / "structures.npz") as stored:
        pore = np.unpackbits(stored["electrode"])[: math.prod(peers["shape"])].reshape(peers["shape"])
    found = solve_electrode(pore, solid_of(pore), spacing=CUBE, tolerance=1e-6)
    assert found.resistance == pytest.approx(peers["resistance"] - 0.5 / pore[0].sum(), rel=1e-4)


def measured(phases: NDArray[np.uint8], run: Run | None = None, **settings: Any) -> dict[str, float]:
    image = PhaseImage(phases, spacing=CUBE, names={0: "pore", 1: "particle", 2: "binder"})
    chosen = TransportSettings(electrode=True, directions=("z",), conducting=("pore",), **settings)
    found = measure_transport(image, settings=chosen, run=run)
    return {each.name: each.value for each in found}


def funnel() -> NDArray[np.uint8]:
    """A pore that is wide at the first slice and narrow at the last; binder on one side of it."""
    phases = np.ones((12, 9, 9), np.uint8)
    for z in range(12):
        phases[z, 1 : 8 - z // 2, 1 : 8 - z // 2] = 0
    phases[:, :, 0] = 2
    return phases


def test_the_separator_lies_at_either_end():
    first, last = measured(funnel()), measured(funnel(), separator="last")
    assert first["Tau_pore_z"] == pytest.approx(last["Tau_pore_z"], rel=1e-3)
    assert last["TauElectrode_pore_z"] > 1.5 * first["TauElectrode_pore_z"]
    assert first["TauElectrode_pore_z"] == pytest.approx(
        measured(funnel()[::-1], separator="last")["TauElectrode_pore_z"], rel=1e-3
    )


def test_only_the_walls_of_phases_that_react_take_up_current():
    phases = funnel()
    only = measured(phases, reacting=("particle",))["TauElectrode_pore_z"]
    expected = solve_electrode(
        (phases == 0).astype(np.uint8), (phases == 1).astype(np.uint8), spacing=CUBE
    ).tortuosity
    assert only == pytest.approx(expected, rel=1e-6)
    assert only != pytest.approx(measured(phases)["TauElectrode_pore_z"], rel=1e-3)


def test_a_pore_without_walls_or_separator_is_infinite_and_said():
    closed = funnel()
    closed[0] = 1
    for phases in (closed, np.zeros((5, 4, 4), np.uint8)):
        run = Run()
        assert measured(phases, run)["TauElectrode_pore_z"] == math.inf
        assert any("electrode tortuosity is infinite" in note for note in run.notes)


@pytest.mark.parametrize(
    "settings",
    [
        {"electrode": True, "conductivity": ("pore=1",)},
        {"electrode": True, "engine": "taufactor"},
        {"reacting": ("particle",)},
        {"separator": "last"},
    ],
)
def test_settings_that_contradict_are_refused(settings: dict[str, Any]):
    with pytest.raises(InputError, match="electrode"):
        TransportSettings(**settings)
