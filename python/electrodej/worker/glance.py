"""What a forest finds while somebody labels: grown anew from what is labelled, and asked about one slice."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.fiji.images import opened
from electrodej.run import Run
from electrodej.vocabulary import UNLABELLED
from electrodej.volume import ArrayVolume, check_labels, write_volume

# Fewer than a forest that is kept learns from: nobody should wait for a glance.
_SAMPLES = 10_000
_TREES = 30
# Phases are told apart in pixels, whatever the images say of their size.
_ANY_SIZE = (1.0, 1.0, 1.0)
# The edge in pixels of what is looked at beforehand.
_REHEARSED = 48


def glance(arguments: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Write what a forest finds in a slice that is shown.

    ``arguments`` has ``grey`` and ``drawn``, the slices that something is drawn on and what (0 where nothing
    is, else the number of a phase), ``shown``, the slice that is asked about, and ``out``, a TIFF that gets
    the number of a phase for each of its pixels. The answer has ``x`` and ``y``, the pixel where another
    label would help most, the numbers ``one`` and ``other`` of the phases between which the forest is in
    doubt there, and how many pixels of each phase are ``labelled``.
    """
    with contextlib.ExitStack() as stack:
        grey, drawn, shown = (
            np.array(stack.enter_context(opened(arguments[name], role=name, spacing=_ANY_SIZE)).read())
            for name in ("grey", "drawn", "shown")
        )
    best, answer = _look(grey, classes_of(drawn), shown, run)
    write_volume(str(arguments["out"]), best, spacing=_ANY_SIZE, labels=True, force=True)
    return answer


def rehearse(arguments: Mapping[str, Any], run: Run) -> dict[str, Any]:  # noqa: ARG001 - a request's form
    """Load what a glance needs, seconds of work, before anybody has drawn anything."""
    grey = np.random.default_rng(0).integers(0, 256, (1, _REHEARSED, _REHEARSED)).astype(np.uint8)
    halves = np.where(np.arange(_REHEARSED) < _REHEARSED // 2, 1, 2)
    _look(grey, classes_of(np.broadcast_to(halves, grey.shape)), grey, run)
    return {}


def _look(
    grey: NDArray[Any], classes: NDArray[np.uint8], shown: NDArray[Any], run: Run
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Return the phases of a slice, and what `glance` answers."""
    from electrodej.forest import ForestSettings, make_labelled, predict_slabs, train_forest, where_to_label
    from electrodej.forest.samples import grey_levels

    settings = ForestSettings(samples=_SAMPLES, trees=_TREES)
    learnt = ArrayVolume(grey, spacing=None)
    quiet = Run(jobs=run.jobs, memory=run.memory, progress=run.progress)
    forest = train_forest([make_labelled(learnt, classes)], settings=settings, run=quiet)
    # Grey values count as they do in the slices that taught, whatever this one has of each phase.
    levels = grey_levels(learnt, forest.percentiles)
    (found,) = predict_slabs(ArrayVolume(shown, spacing=None), forest, levels=levels, run=quiet)
    numbers = np.array(forest.ids) + 1
    best = numbers[found.probability.argmax(axis=-1)].astype(np.uint8)
    places = where_to_label(found.doubt, found.probability, count=1)
    answer: dict[str, Any] = {
        "labelled": {str(int(value) + 1): n for value, n in forest.made["labelled_voxels"].items()}
    }
    for place in places:
        one, other = (int(numbers[channel]) for channel in place.classes)
        answer |= {"x": place.x, "y": place.y, "one": one, "other": other}
    return best, answer


def classes_of(drawn: NDArray[Any]) -> NDArray[np.uint8]:
    """Return classes for a forest: number n becomes n - 1, and 0 is not labelled.

    >>> classes_of(np.array([[0, 1, 3]])).tolist()
    [[255, 0, 2]]
    """
    drawn = check_labels(drawn, "what is drawn")
    if drawn.max() > UNLABELLED:
        raise InputError(
            f"something is drawn as phase {int(drawn.max())}, and there are {UNLABELLED} at most; "
            "give a label image of phases, not one of numbered particles"
        )
    phases = np.unique(drawn[drawn > 0])
    if len(phases) < 2:
        what = f"phase {int(phases[0])} alone is" if len(phases) else "nothing is"
        raise InputError(f"{what} drawn so far; draw a bit of another one, too")
    return np.where(drawn > 0, drawn.astype(np.int64) - 1, UNLABELLED).astype(np.uint8)
