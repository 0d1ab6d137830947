"""A writer that fails, is killed or runs out of room leaves the target as it was."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from electrodej.errors import Cancelled, OutputError
from electrodej.volume import VolumeWriter, open_volume, write_volume

FORMER = np.full((4, 8, 8), 1, np.uint8)
NEW = np.full((4, 8, 8), 2, np.uint8)
TARGETS = ["a.tif", "a.ome.tif", "a.zarr", "slices"]


def write(path, array, **options):
    kind = "slices" if path.suffix == "" else None
    return write_volume(path, array, spacing=(1, 1, 1), format=kind, **options)


def assert_former(folder, path):
    assert list(folder.iterdir()) == [path]
    with open_volume(path) as volume:
        assert np.array_equal(volume.read(), FORMER)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_cancelling_leaves_the_former_output(tmp_path, name, compression):
    path = write(tmp_path / name, FORMER)

    def cancel(*_):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write(path, NEW, force=True, compression=compression, progress=cancel)
    assert_former(tmp_path, path)


_FULL = """
import resource, signal, sys
import numpy as np
from electrodej.errors import OutputError
from electrodej.volume import VolumeWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
rng = np.random.default_rng(0)
kind = "slices" if sys.argv[1].endswith("slices") else None
try:
    with VolumeWriter(sys.argv[1], (4, 200, 200), np.uint8, spacing=(1, 1, 1), force=True, format=kind,
                      compression=sys.argv[2]) as writer:
        for z in range(4):
            writer.write(z, rng.integers(0, 255, (1, 200, 200), dtype=np.uint8))
except OutputError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "compression"), [(name, "none") for name in TARGETS] + [("a.tif", "deflate")]
)
def test_a_system_that_stops_the_writing_leaves_the_former_output(tmp_path, name, compression):
    path = write(tmp_path / name, FORMER)
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), compression], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f"{path}: the file is too large for that disk"), done.stderr
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert_former(tmp_path, path)


def fill(writer, handle):
    writer._sink._handle.close()
    writer._sink._handle = handle
    writer.write(0, NEW)


def test_a_full_disk_is_one_line_and_leaves_the_former_output(tmp_path):
    path = write(tmp_path / "a.tif", FORMER)

    class Full:
        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self):
            pass

    with (
        pytest.raises(OutputError, match=r"a\.tif: the disk is full"),
        VolumeWriter(path, NEW.shape, NEW.dtype, spacing=(1, 1, 1), force=True) as writer,
    ):
        fill(writer, Full())
    assert_former(tmp_path, path)


_KILLED = """
import sys, time
import numpy as np
from electrodej.volume import VolumeWriter
kind = "slices" if sys.argv[1].endswith("slices") else None
with VolumeWriter(sys.argv[1], (4, 8, 8), np.uint8, spacing=(1, 1, 1), force=True, format=kind) as writer:
    writer.write(0, np.full((2, 8, 8), 2, np.uint8))
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_killed_writer_leaves_the_target_and_the_next_one_sweeps(tmp_path, name):
    path = write(tmp_path / name, FORMER)
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
    assert len(list(tmp_path.iterdir())) == 2
    with open_volume(path) as volume:
        assert np.array_equal(volume.read(), FORMER)
    write(path, NEW, force=True)
    assert list(tmp_path.iterdir()) == [path]
    with open_volume(path) as volume:
        assert np.array_equal(volume.read(), NEW)


def test_a_short_write_is_continued(tmp_path):
    class Short:
        def __init__(self, handle):
            self.handle = handle

        def write(self, data):
            return self.handle.write(data[:7])

        def close(self):
            self.handle.close()

    with VolumeWriter(tmp_path / "a.tif", NEW.shape, NEW.dtype, spacing=(1, 1, 1)) as writer:
        writer._sink._handle = Short(writer._sink._handle)
        writer.write(0, NEW)
    with open_volume(tmp_path / "a.tif") as volume:
        assert np.array_equal(volume.read(), NEW)
