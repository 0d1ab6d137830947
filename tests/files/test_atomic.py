"""Outputs are whole or absent, whatever happens to the run that writes them."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from electrodej.errors import OutputError
from electrodej.files import (
    check_files_in,
    check_folder_target,
    check_target,
    whole_directory,
    whole_file,
)
from electrodej.unfinished import discard, keep_for_resume, kept, unfinished

DEAD_PROCESS = 4_000_000_000  # no system gives numbers this high


def leftover(target: Path, kind: str = ".partial", process: int = DEAD_PROCESS) -> Path:
    return target.with_name(f".{target.stem}.{socket.gethostname()}-{process}-0123abcd{kind}{target.suffix}")


def write_and_raise(target: Path, error: BaseException) -> None:
    with whole_file(target, force=True) as part:
        part.write_text("half")
        raise error


def test_a_whole_file_appears_under_its_name_and_nothing_else_remains(tmp_path):
    target = tmp_path / "table.csv"
    with whole_file(target) as part:
        part.write_text("a")
        assert not target.exists()
    assert target.read_text() == "a"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_the_part_ends_like_the_target(tmp_path):
    with whole_file(tmp_path / "a.ome.tif") as part:
        assert part.suffix == ".tif"
        part.touch()


def test_an_error_leaves_the_former_file_and_no_part(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("former")
    with pytest.raises(ZeroDivisionError):
        write_and_raise(target, ZeroDivisionError())
    assert target.read_text() == "former"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_an_interrupt_leaves_the_former_file_and_no_part(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("former")
    with pytest.raises(KeyboardInterrupt):
        write_and_raise(target, KeyboardInterrupt())
    assert target.read_text() == "former"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_existing_output_is_refused_without_force(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("former")
    with pytest.raises(OutputError, match=r"table\.csv exists already; give --force"), whole_file(target):
        pass
    assert target.read_text() == "former"


def test_an_output_that_appears_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "table.csv"
    writing = whole_file(target)
    writing.__enter__().write_text("mine")
    target.write_text("theirs")
    with pytest.raises(OutputError, match="meanwhile"):
        writing.__exit__(None, None, None)
    assert target.read_text() == "theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist"):
        check_target(tmp_path / "nowhere" / "table.csv")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"the folder .*file does not exist"):
        check_target(tmp_path / "file" / "table.csv")


def refuse_writing(monkeypatch, number=errno.EACCES):
    """Have the disk refuse new files and folders, as it does where their folder may not be written."""

    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)


def check_folder(target):
    return check_folder_target(target, ours=lambda _: True)


def check_pictures(target):
    return check_files_in(target, ["a.png"])


@pytest.mark.parametrize("check", [check_target, check_folder, check_pictures])
@pytest.mark.parametrize(
    ("number", "words"), [(errno.EACCES, "not allowed"), (errno.ENOENT, "writing failed")]
)
def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch, check, number, words):
    target = tmp_path / "table.csv"
    refuse_writing(monkeypatch, number)
    with pytest.raises(OutputError, match=words) as caught:
        check(target)
    assert str(target) in str(caught.value)
    assert "partial" not in str(caught.value)


def test_looking_whether_something_can_be_written_leaves_nothing(tmp_path):
    check_target(tmp_path / "table.csv")
    check_folder(tmp_path / "image.zarr")
    check_files_in(tmp_path / "new" / "pictures", ["a.png"])
    assert list(tmp_path.iterdir()) == []


def test_what_stands_in_the_way_of_files_in_a_folder_is_found(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is no folder"):
        check_files_in(tmp_path / "file", ["a.png"])
    with pytest.raises(OutputError, match="writing failed"):
        check_files_in(tmp_path / "file" / "pictures", ["a.png"])
    (tmp_path / "pictures" / "a.png").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"a\.png is a folder"):
        check_files_in(tmp_path / "pictures", ["a.png"], force=True)


def test_a_folder_in_the_place_of_a_file_is_told_before_the_work(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_target(tmp_path / "table.csv", force=True, file=True)


def test_a_folder_is_replaced_where_it_is_ours_or_empty(tmp_path):
    target = tmp_path / "image.zarr"
    target.mkdir()
    assert check_folder_target(target, ours=lambda _: False) == target
    (target / "mine").touch()
    assert check_folder_target(target, ours=lambda _: True, force=True) == target
    with pytest.raises(OutputError, match="something else"):
        check_folder_target(target, ours=lambda _: False, force=True)
    with pytest.raises(OutputError, match="--force"):
        check_folder_target(target, ours=lambda _: True)


@pytest.mark.parametrize("name", [".tif", ".ome.tif", ".csv"])
def test_a_name_that_is_only_a_suffix_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match="only a suffix"):
        check_target(tmp_path / name)
    with pytest.raises(OutputError, match="only a suffix"), whole_file(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_hidden_name_is_as_good_as_any(tmp_path):
    with whole_file(tmp_path / ".hidden.tif") as part:
        part.touch()
    assert (tmp_path / ".hidden.tif").exists()


def test_a_name_that_is_too_long_is_one_line(tmp_path):
    with pytest.raises(OutputError, match="name is too long"), whole_file(tmp_path / ("n" * 300 + ".csv")):
        pass


@pytest.mark.parametrize("name", ["n" * 251 + ".csv", "µ" * 125 + ".csv"])
def test_a_name_as_long_as_the_disk_allows_is_written(tmp_path, name):
    target = tmp_path / name
    with whole_file(target) as part:
        part.write_text("a")
    assert target.read_text() == "a"


def test_a_link_to_nowhere_is_refused(tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"link\.csv is a link"):
        check_target(link)


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "table.csv"
    real.write_text("former")
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    with whole_file(link, force=True) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "writing failed"),
    ],
)
def test_a_disk_that_refuses_is_one_line_with_the_target(tmp_path, number, words):
    target = tmp_path / "table.csv"
    with pytest.raises(OutputError) as caught:
        write_and_raise(target, OSError(number, os.strerror(number)))
    message = str(caught.value)
    assert words in message
    assert str(target) in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def test_a_message_does_not_name_the_part(tmp_path):
    target = tmp_path / "table.csv"
    with pytest.raises(OutputError) as caught, whole_file(target) as part:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(part))
    assert "partial" not in str(caught.value)


def test_an_input_that_cannot_be_read_is_not_blamed_on_the_output(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"input\.tif"), whole_file(tmp_path / "table.csv"):
        (tmp_path / "input.tif").read_bytes()
    assert list(tmp_path.iterdir()) == []


_WRITER = """
import sys, time
from pathlib import Path
from electrodej.files import whole_file
with whole_file(Path(sys.argv[1]), force=True) as part:
    part.write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""


