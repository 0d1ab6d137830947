"""A grey volume on disk to phases on disk, with class probabilities and their uncertainty if wanted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from electrodej.files import check_target
from electrodej.progress import Progress, silent

PathLike = str | os.PathLike[str]


def segment_phases(
    image: PathLike,
    *,
    model: PathLike,
    out: PathLike,
    probability: PathLike | None = None,
    entropy: PathLike | None = None,
    views: Sequence[Literal["xy", "xz", "yz"]] = ("xy",),
    tile: int = 0,
    spacing: tuple[float, float, float] | None = None,
    memory: int | None = None,
    jobs: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run a segmentation network over ``image`` and write the phases.

    Parameters
    ----------
    image
        The grey volume, or a single image.
    model
        A model folder, or the name of a bundled model.
    out
        The phases, uint8.
    probability
        Name of the probabilities, float32: ``p.tif`` becomes ``p_pore.tif``, ``p_binder.tif`` and so on.
    entropy
        How undecided the network is, float32 from 0 to 1.
    views
        Planes that the network sees; the mean of several is taken.
    tile
        Largest side of a tile in pixels; 0: as large as the memory allows.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    memory, jobs
        How many bytes and how many threads may be used.
    force
        Replace outputs that exist.
    progress
        Told of each batch of tiles.

    Returns
    -------
    result
        Files, voxels of each class, voxel size, and notes.
    """
    from electrodej.networks.backend import use_threads
    from electrodej.networks.semantic import PredictSettings, load_model, predict_slabs
    from electrodej.networks.semantic.predict import DEFAULT_MEMORY, entropy_of, measure_volume
    from electrodej.volume import VolumeWriter, open_volume
    from electrodej.volume.write import format_of

    use_threads(jobs)
    network = load_model(model)
    maps = [] if probability is None else _map_names(probability, network.classes.names)
    targets = [Path(out), *maps, *([] if entropy is None else [Path(entropy)])]
    for target in targets:
        check_target(target, force=force, inputs=[image])
        format_of(target)
    settings = PredictSettings(views=tuple(views), memory=memory or DEFAULT_MEMORY, tile=tile)
    counts = np.zeros(len(network.classes.ids), np.int64)
    with contextlib.ExitStack() as stack:
        volume = stack.enter_context(open_volume(image, spacing=spacing))
        size = volume.require_spacing()
        levels, notes = measure_volume(volume, network)

        def writer(path: Path, kind: Any, *, labels: bool) -> Any:
            return stack.enter_context(
                VolumeWriter(path, volume.shape, kind, spacing=size, labels=labels, force=force)
            )

        phases = writer(Path(out), np.uint8, labels=True)
        shown = [writer(path, np.float32, labels=False) for path in maps]
        unsure = None if entropy is None else writer(Path(entropy), np.float32, labels=False)
        for z0, _, found in predict_slabs(
            volume, network, levels=levels, settings=settings, scratch=out, progress=progress
        ):
            channels = found.argmax(axis=-1)
            counts += np.bincount(channels.ravel(), minlength=counts.size)
            phases.write(z0, network.classes.phases(channels))
            for channel, target in enumerate(shown):
                target.write(z0, np.ascontiguousarray(found[..., channel]))
            if unsure is not None:
                unsure.write(z0, entropy_of(found))
    names = zip(network.classes.ids, network.classes.names, counts.tolist(), strict=True)
    return {
        "phases": os.fspath(out),
        "files": [os.fspath(target) for target in targets],
        "classes": [
            {"value": value, "name": name, "voxels": voxels, "share": voxels / volume.size}
            for value, name, voxels in names
        ],
        "spacing_um": list(size),
        "notes": notes,
    }


def _map_names(path: PathLike, names: Sequence[str]) -> list[Path]:
    """Return one name for each class, before the suffix: ``p.ome.tif`` gives ``p_pore.ome.tif``."""
    target = Path(path)
    stem, dot, suffix = target.name.partition(".")
    plain = ["".join(c if c.isalnum() or c in "-_" else "-" for c in name) for name in names]
    return [target.with_name(f"{stem}_{name}{dot}{suffix}") for name in plain]
