"""What Fiji's commands ask the Python worker to do.

`electrodej.fiji.worker` speaks with Fiji; here each verb takes its arguments from a Fiji script and calls
the function that the command line calls. A script starts this module as a program
(``python -m electrodej.jobs.fiji``), once, and sends every task as the same source text, `TASK`.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from electrodej import __version__
from electrodej.errors import InputError, VoxelSizeError
from electrodej.progress import Progress
from electrodej.run import Run

Arguments = Mapping[str, Any]

TASK = "import electrodej.jobs.fiji as fiji; fiji.run(task, verb, arguments)"


def run(task: Any, verb: str, arguments: Arguments) -> None:
    """Do one task of Appose's; see `electrodej.fiji.worker.perform`."""
    from electrodej.fiji.worker import perform

    perform(VERBS, task, verb, arguments)


def version(arguments: Arguments, progress: Progress) -> dict[str, Any]:  # noqa: ARG001 - a verb's form
    """Say which ElectrodeJ and Python work here, and which extras they lack."""
    from electrodej.diagnosis import diagnose

    missing = [check.name for check in diagnose().checks if check.status != "ok"]
    return {
        "electrodej": __version__,
        "python": platform.python_version(),
        "program": sys.executable,
        "missing": missing,
    }


def measure(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Measure particles: ``grey`` and ``labels`` in, the table in the file ``table``.

    Arguments as `electrodej.jobs.measure.measure_particles` has them, and ``voxelSize``, a text Z,Y,X.
    """
    from electrodej.features import features
    from electrodej.fiji.images import opened
    from electrodej.files.tables import check_table_target, checksum
    from electrodej.jobs.measure import named_by_file
    from electrodej.volume import common_spacing

    out = _required_path(arguments, "table", "choose where to write the table")
    force = bool(arguments.get("replace"))
    spacing = _voxel_size(arguments)
    sent = {role: arguments.get(role) or {} for role in ("grey", "labels")}
    files = {role: str(image["file"]) for role, image in sent.items() if image.get("file")}
    check_table_target(out, beside=("contacts",), force=force, inputs=list(files.values()))
    with (
        opened(sent["grey"], role="grey", spacing=spacing) as grey,
        opened(sent["labels"], role="label", spacing=spacing) as labels,
    ):
        size = common_spacing(grey, labels)
        with named_by_file(grey=grey.path, labels=labels.path):
            table = features(
                grey,
                labels,
                spacing=size,
                radius=_number(arguments, "radius", 0.7),
                attributes=arguments.get("attributes") or None,
                crop=int(_number(arguments, "crop", 0)),
                exclude_border=bool(arguments.get("excludeBorder")),
                run=Run(progress=progress),
            )
        names = {"grey": grey.path.name, "labels": labels.path.name}
    inputs = {
        role: {"file": name, **({"checksum": checksum(files[role])} if role in files else {})}
        for role, name in names.items()
    }
    table.write(out, force=force, inputs=inputs)
    return {
        "particles": len(table),
        "table": out,
        "notes": list(table.notes),
        "voxel": list(size),
    }


def segment(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Find particles: ``image`` in, labels in the file ``out``; ``model``, ``view`` as the verb has them."""
    from electrodej.jobs.segment import WATERSHED, find_sections, segment_particles

    out = _required_path(arguments, "out", "choose where to write the labels")
    force = bool(arguments.get("replace"))
    model = str(arguments.get("model") or WATERSHED).strip()
    with _as_file(arguments.get("image") or {}, spacing=_voxel_size(arguments)) as path:
        if model == WATERSHED:
            return segment_particles(path, out, force=force, progress=progress)
        from electrodej.networks.stardist.views import ViewSettings

        settings = ViewSettings(view=arguments.get("view") or "xy")
        return find_sections(path, model=model, out=out, settings=settings, force=force, progress=progress)


def phases(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Find phases or cracks: ``image`` in, phases in the file ``out``; ``view`` may be ``all``."""
    from electrodej.jobs.segment_phases import segment_phases

    out = _required_path(arguments, "out", "choose where to write the phases")
    model = str(arguments.get("model") or "").strip()
    if not model:
        raise InputError("no model was given; give a model's folder, or a zip made by electrodej export")
    view: Any = arguments.get("view") or "xy"
    views: Any = ("xy", "xz", "yz") if view == "all" else (view,)
    with _as_file(arguments.get("image") or {}, spacing=_voxel_size(arguments)) as path:
        return segment_phases(
            path,
            model=model,
            out=out,
            views=views,
            force=bool(arguments.get("replace")),
            progress=progress,
        )


def link(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Link slice labels: ``slices`` in, 3D labels in the file ``out``."""
    from electrodej.fusion import LinkSettings
    from electrodej.jobs.link import link_labels

    out = _required_path(arguments, "out", "choose where to write the labels")
    settings = LinkSettings(
        by=arguments.get("by") or "overlap",
        gap=int(_number(arguments, "gap", 4)),
        fill=bool(arguments.get("fill")),
    )
    with _as_file(arguments.get("slices") or {}, spacing=_voxel_size(arguments), labels=True) as path:
        return link_labels(
            path,
            out,
            view=arguments.get("view") or "xy",
            settings=settings,
            force=bool(arguments.get("replace")),
            progress=progress,
        )


def fuse(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Run a StarDist model in three views and fuse them: ``image`` in, 3D labels in the file ``out``."""
    from electrodej.jobs.fuse import fuse_image

    out = _required_path(arguments, "out", "choose where to write the labels")
    with _as_file(arguments.get("image") or {}, spacing=_voxel_size(arguments)) as path:
        return fuse_image(
            path,
            model=str(arguments.get("model") or ""),
            out=out,
            method=arguments.get("method") or "flow",
            force=bool(arguments.get("replace")),
            progress=progress,
        )


def sample(arguments: Arguments, progress: Progress) -> dict[str, Any]:
    """Make a small synthetic electrode: grey.tif, labels.tif and phases.tif in ``folder``."""
    from electrodej.phantom import PhantomConfig, write_phantom

    folder = _required_path(arguments, "folder", "choose a folder for the sample")
    config = PhantomConfig().changed({"shape": (64, 128, 128), "spacing": (0.14,) * 3})
    truth = write_phantom(folder, config, force=bool(arguments.get("replace")), progress=progress)
    return {"folder": folder, "particles": len(truth["label"])}


@contextlib.contextmanager
def _as_file(
    image: Arguments, *, spacing: tuple[float, float, float] | None, labels: bool = False
) -> Iterator[str]:
    """Lay an image that came through memory into a file for verbs that read files."""
    import tempfile
    from pathlib import Path

    from electrodej.fiji.images import opened
    from electrodej.volume import check_labels, write_volume

    with opened(image, role="grey", spacing=spacing) as volume, tempfile.TemporaryDirectory() as folder:
        if image.get("file") and spacing is None:
            yield str(image["file"])
            return
        path = Path(folder) / "image.tif"
        voxels = check_labels(volume.read(), volume.path) if labels else volume.read()
        write_volume(path, voxels, spacing=volume.require_spacing(), labels=labels)
        yield str(path)


VERBS = {
    "version": version,
    "measure": measure,
    "segment": segment,
    "phases": phases,
    "fuse": fuse,
    "link": link,
    "sample": sample,
}


def _required_path(arguments: Arguments, name: str, remedy: str) -> str:
    path = str(arguments.get(name) or "").strip()
    if not path:
        raise InputError(f"no file was given for the result; {remedy}")
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - keeps the user's spelling


def _number(arguments: Arguments, name: str, default: float) -> float:
    value = arguments.get(name)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is no number for {name}; give a number such as {default:g}") from None


def _voxel_size(arguments: Arguments) -> tuple[float, float, float] | None:
    from electrodej.volume import check_spacing

    text = str(arguments.get("voxelSize") or "").strip()
    if not text:
        return None
    try:
        return check_spacing([float(part) for part in text.split(",")])
    except ValueError:
        raise VoxelSizeError(
            f"{text!r} is no voxel size; give three lengths Z,Y,X in micrometres, for example 0.07,0.07,0.07"
        ) from None


if __name__ == "__main__":
    from electrodej.fiji.worker import serve

    sys.exit(serve())