def killed_writer(target: Path, code: str = _WRITER) -> None:
    process = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        process.kill()


def test_a_killed_run_leaves_the_target_and_the_next_one_sweeps(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("former")
    killed_writer(target)
    assert target.read_text() == "former"
    assert len(list(tmp_path.iterdir())) == 2
    with whole_file(target, force=True) as part:
        part.write_text("new")
    assert target.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


_REPLACER = """
import os, sys, time
from pathlib import Path
from electrodej.files import atomic
real = os.replace
def stop_after_first(source, target):
    real(source, target)
    print("ready", flush=True)
    time.sleep(600)
os.replace = stop_after_first
with atomic.whole_directory(Path(sys.argv[1]), ours=lambda path: True, force=True) as part:
    (part / "new").touch()
"""


def test_a_folder_moved_aside_by_a_killed_run_is_put_back(tmp_path):
    target = tmp_path / "image.zarr"
    target.mkdir()
    (target / "former").touch()
    killed_writer(target, _REPLACER)
    assert not target.exists()
    with pytest.raises(OutputError, match="exists already"), whole_directory(target, ours=lambda _: True):
        pass
    assert [entry.name for entry in target.iterdir()] == ["former"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["image.zarr"]


def test_what_other_machines_and_living_processes_write_is_left(tmp_path):
    target = tmp_path / "table.csv"
    living = leftover(target, process=os.getppid())
    elsewhere = tmp_path / f".table.{socket.gethostname()}-far-{DEAD_PROCESS}-0123abcd.partial.csv"
    similar = tmp_path / ".table.notes.partial.csv"
    for file in (living, elsewhere, similar):
        file.touch()
    with whole_file(target) as part:
        part.touch()
    assert {living, elsewhere, similar} <= set(tmp_path.iterdir())


def test_a_leftover_with_this_process_number_is_swept_but_not_open_parts(tmp_path):
    target = tmp_path / "table.csv"
    old = leftover(target, process=os.getpid())
    old.touch()
    with whole_file(target) as outer:
        outer.write_text("outer")
        with whole_file(target) as inner:
            inner.write_text("inner")
        assert outer.exists()
        target.unlink()
    assert not old.exists()
    assert target.read_text() == "outer"


def test_a_whole_folder_appears_and_is_replaced_by_force(tmp_path):
    target = tmp_path / "slices"
    for content in ("one", "two"):
        with whole_directory(target, ours=lambda _: True, force=True) as part:
            (part / content).touch()
    assert [entry.name for entry in target.iterdir()] == ["two"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["slices"]


def test_somebody_elses_folder_is_never_replaced(tmp_path):
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter.txt").touch()
    with (
        pytest.raises(OutputError, match="something else"),
        whole_directory(target, ours=lambda _: False, force=True),
    ):
        pass
    assert (target / "chapter.txt").exists()


def test_a_file_does_not_replace_a_folder(tmp_path):
    target = tmp_path / "thesis"
    target.mkdir()
    with pytest.raises(OutputError, match="is a folder"), whole_file(target, force=True):
        pass
    assert target.is_dir()


def test_a_folder_whose_replacement_cannot_be_moved_is_put_back(tmp_path, monkeypatch):
    target = tmp_path / "image.zarr"
    target.mkdir()
    (target / "former").touch()
    real, calls = os.replace, []

    def second_fails(source, place):
        calls.append(source)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "full")
        real(source, place)

    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(OutputError, match="full"), whole_directory(target, ours=lambda _: True, force=True):
        pass
    assert [entry.name for entry in target.iterdir()] == ["former"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["image.zarr"]


def test_discarding_removes_what_is_open(tmp_path):
    writing = whole_file(tmp_path / "table.csv")
    part = writing.__enter__()
    part.write_text("half")
    discard(unfinished())
    assert not part.exists()
    with pytest.raises(OutputError):
        writing.__exit__(None, None, None)


def test_what_a_stop_leaves_to_go_on_from_is_told_where_something_is_finished(tmp_path):
    empty, begun, outer = tmp_path / "empty", tmp_path / "begun", tmp_path / "outer"
    inner, gone = outer / "inner", tmp_path / "gone"
    for folder in (empty, begun, outer, inner):
        folder.mkdir()
    for folder in (empty, begun, outer, inner, gone):
        keep_for_resume(folder)
    (begun / "state.json").write_text("{}")
    (begun / ".xy.partial.tif").write_text("half")
    (inner / "weights.npz").write_text("done")
    told = [folder for folder in kept(unfinished()) if tmp_path in folder.parents]
    assert told == [outer]


def test_a_leftover_with_a_number_that_no_process_can_have_is_swept(tmp_path):
    leftover(tmp_path / "table.csv", process=4_000_000_000).touch()
    with whole_file(tmp_path / "table.csv") as part:
        part.write_text("new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]
