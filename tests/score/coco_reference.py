"""Make the reference that `test_coco.py` compares with: label images, and what pycocotools says of them.

Run it where pycocotools is installed (2.0.11 made what is here)::

    python tests/score/coco_reference.py
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "data"
CROWD = 500
NAMES = [
    "ap",
    "ap50",
    "ap75",
    "ap_small",
    "ap_medium",
    "ap_large",
    "ar_1",
    "ar_10",
    "ar",
    "ar_small",
    "ar_medium",
    "ar_large",
]


def discs(rng, edge: int, count: int, largest: float) -> np.ndarray:
    """Return a label image of discs of all sizes, the later ones on top."""
    y, x = np.mgrid[:edge, :edge]
    labels = np.zeros((edge, edge), np.uint16)
    for number in range(count):
        radius = rng.uniform(3, largest)
        inside = (y - rng.uniform(0, edge)) ** 2 + (x - rng.uniform(0, edge)) ** 2 < radius**2
        labels[inside] = number + 1
    return labels


def judged(rng, truth: np.ndarray) -> tuple[np.ndarray, dict[int, float]]:
    """Return a prediction that is moved, misses, merges and invents, and its confidences, some alike."""
    pred = np.zeros_like(truth)
    for label in np.unique(truth[truth > 0]):
        if rng.random() < 0.15:
            continue
        moved = np.roll(truth == label, tuple(rng.integers(-3, 4, 2)), (0, 1))
        pred[moved & (rng.random(truth.shape) > rng.uniform(0, 0.3))] = 1000 - label
    for number in range(6):
        y, x = rng.integers(0, truth.shape[0] - 8, 2)
        pred[y : y + 8, x : x + 8] = 2 + number
    labels = np.unique(pred[pred > 0])
    return pred, {int(label): round(float(rng.random()), 1) for label in labels}


def evaluate(pairs, most: int) -> dict[str, float | None]:
    """Return what pycocotools says of pairs of a truth and a prediction with confidences."""
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def packed(area):
        return mask.encode(np.asfortranarray(area.astype(np.uint8)))

    images, annotations, results = [], [], []
    for number, (truth, pred, confidence) in enumerate(pairs, 1):
        images.append({"id": number, "height": truth.shape[0], "width": truth.shape[1]})
        for label in np.unique(truth[truth > 0]):
            area = truth == label
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "segmentation": packed(area),
                    "area": int(area.sum()),
                    "iscrowd": int(label == CROWD),
                    "bbox": [0, 0, 1, 1],
                }
            )
        results += [
            {"image_id": number, "category_id": 1, "segmentation": packed(pred == label), "score": sure}
            for label, sure in sorted(confidence.items())
        ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"images": images, "annotations": annotations, "categories": [{"id": 1}]}
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(results), "segm")
        judge.params.maxDets = [1, 10, most]
        judge.evaluate()
        judge.accumulate()
        stats = _stats(judge, most)
    return {name: None if value < 0 else value for name, value in zip(NAMES, stats, strict=True)}


def _stats(judge, most: int) -> list[float]:
    """Return the twelve figures; pycocotools' own summary knows no other limit than 100."""
    precision, recall = judge.eval["precision"], judge.eval["recall"]

    def mean(values):
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    ap = [mean(precision[..., 0, -1]), mean(precision[0, ..., 0, -1]), mean(precision[5, ..., 0, -1])]
    ap += [mean(precision[..., area, -1]) for area in (1, 2, 3)]
    ar = [mean(recall[..., 0, limit]) for limit in (0, 1, 2)]
    stats = ap + ar + [mean(recall[..., area, -1]) for area in (1, 2, 3)]
    if most == 100:
        judge.summarize()
        assert np.allclose(stats, judge.stats)
    return stats


def main() -> None:
    """Write the images and the figures."""
    rng = np.random.default_rng(24)
    arrays, cases = {}, {}
    for case, (count, edge, largest, images, most) in {
        "few": (12, 300, 70, 1, 100),
        "several": (40, 256, 40, 3, 100),
        "many": (260, 320, 12, 2, 100),
        "limit": (60, 256, 25, 2, 20),
        "crowd": (40, 256, 40, 3, 100),
    }.items():
        pairs = []
        for _ in range(images):
            truth = discs(rng, edge, count, largest)
            pred, confidence = judged(rng, truth)
            if case == "crowd":
                truth[:, :90] = CROWD
            pairs.append((truth, pred, confidence))
        arrays[f"{case}-truth"] = np.stack([pair[0] for pair in pairs])
        arrays[f"{case}-pred"] = np.stack([pair[1] for pair in pairs])
        cases[case] = {
            "most": most,
            "confidences": [pair[2] for pair in pairs],
            "figures": evaluate(pairs, most),
            "alike": evaluate([(t, p, dict.fromkeys(c, 1.0)) for t, p, c in pairs], most),
        }
    np.savez_compressed(HERE / "coco.npz", **arrays)
    (HERE / "coco.json").write_text(json.dumps(cases) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
