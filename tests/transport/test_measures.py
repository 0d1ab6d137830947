"""Transport and connectivity as measures of a phase image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import PhaseImage, euler_number, find_clusters, measure_connectivity
from electrodej.run import Run
from electrodej.transport import TransportSettings, measure_transport

CUBE = (1.0, 1.0, 1.0)
NAMES = {0: "pore", 1: "binder", 2: "particle"}


def transport(phases: NDArray[Any], run: Run | None = None, **settings: Any) -> dict[str, float]:
    image = PhaseImage(phases, spacing=CUBE, names=NAMES)
    found = measure_transport(image, settings=TransportSettings(**settings), run=run)
    assert all(each.definition for each in found)
    return {each.name: each.value for each in found}


def connectivity(phases: NDArray[Any], **more: Any) -> dict[str, float]:
    found = measure_connectivity(PhaseImage(phases, spacing=(0.5, 0.5, 0.5), names=NAMES), **more)
    return {each.name: each.value for each in found}


def layers() -> NDArray[np.uint8]:
    """Pore, binder and particle beside each other along y."""
    phases = np.zeros((8, 12, 6), np.uint8)
    phases[:, 4:6], phases[:, 6:] = 1, 2
    return phases


def test_every_phase_and_direction_has_its_columns():
    found = transport(layers())
    assert [name for name in found if name.endswith("_z")] == [
        f"{what}_{name}_z"
        for name in ("pore", "binder", "particle")
        for what in ("Tau", "Keff", "MacMullin", "KeffError")
    ]
    assert found["Tau_pore_z"] == pytest.approx(1, rel=1e-4)
    assert found["Keff_particle_x"] == pytest.approx(1 / 2, rel=1e-4)
    assert found["MacMullin_binder_x"] == pytest.approx(6, rel=1e-4)


def test_what_does_not_percolate_is_infinite_and_said():
    run = Run()
    found = transport(layers(), run, directions=("y",), conducting=("pore",))
    assert found == {
        "Tau_pore_y": math.inf, "Keff_pore_y": 0, "MacMullin_pore_y": math.inf, "KeffError_pore_y": 0,
    }  # fmt: skip
    assert run.notes == ["pore does not percolate along y: tau is infinite"]


def test_conductivities_make_phases_conduct_together():
    found = transport(layers(), conductivity=("pore=1", "binder=0.05"), directions=("z", "y"))
    assert found["Keff_z"] == pytest.approx(1 / 3 + 0.05 / 6, rel=1e-4)
    assert found["Tau_z"] == pytest.approx(1, rel=1e-4)
    assert found["Tau_y"] == math.inf


def test_255_does_not_conduct():
    phases = layers()
    phases[4] = 255
    assert transport(phases, conducting=("pore",), directions=("z",))["Tau_pore_z"] == math.inf


def test_labels_with_gaps_are_phases_like_others():
    phases = layers()
    phases[phases == 2] = 77
    found = measure_transport(PhaseImage(phases, spacing=CUBE), settings=TransportSettings(directions=("z",)))
    assert [each.name for each in found][-4:-1] == ["Tau_class77_z", "Keff_class77_z", "MacMullin_class77_z"]


def test_a_single_image_has_no_current_across_it():
    run = Run()
    found = transport(layers()[0], run, conducting=("pore",))
    assert math.isnan(found["Tau_pore_z"])
    assert found["Tau_pore_x"] == pytest.approx(1, rel=1e-4)
    assert run.notes[0] == "there is one slice along z, so there is no current along it"


def test_one_phase_alone_conducts_everywhere():
    found = transport(np.zeros((5, 6, 7), np.uint8))
    assert all(value == pytest.approx(1, rel=1e-5) for name, value in found.items() if "Error" not in name)


def test_the_error_that_is_told_is_below_what_was_asked_for_and_above_the_true_one():
    phases = (np.random.default_rng(1).random((20, 21, 22)) < 0.4).astype(np.uint8)
    exact, rough = (
        transport(phases, conducting=("pore",), directions=("z",), tolerance=tolerance)
        for tolerance in (1e-7, 1e-2)
    )
    assert 0 < rough["KeffError_pore_z"] <= 1e-2
    assert abs(rough["Keff_pore_z"] / exact["Keff_pore_z"] - 1) <= rough["KeffError_pore_z"]


def test_a_grey_image_is_refused():
    grey = np.random.default_rng(0).integers(0, 255, (6, 20, 20), np.uint8)
    with pytest.raises(InputError, match="give a phase image and not the grey one"):
        transport(grey)
    with pytest.raises(InputError, match="whole numbers"):
        transport(grey / 255)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"directions": ("z", "w")}, "directions"),
        ({"directions": ()}, "directions"),
        ({"conductivity": ("pore",)}, "write pore=1,binder=0.05"),
        ({"conductivity": ("pore=-1",)}, "write pore=1,binder=0.05"),
        ({"conductivity": ("pore=1", "pore=2")}, "write pore=1,binder=0.05"),
        ({"conducting": ("pore",), "conductivity": ("pore=1",)}, "leave out one of them"),
        ({"conductivity": ("air=1",)}, "there is no phase 'air'; there are pore, binder, particle"),
        ({"conducting": ("air",)}, "there is no phase 'air'"),
        ({"tolerance": 0.0}, "tolerance"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], words: str):
    with pytest.raises(InputError, match=words):
        transport(layers(), **settings)


def test_the_other_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install taufactor torch"):
        transport(layers(), engine="taufactor")


def test_the_other_engine_is_asked_for_the_current(monkeypatch: pytest.MonkeyPatch):
    """A stand-in for TauFactor with its documented calls: an empty volume is solved by a ramp."""
    import types

    class Solver:
        def __init__(self, image: NDArray[np.uint8], device: str) -> None:
            self.flux_1d = np.full((1, 7), float(image[0].sum()) / len(image))
            self.D_rel = np.array([image.mean()])
            self.iter = 100
            self.device = device

        def solve(self, verbose: bool, conv_crit: float) -> None:
            assert not verbose
            assert conv_crit > 0

    modules = {
        "taufactor": types.SimpleNamespace(Solver=Solver),
        "torch": types.SimpleNamespace(cuda=types.SimpleNamespace(is_available=lambda: False)),
    }
    module = "electrodej.transport.taufactor"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(f"{module}.import_module", modules.__getitem__)
    run = Run()
    found = transport(layers(), run, engine="taufactor", conducting=("pore",), directions=("z",))
    assert found["Keff_pore_z"] == pytest.approx(1 / 3)
    assert run.notes == ["TauFactor solved on the CPU, as there is no GPU"]
    with pytest.raises(InputError, match="sealed sides"):
        transport(layers(), engine="taufactor", periodic=True)


def test_shares_of_clusters_count_what_reaches_both_ends():
    phases = np.zeros((4, 5, 10), np.uint8)
    phases[:, 2] = 1
    phases[:, 2, 4] = 0
    phases[1, 0, 5] = 2
    found = connectivity(phases)
    assert found["Percolating_binder_z"] == 1
    assert found["Percolating_binder_x"] == 0
    assert found["Clusters_binder"] == 2
    assert found["Largest_binder"] == pytest.approx(20 / 36)
    assert found["Isolated_binder"] == 0
    assert found["Clusters_particle"] == 1


def test_what_touches_no_face_is_isolated():
    phases = np.zeros((5, 5, 5), np.uint8)
    phases[2, 2, 2] = phases[0, 0, 0] = 1
    assert connectivity(phases)["Isolated_binder"] == pytest.approx(1 / 2)


def test_what_touches_no_edge_of_a_slice_is_isolated():
    phases = np.zeros((5, 5), np.uint8)
    phases[2, 2] = phases[0, 0] = 1
    assert connectivity(phases)["Isolated_binder"] == pytest.approx(1 / 2)


def test_sides_that_repeat_connect():
    phases = np.zeros((4, 6, 3), np.uint8)
    phases[:2, 0] = 1
    phases[1:, 5] = 1
    assert connectivity(phases)["Percolating_binder_z"] == 0
    assert connectivity(phases, periodic=True)["Percolating_binder_z"] == 1


def test_clusters_are_those_of_an_independent_labelling():
    from scipy.ndimage import label

    mask = (np.random.default_rng(3).random((17, 18, 19)) < 0.35).astype(np.uint8)
    labels, count = label(mask)
    found = find_clusters(mask)
    assert found.count == count
    assert sorted(found.sizes) == sorted(np.bincount(labels.ravel())[1:])
    through = set(np.unique(labels[:, 0])) & set(np.unique(labels[:, -1])) - {0}
    assert found.sizes[found.through(1)].sum() == np.isin(labels, list(through)).sum()


def test_euler_numbers_are_those_of_scikit_image():
    from skimage.measure import euler_number as peer

    for seed, share in enumerate((0.1, 0.3, 0.6, 0.9)):
        mask = np.random.default_rng(seed).random((9, 10, 11)) < share
        assert euler_number(mask.view(np.uint8)) == peer(mask, connectivity=1)


def test_euler_numbers_count_pieces_tunnels_and_cavities():
    ball = np.zeros((9, 9, 9), np.uint8)
    ball[2:7, 2:7, 2:7] = 1
    assert euler_number(ball) == 1
    ball[4, 4, 4] = 0
    assert euler_number(ball) == 2
    ball[4, 4] = 0
    ball[4, 4, 0] = 1
    assert connectivity(ball)["EulerNumber_binder"] == 1 + 0
    assert connectivity(ball)["EulerDensity_binder"] == pytest.approx(1 / (729 / 8))
