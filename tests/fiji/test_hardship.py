"""Fiji's commands on large images, full disks and impatient people."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

import numpy as np
import psutil
import pytest
import scyjava

from electrodej.errors import ElectrodeJError
from electrodej.volume import open_volume, write_volume

pytestmark = pytest.mark.imagej

MEASURE = "Measure Particles"
CUBE = (0.5, 0.5, 0.5)
# Ten a second.
MOST_KEYS = 600


def asked(logs, path):
    """What Python was asked last where its log names a file, as Python writes texts."""
    mark = repr(str(path))
    lines = [
        line for log in logs.glob("*.log") for line in log.read_text("utf-8").splitlines() if mark in line
    ]
    return lines[-1]


@pytest.fixture
def virtual(imagej, pair):
    """Both images as virtual stacks of folders."""
    opener = scyjava.jimport("ij.plugin.FolderOpener")
    images = {}
    for name in ("grey", "labels"):
        (pair / name).mkdir()
        with open_volume(pair / f"{name}.tif") as volume:
            for z, plane in enumerate(volume.read()):
                write_volume(pair / name / f"{z:02d}.tif", plane[None], spacing=CUBE)
        images[name] = opener.open(str(pair / name), "virtual")
        images[name].setCalibration(imagej.openImage(str(pair / "grey.tif")).getCalibration())
    return images


def test_no_voxel_of_a_virtual_stack_goes_through_memory(run_script, virtual, tmp_path, worker_logs):
    # Slices that ImageJ reads would be in its cache of one, the last that was asked for.
    table = tmp_path / "virtual.csv"
    run_script(MEASURE, {**virtual, "attributes": "Volume", "table": table})
    line = asked(worker_logs, table)
    for name in virtual:
        assert f"'{name}': {{'file': {str(tmp_path / name)!r}" in line
    assert "array" not in line
    assert float(table.read_text().splitlines()[1].split(",")[-1]) == 216 * 0.5**3


def test_no_voxel_of_an_ome_zarr_goes_through_memory(run_script, pair, tmp_path, worker_logs):
    files = {}
    for field, name in (("greyFile", "grey"), ("labelFile", "labels")):
        files[field] = tmp_path / f"{name}.zarr"
        with open_volume(pair / f"{name}.tif") as volume:
            write_volume(files[field], volume.read(), spacing=CUBE, labels=name == "labels")
    table = tmp_path / "zarr.csv"
    run_script(MEASURE, {**files, "attributes": "Volume", "table": table})
    line = asked(worker_logs, table)
    assert all(repr(str(path)) in line for path in files.values())
    assert "array" not in line
    assert float(table.read_text().splitlines()[1].split(",")[-1]) == 216 * 0.5**3


@pytest.fixture
def another_python(imagej, tmp_path):
    """Let a program of ours start Python; what it started is ended afterwards."""
    assert imagej is not None
    system = scyjava.jimport("java.lang.System")
    before = system.getProperty("electrodej.python")

    def choose(*lines):
        program = tmp_path / "bin" / "python"
        program.parent.mkdir()
        program.write_text("\n".join(["#!/bin/sh", *lines, f'exec "{sys.executable}" "$@"', ""]))
        program.chmod(0o755)
        system.setProperty("electrodej.python", str(program))

    known = {child.pid for child in psutil.Process().children(recursive=True)}
    yield choose
    if before is None:
        system.clearProperty("electrodej.python")
    else:
        system.setProperty("electrodej.python", before)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.pid not in known and {"electrodej.worker", "sleep"} & set(child.cmdline()):
                child.kill()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="files are kept small by a shell's ulimit")
def test_a_full_disk_is_told_in_one_sentence_and_nothing_half_is_left(run_script, tmp_path, another_python):
    grey = np.random.default_rng(1).integers(0, 256, (64, 64, 64))
    write_volume(tmp_path / "grey.tif", grey.astype(np.uint8), spacing=CUBE)
    # No file becomes larger than 60 or 120 KiB, whatever the shell counts in.
    another_python("ulimit -f 120")
    out = tmp_path / "filtered.tif"
    with pytest.raises(ElectrodeJError) as told:
        run_script(
            "Filter Image", {"greyFile": tmp_path / "grey.tif", "steps": "median:radius=0.6", "out": out}
        )
    assert "\n" not in str(told.value)
    assert "filtered.tif" in str(told.value)
    assert "error of its own" not in str(told.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "grey.tif"]


@pytest.mark.skipif(os.name != "posix", reason="Python is held back by a shell")
def test_escape_is_heard_before_python_is_there(imagej, run_script, pair, tmp_path, another_python):
    another_python("sleep 600")
    key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    said = []

    def click():
        inputs = {"greyFile": pair / "grey.tif", "labelFile": pair / "labels.tif"}
        try:
            run_script(MEASURE, {**inputs, "table": tmp_path / "t.csv"})
        except ElectrodeJError as error:
            said.append(str(error))

    thread = threading.Thread(target=click)
    thread.start()
    while not waiting():
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        for _ in range(MOST_KEYS):
            imagej.setKeyDown(key)
            thread.join(0.1)
            if not thread.is_alive():
                break
    finally:
        imagej.setKeyUp(key)
        imagej.resetEscape()
    assert said == ["cancelled"]
    # It did not wait until Python was there.
    assert waiting()


def waiting():
    """The shells that still hold a Python back."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.name() == "sleep":
                found.append(child)
    return found
