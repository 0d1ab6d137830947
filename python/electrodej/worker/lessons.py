"""Learning from what a person drew on open images in Fiji.

The images and what was drawn become a folder of training data, as the shell's ``train`` takes it; then come
the verbs that train, export and verify, one after the other. The folder is kept beside the model, so that the
same can be done again in a shell, or more be added.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import is_labkit, read_labkit
from electrodej.errors import ElectrodeJError, Enough, InputError, OutputError, VoxelSizeError
from electrodej.fiji.content import PREFIX
from electrodej.fiji.images import UNCALIBRATED, opened
from electrodej.files import whole_directory
from electrodej.models.bundled import bundled_models, own_models_folder
from electrodej.options import SpacingOf
from electrodej.progress import Progress, silent
from electrodej.run import Run
from electrodej.verbs import find
from electrodej.vocabulary import Spacing
from electrodej.volume import check_labels, compact_dtype, write_volume
from electrodej.worker.preview import watcher

# What every network starts from unless told otherwise, and the names of its two folders of data.
# A forest starts from nothing.
BUNDLED = {"stardist": "nmc-particles", "unet": "nmc-cracks", "lrcs": "nmc-phases", "forest": ""}
_OF_PHASES = ("grey", "phases")
_FOLDERS = {"stardist": ("images", "masks"), "unet": _OF_PHASES, "lrcs": _OF_PHASES, "forest": _OF_PHASES}
NOT_LABELLED = 255
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MARK = "drawn-in-fiji.txt"
# What a training says at each of its steps.
_EPOCH = re.compile(r", epoch \d+ of \d+")
# What the dialog sends on to the verb as it stands.
_PASSED = ("epochs", "steps", "batch", "patch", "patience", "seed")


@dataclass(frozen=True)
class Drawn:
    """An image and what was drawn on it, ZYX: 0 where nothing was, else the number of a particle or class."""

    title: str
    grey: NDArray[Any]
    drawn: NDArray[Any]
    spacing: Spacing
    names: tuple[str, ...] = ()


def learn(arguments: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Train a model from open images and put it where ElectrodeJ finds it by its name.

    ``arguments`` has ``network`` (a key of `BUNDLED`), ``images`` (each a map with ``grey`` and ``drawn``),
    ``preview`` (a folder that gets, after each epoch, what the network finds in one of the slices that were
    drawn on, see `electrodej.worker.preview`), ``name`` of the model, the ``folder`` that it goes into,
    ``init`` (a model, or empty for none), ``names`` of the classes, ``voxelSize`` where the images do not
    say theirs, ``enough`` (a file; once it is there, the training ends with the best network so far) and
    what the verb takes: epochs, steps, batch, patch, patience, seed.
    """
    network, name = str(arguments.get("network")), str(arguments.get("name") or "").strip()
    force = bool(arguments.get("replace"))
    if network not in BUNDLED:
        raise InputError(f"{network} is no network that learns here; there are {', '.join(BUNDLED)}")
    model = _place(Path(arguments.get("folder") or own_models_folder()), name, force=force)
    data = model.with_name(f"{name}.data")
    spacing = _typed_spacing(arguments)
    with contextlib.ExitStack() as stack:
        sent = arguments.get("images") or ()
        drawn = [_read(each, network, spacing, stack) for each in sent]
        names = _class_names(arguments, drawn)
        slices = write_data(data, drawn, network, classes=len(names))
    training = replace(
        run,
        force=force,
        progress=until_enough(run.progress, arguments.get("enough")),
        watch=watcher(arguments.get("preview"), drawn, background=network == "unet"),
    )
    trained = _train(network, data, model, names, arguments, training)
    zipped = "" if network == "forest" else _export(model, name, replace(run, force=True))
    segments = "Segment Particles" if network == "stardist" else "Segment Phases"
    command = f'run("{PREFIX}{segments}", "model={name}");'
    proof = _proof(model, run) if zipped else "Fiji's own plugins run no forest; it works in Python"
    return {
        "model": name,
        "folder": str(model),
        "zip": zipped,
        "slices": slices,
        "command": command,
        "text": f"{trained.text}\n{proof}\nIt is in the list of models: {command}",
        "notes": list(run.notes),
    }


