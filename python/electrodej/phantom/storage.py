"""A phantom on the disk, made slab by slab."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from electrodej.files import whole_directory
from electrodej.phantom.config import PhantomConfig
from electrodej.phantom.generate import label_dtype, scene_slabs
from electrodej.phantom.scene import build_scene
from electrodej.phantom.truth import Tally, TruthTable, write_truth
from electrodej.run import Run
from electrodej.vocabulary import PathLike

VOLUMES = ("grey", "labels", "outlines", "phases")
CONFIG_NAME = "phantom.json"


def write_phantom(
    folder: PathLike,
    config: PhantomConfig,
    run: Run | None = None,
    *,
    suffix: Literal[".tif", ".zarr"] = ".tif",
) -> TruthTable:
    """Write grey, labels, outlines and phases, ``truth.csv`` and ``phantom.json`` into a new folder.

    Only some slabs are in memory at a time, as many as the run has room for; the files depend neither on that
    nor on its threads. The folder appears when all is there; the run's ``force`` replaces an older phantom
    and nothing else.

    Returns
    -------
    dict
        The truth table: column name to array.
    """
    from electrodej.volume import VolumeWriter

    run = run or Run()
    with whole_directory(folder, ours=_is_phantom, force=run.force) as part:
        scene = build_scene(config, progress=run.progress)
        kinds = {
            "grey": "uint8" if config.bits == 8 else "uint16",
            "labels": label_dtype(scene.visible),
            "outlines": label_dtype(scene.visible),
            "phases": "uint8",
        }
        tally = Tally(scene)
        with contextlib.ExitStack() as stack:
            writers = {
                name: stack.enter_context(
                    VolumeWriter(
                        part / f"{name}{suffix}",
                        config.shape,
                        kinds[name],
                        spacing=config.spacing,
                        labels=name != "grey",
                    )
                )
                for name in VOLUMES
            }
            for slab in scene_slabs(scene, run):
                for name, writer in writers.items():
                    writer.write(slab.z0, getattr(slab, name))
                tally.add(slab.z0, slab.outlines, slab.phases)
        truth = tally.table()
        write_truth(part / "truth.csv", truth)
        (part / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
    return truth


def _is_phantom(folder: Path) -> bool:
    """A folder with a phantom and nothing else: ``force`` must not take somebody's notes with it."""
    ours = {
        CONFIG_NAME,
        "truth.csv",
        *(f"{name}{suffix}" for name in VOLUMES for suffix in (".tif", ".zarr")),
    }
    return (folder / CONFIG_NAME).is_file() and {entry.name for entry in folder.iterdir()} <= ours
