"""The worker: how tasks are answered, in this process and in one of its own."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from types import SimpleNamespace

import appose
import numpy as np
import pytest

from electrodej.errors import Cancelled, InputError, MissingExtraError
from electrodej.fiji import words
from electrodej.fiji.images import calibration, opened
from electrodej.verbs import find
from electrodej.volume import write_volume
from electrodej.worker import TASK, logs, tasks
from electrodej.worker.requests import requested
from electrodej.worker.service import WholeLines


class Task:
    """What Appose gives a task's text, keeping what was answered."""

    def __init__(self):
        self.outputs = {}
        self.cancel_requested = False
        self.said = []
        self.end = None

    def update(self, message, current, maximum):
        self.said.append((message, current, maximum))

    def cancel(self):
        self.end = "cancelled"

    def fail(self, error):
        self.end = error


@pytest.fixture
def log(tmp_path):
    """A file that this process logs to."""
    handler = logging.FileHandler(tmp_path / "worker.log")
    logger = logging.getLogger("electrodej")
    others = logger.handlers[:]
    logger.handlers[:] = [handler]
    yield tmp_path / "worker.log"
    logger.handlers[:] = others
    handler.close()


def perform(verb):
    task = Task()
    tasks.perform(verb, task, "do", {})
    return task


def test_outputs_are_answered():
    task = perform(lambda _arguments, _run: {"particles": 3})
    assert (task.outputs, task.end) == ({"particles": 3}, None)


def test_a_users_mistake_is_answered_in_its_own_sentence_and_in_fijis_words():
    def verb(_arguments, _run):
        raise InputError("t.csv exists already; give --force to replace it")

    end = perform(verb).end
    assert "t.csv exists already" in end
    assert "tick Replace existing files" in end
    assert "--force" not in end


@pytest.mark.parametrize(
    ("extra", "words"), [("train", 'tick "With training"'), ("tomo", "run in the Python that is set up: pip")]
)
def test_a_part_that_is_missing_is_told_with_what_a_click_can_do(extra, words):
    def verb(_arguments, _run):
        raise MissingExtraError("running a Mask R-CNN", extra, "keras")

    end = perform(verb).end
    assert end.startswith('running a Mask R-CNN needs "keras"')
    assert words in end
    assert ("pip install" in end) is (extra != "train")


def test_every_model_of_particles_stands_in_the_list_of_its_command():
    from electrodej.models.bundled import bundled_models, find_model
    from electrodej.verbs import find

    listed = set(find("segment particles").menu.models)
    kinds = {
        name: json.loads((find_model(name) / "electrodej.json").read_text()) for name in bundled_models()
    }
    outlines = {
        name for name, made in kinds.items() if made["kind"] in ("stardist", "stardist3d", "maskrcnn")
    }
    # It refines what another one fused; see docs/fusion.md.
    assert listed == (outlines - {"nmc-shapes"}) | {"watershed"}


def test_an_error_of_ours_is_one_line_that_names_the_log(log):
    def verb(_arguments, _run):
        raise KeyError("two\nlines")

    end = perform(verb).end
    assert "\n" not in end
    assert "KeyError" in end
    assert str(log) in end


def test_an_unknown_verb_says_that_the_versions_differ():
    task = Task()
    tasks.perform(None, task, "dance", {})
    assert "knows no task 'dance'" in task.end


def test_cancel_stops_the_work_at_its_next_word():
    task = Task()
    reached = []

    def verb(_arguments, run):
        run.progress(0, 10, "begun")
        task.cancel_requested = True
        run.progress(1, 10, "begun")
        reached.append("beyond")
        return {}

    tasks.perform(verb, task, "do", {})
    assert (task.end, reached) == ("cancelled", [])


def test_progress_goes_over_in_thousandths():
    task = Task()
    tasks.Reporter(task)(1, 3, "reading")
    assert task.said == [("reading", 333, 1000)]


def test_progress_is_not_told_more_often_than_anyone_can_read():
    task = Task()
    progress = tasks.Reporter(task)
    for step in range(1000):
        progress(step, 1000, "reading")
    assert len(task.said) < 20


def test_a_second_task_waits_for_the_first_and_can_be_cancelled_meanwhile():
    inside, leave = threading.Event(), threading.Event()

    def first(_arguments, _run):
        inside.set()
        leave.wait(30)
        return {}

    thread = threading.Thread(target=tasks.perform, args=(first, Task(), "do", {}))
    thread.start()
    assert inside.wait(30)
    second = Task()
    second.cancel_requested = True
    tasks.perform(lambda _arguments, _run: {"ran": True}, second, "do", {})
    leave.set()
    thread.join()
    assert (second.end, second.outputs) == ("cancelled", {})


