"""Reads files that a fuzzer changed, in a process of its own with little memory.

A line of JSON names a kind and a path, and a line comes back: what a user would be told, or the fault. Run by
`test_fuzz.py` and `test_bombs.py`; it needs nothing of them.
"""

import contextlib
import inspect
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

MEMORY = 512 * 2**20
# What one file may take beside what the libraries take: all that is unpacked, and copies of it.
ROOM = 3 * MEMORY
# The image that models are given, once there are models.
GREY: list[Path] = []


def read_image(path):
    """Open an image and read all of it, or where it is large a part."""
    from electrodej.volume import open_volume

    more = {"memory": MEMORY} if "memory" in inspect.signature(open_volume).parameters else {}
    with open_volume(path, **more) as volume:
        repr(volume), volume.spacing
        small = volume.nbytes <= 2**26
        box = volume[:] if small else volume[-1:, -64:, -64:]
        if (box == 201).sum() > 3:  # what lies outside of the folder, see `seeds.OUTSIDE`
            raise AssertionError("a link was followed")


def read_rois(path):
    """Read ROIs and draw them."""
    from electrodej.annotation import read_rois, roi_labels

    roi_labels(read_rois(path), (4, 20, 30))


def read_via(path):
    """Read an annotation and draw it."""
    from electrodej.annotation import read_via

    for image in read_via(path):
        image.drawing.read()


def read_description(path):
    """Read what lies beside a table."""
    from electrodej.files.tables import is_description

    is_description(path)


def read_scan(path):
    """Open projections, and read a row of them and of their flats."""
    from electrodej.tomography import open_scan

    scan = open_scan(path)
    repr(scan)
    if 4 * scan.shape[0] * scan.shape[2] > MEMORY or scan.shape[1] < 1:  # what the verb refuses
        return
    row = slice(0, 1)
    scan.frames.read(row)
    if scan.flats is not None:
        scan.flats.frames.read(row)
    if scan.darks is not None:
        scan.darks.read(row)


def read_mesh(path):
    """Make a surface and a voxel mesh of labels."""
    changed_by("mesh", path, ("m.stl", "m.vtu"))


def read_filter(path):
    """Filter an image."""
    changed_by("filter", path, ("f.tif",), steps="median:radius=1px,rings")


def changed_by(verb, path, outputs, **options):
    """Have a verb make something of a file."""
    from electrodej.verbs import do

    with tempfile.TemporaryDirectory() as folder:
        for name in outputs:
            do(verb, path, out=Path(folder) / name, memory=MEMORY, **options)


def read_fiji(path):
    """Look into a Fiji, and take ElectrodeJ out of it."""
    from electrodej.verbs import do

    do("fiji doctor", path)
    do("fiji uninstall", path)


def read_labkit(path):
    """Read what was drawn in Labkit."""
    from electrodej.annotation.labkit import read_labkit

    assert read_labkit(path).things.ndim == 3


def read_forest(path):
    """Load a forest and ask it about a few voxels."""
    import numpy

    from electrodej.forest import load_forest

    forest = load_forest(path)
    forest.trees.ask(numpy.zeros((len(forest.bank().names), 4), numpy.float32))


def read_config(path):
    """Read the settings of a run."""
    from electrodej.verbs.run import RunOptions
    from electrodej.verbs.run.config import configured

    options, _ = configured(RunOptions(images=(str(path),), out=path.with_name("out"), config=path))
    options.as_plain()


def read_phases(path):
    """Have a network tell the phases of a small volume."""
    segmented("phases", path)


def read_particles(path):
    """Have a network find the particles of a small volume."""
    segmented("particles", path)


def segmented(what, path):
    """Segment the image of the models' folder."""
    from electrodej.verbs import do

    place = path / "model.zip" if path.name == "zipped" else path
    with tempfile.TemporaryDirectory() as folder:
        do(f"segment {what}", GREY[0], model=place, out=Path(folder) / "out.tif")


def read_network(path):
    """Load a network and run it."""
    if path.is_dir():
        ran(path, "auto")
        return
    from electrodej.models.keras_files import load_keras_file  # as export does

    load_keras_file(path)


def read_onnx(path):
    """Load the zip of a folder, and run the ONNX form beside it."""
    ran(path / "model.zip", "onnxruntime")


def ran(path, engine):
    """Load a model with an engine, and run it over an image."""
    import numpy

    from electrodej.models import load_model

    model = load_model(path, engine=engine)
    images = numpy.zeros((1, 32, 32, model.info.channels_in), numpy.float32)
    assert model.engine.run(images).ndim == 4


def read_solid(path):
    """Load a network of volumes with Keras."""
    from electrodej.networks.stardist3d.model import load_solid

    load_solid(path, engine="keras")


def read_maskrcnn(path):
    """Load a Mask R-CNN and run it once."""
    import numpy

    from electrodej.networks.maskrcnn.finding import Finder
    from electrodej.networks.maskrcnn.model import load_maskrcnn

    model = load_maskrcnn(path)
    Finder(model.network, model.selection(), tile=128, say=print).find(numpy.zeros((64, 64), numpy.float32))


KINDS = {
    "config": read_config,
    "description": read_description,
    "fiji": read_fiji,
    "filter": read_filter,
    "forest": read_forest,
    "image": read_image,
    "labkit": read_labkit,
    "maskrcnn": read_maskrcnn,
    "mesh": read_mesh,
    "network": read_network,
    "onnx": read_onnx,
    "particles": read_particles,
    "phases": read_phases,
    "rois": read_rois,
    "scan": read_scan,
    "solid": read_solid,
    "via": read_via,
}


def write_models(folder):
    """Write a whole model of each kind where none is yet, and use each."""
    import model_seeds  # it lies beside this program

    if not (folder / model_seeds.GREY).is_file():
        model_seeds.write_models(folder)
    GREY[:] = [folder / model_seeds.GREY]
    for name, kind in model_seeds.KINDS.items():
        KINDS[kind](folder / name)


def limit_memory():
    """Let this process take little more than it has now, where the system can do that."""
    with contextlib.suppress(ImportError, OSError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)


def answer(kind, path):
    """Return what reading the file comes to."""
    from electrodej.errors import ElectrodeJError

    try:
        KINDS[kind](Path(path))
    except ElectrodeJError as error:
        said = str(error)
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, MemoryError):
                return {"fault": f"all memory was taken before this was said: {said}"}
            cause = cause.__cause__
        place = Path(path).name
        if "\n" in said or place not in said:
            return {"fault": f"not one line that names the file: {said!r}"}
        return {"said": said}
    except BaseException:
        return {"fault": traceback.format_exc()[-3000:]}
    return {"said": ""}


def main():
    """Answer line by line; what a library prints goes elsewhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if len(sys.argv) > 1:  # files that are whole, so that all is loaded before memory is limited
        for kind, path in json.loads(sys.argv[1]).items():
            KINDS[kind](Path(path))
    if len(sys.argv) > 2:
        write_models(Path(sys.argv[2]))
    limit_memory()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(answer(asked["kind"], asked["path"])) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