def _export(model: Path, name: str, run: Run) -> str:
    verb = find("export")
    outcome = verb.run(verb.make(model=str(model), out=str(model / "model.zip"), name=name), run)
    return str(outcome.files["zip"])


def write_data(folder: Path, drawn: Sequence[Drawn], network: str, *, classes: int = 0) -> int:
    """Write training data, a file for each slice that somebody drew on; return how many there are.

    For StarDist every number is a particle. For U-Net what was drawn is 1, the rest of the slice 0. For
    LRCS-Net and forests class n becomes n - 1, and what nobody drew on is not labelled: few strokes do.
    """
    found = [
        (each.grey[z], each.drawn[z], each.spacing)
        for each in drawn
        for z in range(len(each.drawn))
        if each.drawn[z].any()
    ]
    if not found:
        raise InputError("nothing was drawn on these images: outline things, add them with T, and try again")
    # The others hold a part of a single slice out themselves, or nothing.
    whole = network != "stardist" or len(found) > 1
    with whole_directory(folder, ours=lambda place: (place / _MARK).is_file(), force=True) as part:
        (part / _MARK).write_text(
            "Drawn in Fiji; written anew with each Train From My ROIs.\n", encoding="utf-8"
        )
        greys, truths = (part / name for name in _FOLDERS[network])
        greys.mkdir()
        truths.mkdir()
        for number, (grey, things, spacing) in enumerate(found if whole else _halves(*found[0]), 1):
            name = f"{number:04d}.tif"
            truth = _truth(things, network, classes)
            write_volume(greys / name, grey[None], spacing=spacing)
            write_volume(truths / name, truth[None], spacing=spacing, labels=network == "stardist")
    return len(found)


def _halves(
    grey: NDArray[Any], drawn: NDArray[Any], spacing: Spacing
) -> Iterator[tuple[NDArray[Any], NDArray[Any], Spacing]]:
    """Cut a single slice where both halves have as much drawn on them: one judges what the other teaches."""
    axis = int(np.argmax(drawn.shape))
    along = np.cumsum((drawn > 0).sum(axis=1 - axis))
    cut = int(np.clip(np.searchsorted(along, along[-1] / 2) + 1, 1, drawn.shape[axis] - 1))
    for part in (slice(0, cut), slice(cut, None)):
        at = (part, slice(None)) if axis == 0 else (slice(None), part)
        yield grey[at], drawn[at], spacing


def _truth(drawn: NDArray[Any], network: str, classes: int) -> NDArray[Any]:
    if network == "stardist":
        return drawn.astype(compact_dtype(int(drawn.max())), copy=False)
    if network == "unet":
        return (drawn > 0).astype(np.uint8)
    if drawn.max() > max(classes, 1):
        raise InputError(
            f"something was drawn as class {int(drawn.max())}, and there are {classes} names: give a name "
            "for each, as pore,binder,particle for the groups 1, 2 and 3 of ROIs"
        )
    return np.where(drawn > 0, drawn.astype(np.int64) - 1, NOT_LABELLED).astype(np.uint8)


def _place(folder: Path, name: str, *, force: bool) -> Path:
    if not _NAME.fullmatch(name):
        raise InputError(f"{name or 'nothing'} is no name for a model; use letters, digits, - and _")
    if name in bundled_models():
        raise InputError(f"{name} is a model of ElectrodeJ's own; choose another name")
    place = folder / name
    if place.exists() and not force:
        raise OutputError(f"you have a model {name} already; give --force to replace it")
    place.parent.mkdir(parents=True, exist_ok=True)
    if force:
        # A training that was stopped would be gone on with in a shell; here it is begun anew.
        shutil.rmtree(place.with_name(f"{name}.run"), ignore_errors=True)
    return place


def _typed_spacing(arguments: Mapping[str, Any]) -> Spacing | None:
    typed = str(arguments.get("voxelSize") or "").strip()
    try:
        return SpacingOf().read(typed) if typed else None
    except ValueError as error:
        raise InputError(f'"Voxel size": {error}') from None


