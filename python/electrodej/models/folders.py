"""Model folders: StarDist's, CSBDeep's and our own."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.contract import ZIP
from electrodej.models.info import FOLDER_FILE, FOREST_FILE, ModelInfo, read_info, read_json
from electrodej.models.keras_files import load_keras_file, load_weights
from electrodej.models.libraries import need_keras
from electrodej.models.safety.limits import MOST_CELL, MOST_COUNT, MOST_KERNEL, MOST_LEVELS, MOST_REPEATS
from electrodej.models.sized import sized
from electrodej.models.zip_weights import take_zip_weights

CONFIG = "config.json"
NETWORKS = ("model.keras", "model.h5")
# StarDist and CSBDeep keep the best weights under the first of these names.
_WEIGHTS = ("weights_best.h5", "weights_best.weights.h5", "weights_last.h5", "weights_last.weights.h5")
# What StarDist uses where no thresholds were optimised.
_PROBABILITY, _OVERLAP = 0.5, 0.4
# Kinds that have a loader of their own, and one verb that runs them.
_ONLY_SEGMENTS = {
    "stardist3d": (
        "a StarDist model of volumes",
        "what is asked for here needs another kind of model, and Fiji's plugins run networks of sections",
    ),
    "maskrcnn": (
        "a Mask R-CNN",
        "what is asked for here, as in Fiji's plugins, is one network from image to image, and this one is "
        "three, between which boxes are chosen",
    ),
}


def load_folder(folder: Path) -> tuple[Any, ModelInfo]:
    """Return the Keras model of a folder, and what is known of it.

    A StarDist model still has its separate outputs, on its grid.
    """
    own = read_info(folder / FOLDER_FILE) if (folder / FOLDER_FILE).is_file() else None
    if own is not None and own.kind in _ONLY_SEGMENTS:
        what, why = _ONLY_SEGMENTS[own.kind]
        raise InputError(
            f"{folder} is {what}, which 'electrodej segment particles' runs; {why}, see docs/particles.md"
        )
    if (folder / CONFIG).is_file():
        model, info = _load_configured(folder)
    elif own is not None:
        model, info = _load_own(folder), own
    else:
        if (folder / FOREST_FILE).is_file():
            raise InputError(
                f"{folder} is a forest, which tells phases apart: 'electrodej segment phases' runs it, and "
                "Fiji's plugins have no form of it"
            )
        raise InputError(
            f"{folder} is no model folder: it has neither {CONFIG} (StarDist, CSBDeep) "
            f"nor {FOLDER_FILE} (ours)"
        )
    if own is not None:
        info = _overlaid(info, own, folder)
    return model, info if info.name else dataclasses.replace(info, name=folder.resolve().name)


def _overlaid(found: ModelInfo, own: ModelInfo, folder: Path) -> ModelInfo:
    """Let the folder's own file have the last word, where it says anything: null and nothing are not said."""
    if own.kind != found.kind:
        raise InputError(
            f"{folder}: {FOLDER_FILE} calls the model {own.kind}, and {CONFIG} says {found.kind}"
        )
    written = read_json(folder / FOLDER_FILE)
    said = {
        field.name: getattr(own, field.name)
        for field in dataclasses.fields(own)
        if written.get(field.name) not in (None, "", [])
    }
    return dataclasses.replace(found, **said)


def _load_own(folder: Path) -> Any:
    for name in NETWORKS:
        if (folder / name).is_file():
            return load_keras_file(folder / name)
    raise InputError(f"{folder} holds no network: {NETWORKS[0]} is missing")


def _load_configured(folder: Path) -> tuple[Any, ModelInfo]:
    config = read_json(folder / CONFIG)
    _check_sizes(folder / CONFIG, config)
    axes = str(config.get("axes", "YXC"))
    if "Z" in axes or config.get("n_dim", 2) == 3:
        what = "StarDist" if "n_rays" in config or "rays_json" in config else "CSBDeep"
        raise InputError(
            f"{folder} is a 3D {what} model, and Fiji's plugins run 2D models only; "
            "train a 2D model and fuse three views instead"
        )
    if "n_rays" in config:
        return _load_stardist(folder, config)
    if "unet_n_first" in config:
        return _load_care(folder, config)
    raise InputError(f"{folder / CONFIG} is neither StarDist's nor CSBDeep's")