def test_a_look_does_not_wait_for_a_command():
    look = Task()
    with tasks._one_at_a_time(tasks.Reporter(Task()), waits=True):
        tasks.perform(lambda _arguments, _run: {"ran": True}, look, "glance", {})
    assert look.outputs == {"busy": True}
    tasks.perform(lambda _arguments, _run: {"ran": True}, look, "glance", {})
    assert look.outputs["ran"]


def test_lines_of_two_threads_never_mix():
    stream = io.StringIO()
    lines = WholeLines(stream)

    def speak(word):
        for _ in range(200):
            for letter in word:
                lines.write(letter)
            lines.write("\n")

    threads = [threading.Thread(target=speak, args=(word,)) for word in ('{"aa', '{"bb')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(stream.getvalue().split())) == ['{"aa', '{"bb']
    assert stream.getvalue().count("\n") == 400


def test_what_a_library_prints_never_reaches_an_answer(capsys):
    stream = io.StringIO()
    lines = WholeLines(stream)
    print("a line of a library", file=lines)
    print("half a line", end="", file=lines)
    print('{"task": 1}', file=lines, flush=True)
    assert stream.getvalue() == '{"task": 1}\n'
    assert capsys.readouterr().err == "a line of a library\nhalf a line\n"
    assert not lines.isatty()


@pytest.fixture
def logger():
    """The package's logger, as it was before."""
    logger = logging.getLogger("electrodej")
    before, level = list(logger.handlers), logger.level
    yield logger
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


@pytest.mark.usefixtures("logger")
def test_only_the_last_logs_are_kept(tmp_path):
    for number in range(30):
        (tmp_path / f"worker-20200101-{number:06d}-1.log").write_text("old")
    path = logs.keep_log(tmp_path)
    assert path is not None
    assert path.is_file()
    assert len(list(tmp_path.glob("worker-*.log"))) == 20


def shared(array):
    return SimpleNamespace(ndarray=lambda: array, shm=None)


def test_shared_voxels_keep_the_order_z_y_x_and_the_calibration_of_each_axis():
    array = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    sent = {"array": shared(array), "title": "g", "voxel": [300, 200, 100], "unit": "nm"}
    with opened(sent, role="grey") as volume:
        assert volume.shape == (2, 3, 4)
        assert volume.spacing == pytest.approx((0.3, 0.2, 0.1))
        np.testing.assert_array_equal(volume.read(), array)


def test_a_print_resolution_is_no_calibration():
    dots = {"title": "g", "voxel": [1, 1 / 300, 1 / 300], "unit": "inch"}
    assert calibration(dots) is None
    # 300 dpi as programs write it in centimetres.
    assert calibration({**dots, "voxel": [1, 1 / 118.11, 1 / 118.11], "unit": "cm"}) is None
    assert calibration({**dots, "voxel": [1e-5, 2e-5, 4e-5]}) == pytest.approx((0.254, 0.508, 1.016))
    with opened({"array": shared(np.ones((2, 3, 4), np.uint8)), **dots}, role="grey") as volume:
        assert volume.spacing is None


def test_each_axis_may_have_a_unit_of_its_own():
    units = ["nm", "mm", "micron"]
    assert calibration({"voxel": [100, 0.002, 0.5], "unit": units}) == pytest.approx((0.1, 2.0, 0.5))


def test_signed_values_are_those_that_imagej_shows():
    # ImageJ keeps them 32,768 higher.
    kept = np.array([[[0, 32767, 32768, 32769, 65535]]], np.uint16)
    sent = {"array": shared(kept), "voxel": [1, 1, 1], "unit": "micron", "signed": True}
    with opened(sent, role="grey") as volume:
        assert volume.dtype == np.int16
        assert volume.read().ravel().tolist() == [-32768, -1, 0, 1, 32767]
        assert volume[0, 0, 1:3].tolist() == [-1, 0]
    assert kept.ravel().tolist() == [0, 32767, 32768, 32769, 65535]


def test_a_typed_voxel_size_counts_where_the_images_own_cannot_be_understood(tmp_path):
    labels = np.zeros((6, 6, 6), np.uint16)
    labels[1:4, 1:4, 1:4] = 1
    odd = {"voxel": [1, 1, 1], "unit": "furlong"}
    task = Task()
    given = {
        "grey": {"array": shared(labels * 90), "title": "g", **odd},
        "labels": {"array": shared(labels), "title": "l", **odd},
        "voxelSize": "0.1,0.1,0.1",
        "attributes": "Volume",
        "out": str(tmp_path / "t.csv"),
    }
    tasks.perform(requested("measure"), task, "measure", given)
    assert task.end is None
    volume = float((tmp_path / "t.csv").read_text().splitlines()[1].split(",")[-1])
    assert volume == pytest.approx(27 * 0.001)


