"""COCO's scores, against pycocotools (see coco_reference.py) and against figures worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.score import score_coco

DATA = Path(__file__).parent / "data"
CROWD = 500


@pytest.fixture(scope="module")
def reference() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with np.load(DATA / "coco.npz") as arrays:
        return json.loads((DATA / "coco.json").read_text("utf-8")), dict(arrays)


@pytest.mark.parametrize("case", ["few", "several", "many", "limit", "crowd"])
@pytest.mark.parametrize("figures", ["figures", "alike"])
def test_figures_are_those_of_pycocotools(reference: Any, case: str, figures: str) -> None:
    cases, arrays = reference
    known = [{int(label): value for label, value in each.items()} for each in cases[case]["confidences"]]
    scores = score_coco(
        arrays[f"{case}-pred"],
        arrays[f"{case}-truth"],
        confidences=known if figures == "figures" else None,
        slices=True,
        ignore=CROWD if case == "crowd" else None,
        most=cases[case]["most"],
    ).as_dict()
    for name, value in cases[case][figures].items():
        if value is None:
            assert scores[name] is None
        else:
            assert scores[name] == pytest.approx(value, abs=1e-12), name


def test_a_perfect_prediction_of_bodies_scores_one_and_has_no_areas() -> None:
    truth = np.zeros((4, 6, 6), np.uint16)
    truth[:2, :3], truth[2:, 3:] = 1, 2
    scores = score_coco(truth, truth)
    assert (scores.ap, scores.ap50, scores.ar, scores.ar_1) == (1.0, 1.0, 1.0, 0.5)
    assert scores.ap_small is None


def test_nothing_true_is_undefined_and_nothing_predicted_is_zero() -> None:
    some, none = np.eye(5, dtype=np.uint8), np.zeros((5, 5), np.uint8)
    assert score_coco(some, none).ap is None
    assert score_coco(none, some).ap == 0.0


def test_a_limit_that_cuts_is_said() -> None:
    truth = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    scores = score_coco(truth, truth, most=5)
    assert scores.ar == pytest.approx(5 / 12)
    assert any("7 predictions were left out" in note for note in scores.notes)


def test_a_label_without_confidence_is_named() -> None:
    labels = np.array([[1, 0, 7]], np.uint8)
    with pytest.raises(InputError, match="particle 7 has no confidence"):
        score_coco(labels, labels, confidences={1: 0.5})