def _check_sizes(path: Path, config: dict[str, Any]) -> None:
    """Refuse, before anything is built, a network that no memory would hold."""
    most = {
        "unet_n_depth": MOST_LEVELS,
        "unet_kernel_size": MOST_KERNEL,
        "unet_kern_size": MOST_KERNEL,
        "net_conv_kernel_size": MOST_KERNEL,
        "unet_n_conv_per_depth": MOST_REPEATS,
        "unet_pool": MOST_CELL,
        "grid": MOST_CELL,
        "n_rays": MOST_COUNT,
        "n_classes": MOST_COUNT,
        "n_channel_in": MOST_COUNT,
        "n_channel_out": MOST_COUNT,
        "unet_n_filter_base": MOST_COUNT,
        "unet_n_first": MOST_COUNT,
        "net_conv_after_unet": MOST_COUNT,
    }
    for name, limit in most.items():
        value = config.get(name)
        for number in value if isinstance(value, list) else [value]:
            if number is None:
                continue
            whole = isinstance(number, int) and not isinstance(number, bool)
            if not whole or not 0 <= number <= limit:
                raise InputError(
                    f"{path}: {name} is {number!r}, and a network that can be built has a whole number up to "
                    f"{limit}"
                )


def _load_stardist(folder: Path, config: dict[str, Any]) -> tuple[Any, ModelInfo]:
    need_keras("reading a StarDist model")
    models = require("stardist.models", what="reading a StarDist model", extra="train")
    network = _built(folder, lambda: models.StarDist2D(models.Config2D(**config), basedir=None))
    _fill(network.keras_model, _weights(folder))
    probability, overlap = _thresholds(folder)
    grid = tuple(int(step) for step in network.config.grid)
    classes = int(network.config.n_classes or 0)
    return network.keras_model, ModelInfo(
        kind="stardist",
        channels_in=int(network.config.n_channel_in),
        channels_out=1 + int(network.config.n_rays),
        grid=(grid[0], grid[1]),
        rays=int(network.config.n_rays),
        probability_threshold=probability,
        overlap_threshold=overlap,
        description=(
            f"StarDist with {network.config.n_rays} rays"
            + (f" (its {classes} classes are left out: Fiji's plugin cannot show them)" if classes else "")
        ),
    )


def _load_care(folder: Path, config: dict[str, Any]) -> tuple[Any, ModelInfo]:
    need_keras("reading a CSBDeep model")
    models = require("csbdeep.models", what="reading a CSBDeep model", extra="train")
    network = _built(folder, lambda: models.CARE(models.Config(**_without_derived(config)), basedir=None))
    _fill(network.keras_model, _weights(folder))
    return network.keras_model, ModelInfo(
        kind="care",
        channels_in=int(network.config.n_channel_in),
        percentiles=(3.0, 99.8),
        description="CSBDeep network" + (" (mean, then scale)" if network.config.probabilistic else ""),
    )


def _without_derived(config: dict[str, Any]) -> dict[str, Any]:
    # Older trainings stored settings that today's config does not have; they concern training only.
    return {**config, "allow_new_parameters": True}


def _built(folder: Path, build: Any) -> Any:
    try:
        # Both libraries tell their defaults on stdout, which belongs to our results.
        with contextlib.redirect_stdout(io.StringIO()):
            return sized(build, folder / CONFIG)
    except InputError:
        raise
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{folder / CONFIG} describes no network that can be built ({text[:200]})"
        ) from error


def _fill(network: Any, weights: Path) -> None:
    (take_zip_weights if weights.name == ZIP else load_weights)(network, weights)


def _weights(folder: Path) -> Path:
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    others = sorted(path for path in folder.iterdir() if path.suffix in (".h5", ".hdf5"))
    if len(others) == 1:
        return others[0]
    if others:
        raise InputError(
            f"{folder} holds several weights and none is called {_WEIGHTS[0]}; "
            "rename the one to export to that"
        )
    if (folder / ZIP).is_file():
        return folder / ZIP
    raise InputError(f"{folder} holds no weights ({_WEIGHTS[0]} is missing), so there is nothing to export")


def _thresholds(folder: Path) -> tuple[float, float]:
    path = folder / "thresholds.json"
    if not path.is_file():
        return _PROBABILITY, _OVERLAP
    stored = read_json(path)
    return _share(stored.get("prob"), _PROBABILITY), _share(stored.get("nms"), _OVERLAP)


def _share(value: Any, otherwise: float) -> float:
    # StarDist itself falls back to its defaults where a stored threshold makes no sense.
    sensible = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
    return float(value) if sensible else otherwise
