"""Outputs that belong together are all there or none is, whatever stops the run."""

import csv
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from electrodej.errors import OutputError
from electrodej.files import check_target, whole_directory, whole_file, whole_set
from electrodej.files.tables import write_table
from electrodej.unfinished import discard, unfinished
from electrodej.volume import write_volume

NAMES = ("contacts.csv", "pictures.txt", "table.csv")


def write(folder, name, text="new", *, force=False):
    with whole_file(folder / name, force=force) as part:
        part.write_text(text)


def write_all(folder, *, force=False, text="new"):
    with whole_set(folder / "table.csv", *(folder / name for name in NAMES), force=force):
        for name in NAMES:
            write(folder, name, text, force=force)


def content(folder):
    return {entry.name: entry.read_text() for entry in folder.iterdir()}


def test_nothing_is_there_before_the_end_and_everything_after(tmp_path):
    with whole_set(tmp_path / "table.csv", tmp_path / "contacts.csv") as one:
        write(tmp_path, "contacts.csv")
        write(tmp_path, "table.csv")
        assert not [entry for entry in tmp_path.iterdir() if not entry.name.startswith(".")]
        assert one.staged(tmp_path / "table.csv").read_text() == "new"
    assert content(tmp_path) == {"contacts.csv": "new", "table.csv": "new"}


def test_an_error_leaves_all_as_it_was(tmp_path):
    write_all(tmp_path, text="old")

    def fail():
        with whole_set(tmp_path / "table.csv", tmp_path / NAMES[0], force=True):
            write(tmp_path, NAMES[0], force=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert content(tmp_path) == dict.fromkeys(NAMES, "old")


def test_an_output_that_cannot_be_renamed_brings_all_others_back(tmp_path):
    write_all(tmp_path, text="old")

    def meet_another():
        with whole_set(tmp_path / "table.csv", *(tmp_path / name for name in (*NAMES, "late.txt"))):
            for name in NAMES:
                write(tmp_path, name, force=True)
            write(tmp_path, "late.txt")
            (tmp_path / "late.txt").write_text("theirs")

    with pytest.raises(OutputError, match="meanwhile"):
        meet_another()
    assert content(tmp_path) == {**dict.fromkeys(NAMES, "old"), "late.txt": "theirs"}


def test_what_is_not_named_appears_at_once(tmp_path):
    with whole_set(tmp_path / "table.csv"):
        write(tmp_path, "state.json")
        assert (tmp_path / "state.json").exists()


def test_outputs_written_on_other_threads_wait_too(tmp_path):
    with whole_set(tmp_path / "table.csv", tmp_path / "a.txt"):
        worker = threading.Thread(target=write, args=(tmp_path, "a.txt"))
        worker.start()
        worker.join()
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").exists()


def test_folders_and_images_and_tables_land_with_the_set(tmp_path):
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    names = [tmp_path / name for name in ("t.csv", "t.json", "t_more.csv", "a.zarr", "folder")]
    for force in (False, True):
        with whole_set(tmp_path / "a.tif", *names, force=force):
            write_volume(tmp_path / "a.tif", voxels, spacing=(1, 1, 1), force=force)
            write_volume(tmp_path / "a.zarr", voxels, spacing=(1, 1, 1), force=force)
            with whole_directory(tmp_path / "folder", ours=lambda _: True, force=force) as part:
                (part / "x").write_text("x")
            columns = {"Label": np.array([1])}
            write_table(tmp_path / "t.csv", columns, description={}, beside={"more": columns}, force=force)
            assert force or [entry.name for entry in tmp_path.iterdir() if entry.name[0] != "."] == []
    found = sorted(entry.name for entry in tmp_path.iterdir())
    assert found == sorted(["a.tif", *(path.name for path in names)])


def test_a_folder_alone_in_its_set_is_replaced(tmp_path):
    for force in (False, True):
        with (
            whole_set(tmp_path / "folder", force=force),
            whole_directory(tmp_path / "folder", ours=lambda _: True, force=force) as part,
        ):
            (part / str(force)).touch()
    assert [entry.name for entry in tmp_path.rglob("*")] == ["folder", "True"]


def test_ending_at_once_removes_what_waits(tmp_path):
    with whole_set(tmp_path / "table.csv"):
        write(tmp_path, "table.csv")
        discard(unfinished())
        assert list(tmp_path.iterdir()) == []
        write(tmp_path, "table.csv", "again")
    assert content(tmp_path) == {"table.csv": "again"}


_KILLED = """
import os, signal, sys
from pathlib import Path
from electrodej.files import sets, whole_file, whole_set

folder, after, force = Path(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3]))
rename = sets.move

def move(source, target, *, force):
    global after
    if after == 0:
        os.kill(os.getpid(), signal.SIGTERM) if os.name == "nt" else os.kill(os.getpid(), signal.SIGKILL)
    after -= 1
    rename(source, target, force=force)

sets.move = move
names = ("contacts.csv", "pictures.txt", "table.csv")
with whole_set(folder / "table.csv", *(folder / name for name in names), force=force):
    for name in names:
        with whole_file(folder / name, force=force) as part:
            part.write_text("killed")
"""


@pytest.mark.parametrize("after", range(4))
def test_a_kill_among_the_renames_does_not_stand_in_the_way_of_the_same_run(tmp_path, after):
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), str(after), "0"], check=False)
    complete = (tmp_path / "table.csv").exists()
    assert complete == (after == 3)
    if complete:
        assert content(tmp_path) == dict.fromkeys(NAMES, "killed")
        return
    for name in NAMES:
        check_target(tmp_path / name)
    write_all(tmp_path)
    assert content(tmp_path) == dict.fromkeys(NAMES, "new")


@pytest.mark.parametrize("after", range(6))
def test_a_kill_while_replacing_leaves_the_former_outputs_to_the_next_run(tmp_path, after):
    write_all(tmp_path, text="old")
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), str(after), "1"], check=False)
    write(tmp_path, "pictures.txt", force=True)
    check_target(tmp_path / "contacts.csv", force=True)
    write(tmp_path, "table.csv", force=True)
    assert content(tmp_path) == {"contacts.csv": "old", "pictures.txt": "new", "table.csv": "new"}


def test_a_file_that_somebody_changed_after_a_kill_is_left(tmp_path):
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), "1", "0"], check=False)
    (tmp_path / "contacts.csv").write_text("mine, and longer")
    with pytest.raises(OutputError, match="exists already"):
        check_target(tmp_path / "contacts.csv")
    assert content(tmp_path) == {"contacts.csv": "mine, and longer"}


def test_a_set_of_a_run_that_still_works_is_left(tmp_path):
    with whole_set(tmp_path / "table.csv", tmp_path / "contacts.csv"):
        write(tmp_path, "contacts.csv")
        (tmp_path / "other.txt").write_text("x")
        check_target(tmp_path / "other.txt", force=True)
    assert (tmp_path / "contacts.csv").read_text() == "new"


def test_a_table_that_cannot_be_written_whole_leaves_none_of_its_files(tmp_path, monkeypatch):
    writer, written = csv.writer, []

    def full(text, **options):
        # There is room for the first table, and no more.
        if written:
            raise OSError(28, os.strerror(28), text.name)
        written.append(text.name)
        return writer(text, **options)

    monkeypatch.setattr(csv, "writer", full)
    columns = {"Label": np.array([1])}
    with pytest.raises(OutputError, match="the disk is full"):
        write_table(tmp_path / "t.csv", columns, description={}, beside={"contacts": columns})
    assert list(tmp_path.iterdir()) == []
