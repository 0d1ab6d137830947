"""``electrodej train maskrcnn``: a network that finds particles as boxes with a mask in each."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.networks.maskrcnn.settings import MaskRCNNSettings
from electrodej.options import PathTo, nested, option
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.train.particles import LearningOptions, trained_outcome
from electrodej.vocabulary import PathLike


@dataclass(frozen=True, kw_only=True)
class TrainMaskRCNNOptions(LearningOptions):
    """What a Mask R-CNN learns from, and how."""

    init: PathLike | None = option(
        None,
        PathTo(metavar="coco|imagenet|FILE|MODEL", role="model"),
        "start from published weights (coco or imagenet), a mask_rcnn_*.h5, or a Mask R-CNN (a bundled name "
        "or a folder)",
    )
    settings: MaskRCNNSettings = nested(MaskRCNNSettings)


def train(options: TrainMaskRCNNOptions, run: Run) -> Outcome:
    """Train on a folder of images with labels, VIA polygons or ImageJ ROIs."""
    from electrodej.annotation import read_pairs
    from electrodej.files import check_target
    from electrodej.models.libraries import load_keras, use_threads

    check_target(options.out, force=run.force, inputs=[options.data])
    use_threads(run.cores)
    load_keras("training a Mask R-CNN")
    pairs = read_pairs(options.data)
    from electrodej.networks.maskrcnn.train import train_maskrcnn

    trained = train_maskrcnn(
        pairs,
        options.out,
        options.settings,
        run,
        **options.asked(),
    )
    return trained_outcome(options.out, pairs, trained)


VERB = Verb(
    name="train maskrcnn",
    summary="finds particles as boxes with a mask in each",
    help="""Train a Mask R-CNN, which finds particles on sections as boxes with a mask in each.

DATA is as for train stardist: a folder with the subfolders images and masks (label images), a VIA JSON
beside its images, or a folder of images with ImageJ ROI zips of the same name.

--init coco and --init imagenet fetch published weights (246 and 94 MB) with Keras's downloader, which keeps
them in ~/.keras; where that cannot be, fetch the file by other means and give it. From weights the heads are
trained first, then the backbone from its fourth level on too, then all layers at a tenth of the rate
(--stages); from chance, all layers at once.""",
    example="electrodej train maskrcnn annotated/ --out my-regions --init nmc-regions --epochs 40",
    options=TrainMaskRCNNOptions,
    work=train,
    takes=("force", "jobs"),
    menu=Menu(
        "Train Mask R-CNN",
        ("data", "init", "epochs", "resume", "spacing", "out"),
        further=("steps", "batch", "patch", "stages", "patience", "learning_rate", "seed", "description"),
    ),
)
