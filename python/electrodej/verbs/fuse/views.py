"""The three views of a fusion: opened where they are given, or made by a model."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.models.engines.names import EngineName
from electrodej.run import Run
from electrodej.vocabulary import VIEWS, PathLike, Spacing, View

if TYPE_CHECKING:
    from electrodej.fusion import Views
    from electrodej.inspection import Look, Plan, Ready
    from electrodej.networks.stardist.model import StarDistModel
    from electrodej.networks.stardist.settings import ViewSettings
    from electrodej.volume import Volume
    from electrodej.workers import Workers


def check_apart(given: Sequence[Any]) -> None:
    """Refuse one file in the place of two views."""
    paths = [
        (view, Path(path)) for view, path in zip(VIEWS, given, strict=True) if isinstance(path, str | Path)
    ]
    for (view, path), (other, again) in itertools.combinations(paths, 2):
        if path == again or (path.exists() and again.exists() and path.samefile(again)):
            raise InputError(
                f"{path} is given for both the {view} and the {other} view; give each its own probabilities"
            )


def open_views(stack: contextlib.ExitStack, images: Sequence[Any], spacing: Spacing | None) -> Views:
    """Open the probabilities of the xy, xz and yz sections; ``stack`` closes them.

    Raises
    ------
    electrodej.errors.InputError
        A volume has another shape or voxel size than the others.
    """
    from electrodej.fusion import Views
    from electrodej.volume import open_volume

    volumes = [stack.enter_context(open_volume(image, spacing=spacing)) for image in images]
    known = [volume.spacing for volume in volumes if volume.spacing is not None]
    return Views(*volumes, spacing=known[0] if known else volumes[0].require_spacing())


def check_grey(grey: Volume, views: Views) -> None:
    """Refuse a grey volume that is of something else than the views."""
    from electrodej.fusion.views import check_voxel_size

    if grey.shape != views.shape:
        raise InputError(
            f"{grey.path}: the grey volume has another shape than the views; give the one they are of"
        )
    check_voxel_size(grey, "grey volume", views.spacing)


class Network:
    """A StarDist model by its place, loaded when it is first needed, and once."""

    def __init__(self, place: PathLike, cores: int, engine: EngineName = "auto") -> None:
        self.place, self.engine, self._cores = place, engine, cores

    @cached_property
    def loaded(self) -> StarDistModel:
        """The model itself."""
        from electrodej.models.libraries import use_threads
        from electrodej.networks.stardist.model import load_stardist

        use_threads(self._cores)
        return load_stardist(self.place, engine=self.engine)

    @property
    def look(self) -> Look:
        """What is known of the images that it was trained on."""
        from electrodej.inspection import find_look, known_look

        return find_look(self.place) or known_look(self.place, self.loaded.info.spacing)


@dataclass(frozen=True)
class Looking:
    """How a model looks at an image.

    Attributes
    ----------
    ready
        The image as the network is to see it.
    workers
        Those of a cluster, each of which looks at one view; None for this process.
    """

    ready: Ready
    workers: Workers | None

    @property
    def grey(self) -> Volume:
        """The image as the network is to see it."""
        return self.ready.volume

    def look(self, network: Network, folder: Path, run: Run) -> list[Path]:
        """Write the probabilities of the views that are not in a folder yet; return all three."""
        from electrodej.networks.stardist.settings import ViewSettings

        paths = {view: folder / f"{view}.tif" for view in VIEWS}
        missing: list[View] = [view for view, path in paths.items() if not path.exists()]
        scales = self.ready.scales()
        settings = [ViewSettings(view=view, scale=scales[view]) for view in missing]
        if self.workers is None:
            for each in settings:
                told = run.part(VIEWS.index(each.view), 4, f"{each.view} view: ")
                look_at_view(self.grey, network.loaded, each, paths[each.view], told)
            return list(paths.values())
        place = Path(network.place)
        where = place.resolve() if place.exists() else network.place
        grey, plan = self.ready.source, self.ready.plan
        image = grey.path.resolve() if grey.path.exists() else grey.read()
        size = grey.require_spacing()
        own = Run(memory=run.memory, jobs=run.cores)
        model = (where, network.engine)
        tasks = [((image, plan), model, each, paths[each.view].resolve(), size, own) for each in settings]
        run.progress(0, 4, "views")
        with contextlib.closing(self.workers.run(look_elsewhere, tasks)) as coming:
            for done, _ in enumerate(coming, start=1):
                run.progress(done, 4, "views")
        return list(paths.values())


def look_at_view(grey: Volume, model: StarDistModel, settings: ViewSettings, path: Path, run: Run) -> None:
    """Write the probability of the sections of one view."""
    from electrodej import volume
    from electrodej.networks.stardist.views import predict_view

    volume.check_grey(grey[:1, :1, :1], grey.path)
    # A worker that died may have finished the file before it could say so.
    predict_view(
        grey, model, settings, replace(run, force=True), spacing=grey.require_spacing(), probability=path
    )


def look_elsewhere(
    image: tuple[Any, Plan | None],
    model: tuple[PathLike, EngineName],
    settings: ViewSettings,
    path: Path,
    spacing: Spacing,
    run: Run,
) -> None:
    """Do the same in a process of its own, which opens and prepares the image and loads the model itself."""
    from electrodej.inspection import prepare
    from electrodej.volume import ArrayVolume, open_volume

    source, plan = image
    with (
        ArrayVolume(source, spacing=spacing)
        if hasattr(source, "shape")
        else open_volume(source, spacing=spacing)
    ) as grey:
        ready = grey if plan is None else prepare(grey, plan)
        place, engine = model
        look_at_view(ready, Network(place, run.cores, engine).loaded, settings, path, run)
