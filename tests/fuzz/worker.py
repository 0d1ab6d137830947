"""Reads files that a fuzzer changed, in a process of its own with little memory.

A line of JSON names a kind and a path, and a line comes back: what a user would be told, or the fault. Run by
`test_fuzz.py` and `test_bombs.py`; it needs nothing of them.
"""

import contextlib
import inspect
import json
import sys
import traceback
from pathlib import Path

MEMORY = 512 * 2**20
# What one file may take beside what the libraries take: all that is unpacked, and copies of it.
ROOM = 3 * MEMORY


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


KINDS = {"image": read_image, "rois": read_rois, "via": read_via, "description": read_description}


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
    """Answer line by line."""
    import numpy
    import roifile
    import tifffile
    import zarr

    from electrodej.annotation import read_rois
    from electrodej.volume import open_volume

    assert all((numpy, roifile, tifffile, zarr, read_rois, open_volume))
    if len(sys.argv) > 1:  # a file that is whole, so that all is loaded before memory is limited
        read_image(Path(sys.argv[1]))
    limit_memory()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(answer(asked["kind"], asked["path"])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
