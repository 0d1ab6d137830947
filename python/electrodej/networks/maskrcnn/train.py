"""Training a Mask R-CNN and writing its folder."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.grey import normalise
from electrodej.models.info import FOLDER_FILE, ModelInfo
from electrodej.models.libraries import load_keras
from electrodej.models.memory_errors import is_out_of_memory
from electrodej.networks.maskrcnn.finding import OWN, SMALLEST, TILE, Finder, Say
from electrodej.networks.maskrcnn.instances import draw
from electrodej.networks.maskrcnn.learning import Learner, compile_learner
from electrodej.networks.maskrcnn.model import write_model
from electrodej.networks.maskrcnn.network import Parts, build, looking
from electrodej.networks.maskrcnn.patches import fullest, prepare, training_patches, validation_patches
from electrodej.networks.maskrcnn.place import KIND, NETWORK_FILE
from electrodej.networks.maskrcnn.settings import DIVISOR, MaskRCNNSettings
from electrodej.networks.maskrcnn.stages import Stage, free, stages_of
from electrodej.networks.maskrcnn.start import begin, start_from
from electrodej.networks.maskrcnn.thresholds import SCORES, choose_score
from electrodej.networks.maskrcnn.weights import copy_weights
from electrodej.networks.stardist.patches import Example, Pair, split
from electrodej.networks.training.particles import ParticleTraining, Trained, middle_size
from electrodej.networks.training.rate import falling_rate
from electrodej.networks.training.run import TrainingRun
from electrodej.networks.training.watch import watched
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing

# Files by which a folder is known to be such a model.
MARKERS = (NETWORK_FILE, FOLDER_FILE)
# How sure the network must be while it is trained; that of the model is chosen afterwards.
_USUAL_SCORE = 0.5


def train_maskrcnn(
    pairs: Sequence[Pair],
    out: PathLike,
    settings: MaskRCNNSettings | None = None,
    run: Run | None = None,
    *,
    init: PathLike | None = None,
    description: str = "",
    spacing: Spacing | None = None,
    resume: bool = False,
) -> Trained:
    """Train a Mask R-CNN.

    Parameters
    ----------
    pairs
        Images with their particles, see `electrodej.annotation.read_pairs`.
    out
        Folder of the model.
    settings
        The training.
    run
        Whether a model that exists may be replaced, and who is told of each step.
    init
        "coco", "imagenet", a file of weights of LIBNet's kind, or a Mask R-CNN; none for chance.
    description
        A sentence for the model's card.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the images' own.
    resume
        Go on with a training that was stopped, in the stage it was in.
    """
    settings, run = settings or MaskRCNNSettings(), run or Run()
    training = ParticleTraining(out, MARKERS, run)
    load_keras("training a Mask R-CNN")
    # Not to be told of it when all is learnt.
    require("onnx", what="writing a Mask R-CNN", extra="train")
    examples = training.read(pairs, functools.partial(prepare, settings=settings))
    learnt, kept = split(examples, settings)
    most = settings.most or fullest(examples, settings.patch)
    start = start_from(init, settings.backbone)
    shape = start.shape.as_plain()
    trained = training.begin(KIND, settings, examples, init=init, resume=resume, shape=shape, most=most)
    parts = begin(start, run, mixed=settings.mixed_precision)
    stages = stages_of(settings, start.shape.backbone, begun=init is not None)
    train_in_stages(trained, parts, stages, (learnt, kept, most), settings, run)
    parts = _with_all_digits(parts)
    finder = Finder(
        looking(parts),
        dataclasses.replace(OWN, least=min(SCORES)),
        tile=_tile(kept),
        say=run.note,
    )
    thresholds = choose_score(finder, kept, progress=run.progress)
    training.check_found(
        thresholds,
        "give more images, or look whether the outlines lie on the particles and are larger than "
        f"--least-diameter, {settings.least_diameter:g} pixels",
    )
    info = ModelInfo(
        kind=KIND,
        name=Path(out).name,
        description=description,
        channels_in=parts.shape.channels,
        channels_out=2,
        probability_threshold=thresholds.probability,
        overlap_threshold=thresholds.overlap,
        percentiles=settings.percentiles,
        size_divisor=DIVISOR,
        spacing=spacing or middle_size(training.sizes),
    )
    return training.finish(
        trained,
        thresholds,
        (len(learnt), len(kept)),
        lambda folder: write_model(folder, parts, info),
        info.spacing,
        stages={stage.name: stage.epochs for stage in stages},
    )


def train_in_stages(
    trained: TrainingRun,
    parts: Parts,
    stages: Sequence[Stage],
    data: tuple[list[Example], list[Example], int],
    settings: MaskRCNNSettings,
    run: Run,
) -> None:
    """Train stage by stage, from where the run stands, and leave the best weights in the network.

    ``data`` are the examples to learn from and to judge by, and how many particles of a patch are learnt
    from.
    """
    training, kept, most = data
    learner = Learner(parts, boxes=settings.boxes, seed=settings.seed)
    judged, nothing = validation_patches(kept, parts.shape, settings.patch, most)
    look = _look(parts, settings, run.note)
    for number, stage in enumerate(stages):
        # What a checkpoint holds is of the stage of its last epoch, which may have been that stage's last.
        if stage.last < trained.epoch or trained.ended:
            continue
        free(parts.layers(), stage.name)
        rate = falling_rate(stage.rate, epochs=stage.epochs, steps=settings.steps)
        compile_learner(learner, rate, mixed=settings.mixed_precision)
        if trained.epoch == stage.first:
            trained.begin_stage()
        word = f" ({stage.name})" if len(stages) > 1 else ""
        try:
            trained.fit(
                learner,
                training_patches(training, parts.shape, settings, epoch=trained.epoch, most=most),
                validation_data=(judged, nothing),
                validation_batch_size=settings.batch,
                callbacks=watched(run, look),
                progress=run.progress,
                stage=f"training{word}",
                until=stage.last if number + 1 < len(stages) else None,
            )
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            smaller = max(DIVISOR, settings.patch // 2 // DIVISOR * DIVISOR)
            ways = [
                *(["a smaller --batch"] if settings.batch > 1 else []),
                *([f"--patch {smaller}"] if smaller < settings.patch else []),
                "fewer --boxes",
            ]
            raise InputError(
                f"there is not enough memory to train on {settings.batch} patches of {settings.patch} "
                f"pixels; give {' or '.join(ways)}"
            ) from error


def _look(parts: Parts, settings: MaskRCNNSettings, say: Say) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return what finds the particles of a section while the network is trained."""
    finders: dict[int, Finder] = {}
    # Made when somebody watches: it has a card compute with all digits, which training does not need.
    network = functools.cache(lambda: looking(parts))

    def look(section: NDArray[Any]) -> NDArray[Any]:
        image = normalise(section, settings.percentiles)
        tile = _tile([Example("", image, np.zeros(image.shape, np.int32))])
        finder = finders.setdefault(
            tile, Finder(network(), dataclasses.replace(OWN, least=_USUAL_SCORE), tile=tile, say=say)
        )
        return draw(finder.find(image), (section.shape[0], section.shape[1]))[0]

    return look


def _tile(examples: Sequence[Example]) -> int:
    """Return the edge of tiles for images: in one, where all fit into it."""
    edge: int = max(max(example.image.shape) for example in examples)
    return max(SMALLEST, min(TILE, -(-edge // DIVISOR) * DIVISOR))


def _with_all_digits(parts: Parts) -> Parts:
    """Return the network as it is run: in full precision, whatever it was trained in."""
    whole = build(parts.shape)
    copy_weights(parts, whole)
    return whole