def test_an_image_that_is_missing_is_named_by_its_role():
    with pytest.raises(InputError, match="no label image"), opened({}, role="label"):
        pass


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A worker process, spoken to as Fiji does."""
    from appose.service import Service

    folder = tmp_path_factory.mktemp("service")
    words = [sys.executable, "-m", "electrodej.worker", "--logs", str(folder / "logs")]
    made = Service(folder, None, *words)
    made.logs = folder / "logs"
    yield made
    made.close()
    made.wait_for()
    for pipe in (made._process.stdout, made._process.stderr):
        pipe.close()


def ask(service, verb, arguments):
    task = service.task(TASK, {"verb": verb, "arguments": arguments})
    try:
        task.wait_for()
    except appose.service.TaskException:
        assert task.error
    return task


def test_a_text_that_would_be_code_is_only_a_text(service, tmp_path):
    evil = f'"); open(r"{tmp_path / "owned"}", "w"); ("'
    for arguments in (
        {"table": str(tmp_path / "t.csv"), "grey": {"file": evil}},
        {"voxelSize": evil, "table": "t.csv"},
    ):
        task = ask(service, "measure", arguments)
        assert task.error
        assert task.error.count("\n") == 0
    task = ask(service, evil, {})
    assert "knows no task" in task.error
    assert not (tmp_path / "owned").exists()


def test_the_worker_says_its_version_and_keeps_a_log(service):
    from electrodej import __version__

    task = ask(service, "version", {})
    assert task.outputs["electrodej"] == __version__
    (log,) = service.logs.glob("worker-*.log")
    assert "version done" in log.read_text(encoding="utf-8")


@pytest.mark.slow
def test_shared_memory_is_given_back_after_the_task(service, tmp_path):
    array = appose.NDArray("uint8", [4, 5, 6])
    sent = {"array": array, "title": "g", "voxel": [1, 1, 1], "unit": "um"}
    with array:
        array.ndarray()[:] = 0
        task = ask(service, "measure", {"grey": sent, "labels": sent, "table": str(tmp_path / "t.csv")})
        assert task.outputs["particles"] == 0


def test_a_window_that_measures_again_has_only_what_changed_measured(service, tmp_path):
    grey, labels = np.full((20, 40, 100), 9, np.uint8), np.zeros((20, 40, 100), np.uint16)
    for number, x in enumerate((2, 40, 80), 1):
        labels[5:12, 5:20, x : x + 12] = number
    arguments = {"window": "a", "table": str(tmp_path / "t.csv"), "replace": True}
    for name, voxels in (("grey", grey), ("labels", labels)):
        write_volume(tmp_path / f"{name}.tif", voxels, spacing=(0.5,) * 3)
        arguments[name] = {"file": str(tmp_path / f"{name}.tif")}
    assert ask(service, "measure", arguments).outputs["renewed"] == 3
    labels[labels == 1] = 0
    write_volume(tmp_path / "labels.tif", labels, spacing=(0.5,) * 3, force=True)
    again = ask(service, "measure", arguments).outputs
    assert (again["particles"], again["renewed"]) == (2, 0)
    assert ask(service, "measure", {**arguments, "window": "b"}).outputs["renewed"] == 2


def test_cancelled_is_no_failure(service):
    with pytest.raises(Cancelled):
        tasks.Reporter(SimpleNamespace(cancel_requested=True))(0, 1, "x")
    assert ask(service, "version", {}).error is None


@pytest.mark.parametrize(
    ("shell", "fiji"),
    [
        ("give it with --spacing Z,Y,X", "give it in the field Voxel size, as Z,Y,X"),
        ("say which --spacing is right", 'say which "Voxel size Z,Y,X (um)" is right'),
        ("t.csv: give --force to replace it", "t.csv: tick Replace existing files to replace it"),
        ("a larger --radius", 'a larger "Radius (um)"'),
        ("go on with --resume", "go on with the shell's --resume"),
        ("run: pip install --force-reinstall x", "run: pip install --force-reinstall x"),
    ],
)
def test_messages_name_fields_where_the_shell_has_options(shell, fiji):
    assert words.in_fiji_words(shell, words.fields_of(find("measure"))) == fiji