def _read(
    given: Mapping[str, Any], network: str, typed: Spacing | None, stack: contextlib.ExitStack
) -> Drawn:
    grey = stack.enter_context(opened(given["grey"], role="grey", spacing=typed))
    title = _title(given["grey"])
    spacing = typed or grey.spacing
    if spacing is None:
        raise VoxelSizeError(f"{title}: {UNCALIBRATED}")
    file = given["drawn"].get("file")
    names: tuple[str, ...] = ()
    if file and is_labkit(file):
        labelling = read_labkit(file)
        names = labelling.names
        drawn = _instances(labelling.things) if network == "stardist" else labelling.classes
        if network == "unet":
            drawn = labelling.things.astype(np.uint8)
    else:
        marks = stack.enter_context(opened(given["drawn"], role="label", spacing=typed))
        drawn = check_labels(np.array(marks.read()), _title(given["drawn"]))
    if drawn.shape != tuple(grey.shape):
        raise InputError(
            f"{title} has {_size(grey.shape)} voxels, and what was drawn has {_size(drawn.shape)}; "
            "use images of one size"
        )
    return Drawn(title, np.array(grey.read()), drawn, spacing, names)


def _title(image: Mapping[str, Any]) -> str:
    return str(image.get("title") or image.get("file"))


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, reversed(shape)))


def _instances(things: NDArray[np.bool_]) -> NDArray[Any]:
    """Number the pieces of each slice."""
    from scipy.ndimage import label

    pieces = [label(each)[0] for each in things]
    return np.stack(pieces).astype(compact_dtype(max(int(each.max()) for each in pieces)))


def _class_names(arguments: Mapping[str, Any], drawn: Sequence[Drawn]) -> tuple[str, ...]:
    typed = tuple(name.strip() for name in str(arguments.get("names") or "").split(",") if name.strip())
    if typed:
        return typed
    named = next((each.names for each in drawn if each.names), ())
    most = max((int(each.drawn.max()) for each in drawn if each.drawn.size), default=0)
    return named or tuple(f"phase {number}" for number in range(1, min(most, NOT_LABELLED - 1) + 1))


def until_enough(progress: Progress, file: Any) -> Progress:
    """Return a progress that ends a training, once, when a file is there.

    It stops what is told before the first epoch, and leaves what comes after the last one, as the choice of
    thresholds, to end.
    """
    if not file:
        return progress
    place, said, begun = Path(str(file)), False, False

    def tell(done: float, total: float, stage: str) -> None:
        nonlocal said, begun
        progress(done, total, stage)
        learning = _EPOCH.search(stage) is not None
        begun = begun or learning
        if (learning or not begun) and not said and place.exists():
            said = True
            raise Enough("stopped before there was anything to keep")

    return tell


def _train(
    network: str, data: Path, model: Path, names: tuple[str, ...], arguments: Mapping[str, Any], run: Run
) -> Any:
    verb = find(f"train {network}")
    known = {option.name for option in verb.options.options()}
    values = {key: arguments[key] for key in _PASSED if arguments.get(key) is not None and key in known}
    if arguments.get("init") and network != "forest":
        values["init"] = str(arguments["init"])
    if network in ("lrcs", "forest"):
        values["names"] = names
    if network == "unet":
        values |= {"foreground": 1, "names": ("background", (names or ("drawn",))[0])}
    source: Any = str(data) if network == "stardist" else (str(data),)
    return verb.run(verb.make(data=source, out=str(model), **values), run)


def _proof(model: Path, run: Run) -> str:
    """Try the zip in TensorFlow 1.15; where that cannot be had, say so: the model is whole."""
    verb = find("verify")
    quiet = replace(run, progress=silent)
    try:
        outcome = verb.run(verb.make(zip=str(model / "model.zip"), source=str(model)), quiet)
    except ElectrodeJError as error:
        run.note(f"whether Fiji's own plugins run the model was not tried: {error}")
        return "Its zip was not tried in TensorFlow 1.15"
    if outcome.failure:
        run.note(outcome.failure)
    return outcome.text.splitlines()[-1]
