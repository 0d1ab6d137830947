"""The work of a fusion: from three views, or from a grey volume and a model, to particles."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, OutputError
from electrodej.files import scratch_folder
from electrodej.files.names import file_beside
from electrodej.run import Run
from electrodej.verbs.fuse.folder import identity, open_folder, remove_views, round_folder, worth_keeping
from electrodej.verbs.fuse.rounds import Found, check_teachable, keep_model, learn
from electrodej.verbs.fuse.shapes import look_at_shapes
from electrodej.verbs.fuse.views import Looking, Network, check_apart, check_grey, open_views
from electrodej.verbs.fuse.writing import Fusing, check_outputs, write_particles

if TYPE_CHECKING:
    from electrodej.fusion import Views
    from electrodej.inspection import Ready
    from electrodej.verbs.fuse import FuseOptions
    from electrodej.volume import Volume
    from electrodej.workers import Workers

Numbers = dict[str, Any]


def fuse_given_views(options: FuseOptions, run: Run) -> Numbers:
    """Fuse three probability volumes and write labels and the agreement table."""
    from electrodej.volume import open_volume

    images = (options.xy, options.xz, options.yz)
    check_apart(images)
    inputs = [image for image in (*images, options.grey) if image is not None]
    check_outputs(options.out, options.pictures, inputs, run)
    shapes = _shape_network(options, run)
    with _workers(run) as workers, contextlib.ExitStack() as stack:
        views = open_views(stack, images, options.spacing)
        grey = None
        if options.grey is not None:
            grey = stack.enter_context(open_volume(options.grey, spacing=options.spacing))
            check_grey(grey, views)
        return _Fuser(options, grey, shapes, workers).fuse(views, Path(options.out), run)


def fuse_grey_volume(options: FuseOptions, run: Run) -> Numbers:
    """Run a StarDist model over the three views of a grey volume and fuse what it finds.

    The views' probabilities are written to a folder beside the labels (``particles_views`` for
    ``particles.tif``), which goes when the labels are there and stays when the run is stopped.
    """
    from electrodej.inspection import look_first
    from electrodej.models.bundled import find_model
    from electrodej.volume import open_volume

    assert options.model is not None
    check_outputs(options.out, options.pictures, [options.image], run)
    find_model(options.model)
    shapes = _shape_network(options, run)
    kept = file_beside(options.out, "_model")
    if options.rounds:
        check_teachable(options.model, kept, run)
    with contextlib.ExitStack() as stack:
        grey = stack.enter_context(open_volume(options.image, spacing=options.spacing))
        if grey.is_2d:
            raise InputError(
                f"{grey.path} is a single section, and fusion needs the three views of a volume; find "
                "its particles with 'electrodej segment particles'"
            )
        grey.require_spacing()
        folder = file_beside(options.out, "_views")
        for given in (grey.path, Path(options.model)):
            if folder.resolve() in given.resolve().parents:
                raise OutputError(
                    f"{folder} is needed for the three views, and {given} lies in it; move it away"
                )
        workers = stack.enter_context(_workers(run))
        network = Network(options.model, run.cores, options.engine)
        ready = look_first(grey, [network.look], run, scale=options.scale, as_is=options.as_is)
        known = identity(grey, options.model, ready, options.rounds, _taught_with(options))
        resumed = open_folder(folder, known, run, resume=options.resume)
        if resumed:
            run.note(f"the {', '.join(resumed)} view was finished and is taken up")
        with worth_keeping(folder):
            fuser = _Fuser(options, ready.volume, shapes, workers, ready)
            numbers = fuser.find_in_rounds(network, folder, kept, run)
    remove_views(folder)
    return numbers | {
        "model": os.fspath(options.model),
        "rounds": options.rounds,
        "resumed_views": resumed,
        "look": ready.as_plain(),
    }


@dataclass(frozen=True)
class _Fuser:
    """Finds particles as the options say.

    Attributes
    ----------
    grey
        The grey volume with bright particles, open.
    shapes
        The network of the second stage, if there is to be one.
    workers
        Those of a cluster, or None.
    ready
        The grey volume as the model is to see it, where there is a model.
    """

    options: FuseOptions
    grey: Volume | None
    shapes: Network | None
    workers: Workers | None
    ready: Ready | None = None

    def find_in_rounds(self, network: Network, folder: Path, kept: Path, run: Run) -> Numbers:
        """Train the model as often as is asked for, and find the particles with what becomes of it."""
        options = self.options
        for number in range(1, options.rounds + 1):
            told = run.part(number - 1, options.rounds + 1, f"round {number}: ")
            network = self._teach(network, round_folder(folder, number), kept.name, told)
        last = run.part(options.rounds, options.rounds + 1) if options.rounds else run
        numbers = self._find(network, folder, Path(options.out), last)
        if options.rounds:
            numbers["model_learnt"] = keep_model(Path(network.place), kept, run)
        return numbers

    def _teach(self, network: Network, place: Path, name: str, run: Run) -> Network:
        """Do a round in a folder, unless that is done: find particles, and train the model on them."""
        taught = place / name
        if not taught.is_dir():
            place.mkdir(exist_ok=True)
            plain = replace(self.options, intact=False, shapes=None, pictures=None)
            fuser = replace(self, options=plain, shapes=None)
            first = replace(run.part(0, 2), force=True)
            numbers = fuser._find(network, place, place / "labels.tif", first)
            views = [place / f"{view}.tif" for view in ("xy", "xz", "yz")]
            found = Found(numbers["labels"], numbers["table"], views)
            how = replace(self.options.teaching, first=Path(os.fspath(self.options.model or "")).name)
            learn(self._looking(), found, network, taught, how, run.part(1, 2))
        return Network(taught, run.cores)

    def _looking(self) -> Looking:
        assert self.ready is not None
        return Looking(self.ready, self.workers)

    def _find(self, network: Network, place: Path, out: Path, run: Run) -> Numbers:
        """Find the particles; the views that are not in the folder yet are put there."""
        paths = self._looking().look(network, place, run)
        assert self.grey is not None
        with contextlib.ExitStack() as stack:
            views = open_views(stack, paths, self.grey.require_spacing())
            return self.fuse(views, out, run.part(3, 4, "fuse: "))

    def fuse(self, views: Views, out: Path, run: Run) -> Numbers:
        """Fuse once, or with a shape model twice."""
        options, grey, run = self.options, self.grey, run.beside_what_is_held()
        refine = int(grey is not None) if options.refine is None else options.refine
        fusing = Fusing(
            out, views, views, grey, options.method, options.settings, options.intact, refine, self.workers
        )
        if self.shapes is None:
            return self._fuse_once(fusing, run)
        with scratch_folder(out) as folder, contextlib.ExitStack() as stack:
            rough = replace(fusing, out=folder / "rough.tif", grey=None, intact=False, refine=0)
            found, _ = write_particles(rough, replace(run.part(0, 3), force=False))
            shown = look_at_shapes(rough.out, self.shapes, folder, views.spacing, run.part(1, 3))
            drawn = open_views(stack, shown, views.spacing)
            numbers = self._fuse_once(replace(fusing, views=drawn), run.part(2, 3))
        return numbers | {
            "shapes": os.fspath(self.shapes.place),
            "particles_before_shapes": found["particles"],
        }

    def _fuse_once(self, fusing: Fusing, run: Run) -> Numbers:
        numbers, columns = write_particles(fusing, run)
        if self.options.pictures is not None:
            from electrodej.report.overlays import draw_pictures

            numbers["pictures"] = draw_pictures(
                Path(self.options.pictures),
                fusing.out,
                columns,
                run,
                views=fusing.seen,
                grey=fusing.grey,
            )
        return numbers


def _taught_with(options: FuseOptions) -> Numbers | None:
    """Return what the labels that a round learns from depend on, as JSON has it; None without rounds."""
    if not options.rounds:
        return None
    return {
        "method": options.method,
        "settings": options.settings.as_plain(),
        "refine": options.refine,
        "teaching": options.teaching.as_plain(),
    }


def _shape_network(options: FuseOptions, run: Run) -> Network | None:
    """Load the shape model; one that is none is refused before hours of other work."""
    if options.shapes is None:
        return None
    network = Network(options.shapes, run.cores, options.engine)
    assert network.loaded
    return network


@contextlib.contextmanager
def _workers(run: Run) -> Iterator[Workers | None]:
    """The workers of a cluster while they are needed; None for this machine's own threads."""
    if run.scheduler is None:
        yield None
        return
    with run.workers() as hired:
        yield hired
