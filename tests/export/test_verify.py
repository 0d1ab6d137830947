"""Telling a zip that runs in Fiji from every kind that does not."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.export import verify_zip
from electrodej.models.bundled import find_model

Edit = Callable[[Any], None]


@pytest.fixture
def good(exported: Callable[[str], Path]) -> Path:
    """A zip of ours."""
    return exported("stardist-keras-2.15")


@pytest.fixture
def edited(good: Path, tmp_path: Path) -> Callable[[Edit], Path]:
    """Write the good zip again with its SavedModel changed."""
    from tensorflow.core.protobuf import saved_model_pb2

    def write(edit: Edit) -> Path:
        with zipfile.ZipFile(good) as archive:
            model = saved_model_pb2.SavedModel.FromString(archive.read("saved_model.pb"))
        edit(model.meta_graphs[0])
        return zipped(
            tmp_path / "edited.zip", {"saved_model.pb": model.SerializeToString(), "variables/": b""}
        )

    return write


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def problems(path: Path, tf115: Any) -> str:
    found = verify_zip(path, tf115=tf115)
    assert found.runs_in_fiji is False
    assert found.verdict == "does not run in Fiji"
    return "\n".join(finding.text for finding in found.findings if finding.status == "problem")


def signature(meta: Any) -> Any:
    return meta.signature_def["serving_default"]


@pytest.mark.slow
def test_a_zip_of_ours_runs_in_fiji(good: Path, tf115: Any) -> None:
    found = verify_zip(good, tf115=tf115)
    assert found.runs_in_fiji is True
    assert {finding.status for finding in found.findings} == {"ok"}
    checks = {"structure", "operations", "running", "onnx", "context"}
    assert {finding.check for finding in found.findings} == checks
    assert found.as_dict()["verdict"] == "runs in Fiji"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stardist-keras-2.3.1", "care-keras-2.3.1"])
def test_a_zip_of_the_original_exporter_runs_in_fiji(name: str, data: Path, tf115: Any) -> None:
    found = verify_zip(data / name / "tf1.zip", tf115=tf115)
    assert found.runs_in_fiji is True, found.findings
    assert found.compared_with == "the same graph in TensorFlow 2"


def test_a_zip_that_gives_other_numbers_than_its_model(
    exported: Callable[[str], Path], data: Path, tf115: Any
) -> None:
    import shutil

    import h5py

    folder = exported("stardist-keras-2.15").parent / "other"
    shutil.copytree(data / "stardist-keras-2.15", folder)
    with h5py.File(folder / "weights_best.h5", "a") as file:
        bias = file["prob/prob/bias:0"]
        bias[...] = bias[...] + 0.01
    found = verify_zip(exported("stardist-keras-2.15"), source=folder, tf115=tf115)
    assert found.runs_in_fiji is False
    assert "TensorFlow 1.15 and Keras differ by" in found.findings[-1].text


def test_a_savedmodel_of_tensorflow_2_fails_as_users_report(tmp_path: Path, tf115: Any) -> None:
    import keras

    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3, padding="same")])
    model.export(tmp_path / "model", format="tf_saved_model", verbose=False)
    files = {
        path.relative_to(tmp_path / "model").as_posix(): path.read_bytes()
        for path in sorted((tmp_path / "model").rglob("*"))
        if path.is_file()
    }
    text = problems(zipped(tmp_path / "tf2.zip", files), tf115)
    assert re.search(r"layer '\w+' \(VarHandleOp\): TensorFlow 1.15 does not know the attribute '\w+'", text)
    assert "TensorFlow 1.15 says:" in text


def test_a_folder_was_zipped(good: Path, tmp_path: Path, tf115: Any) -> None:
    with zipfile.ZipFile(good) as archive:
        content = archive.read("saved_model.pb")
    path = zipped(tmp_path / "z.zip", {"my model/saved_model.pb": content, "my model/variables/": b""})
    assert "the folder 'my model' was zipped" in problems(path, tf115)


def test_no_model_inside(tmp_path: Path, tf115: Any) -> None:
    assert "saved_model.pb is missing" in problems(zipped(tmp_path / "z.zip", {"readme.txt": b"x"}), tf115)


def test_a_keras_file_is_not_yet_a_zip_for_fiji(unet_file: Path, tf115: Any) -> None:
    assert "give it to electrodej export" in problems(unet_file, tf115)


def test_the_signature_is_missing(edited: Callable[[Edit], Path], tf115: Any) -> None:
    text = problems(edited(lambda meta: meta.signature_def.pop("serving_default")), tf115)
    assert "the signature 'serving_default' is missing" in text


def test_another_tag(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        meta.meta_info_def.tags[:] = ["train"]

    assert "no graph has the tag 'serve' (there is: train)" in problems(edited(edit), tf115)


@pytest.mark.parametrize("what", ["input", "output"])
def test_two_inputs_or_outputs(what: str, edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        tensors = getattr(signature(meta), f"{what}s")
        tensors["second"].CopyFrom(tensors[what])

    assert f"there are 2 {what}s ({what}, second)" in problems(edited(edit), tf115)


def test_a_fixed_size(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        for dimension in signature(meta).inputs["input"].tensor_shape.dim[1:3]:
            dimension.size = 256

    assert "takes images of 256x256 only" in problems(edited(edit), tf115)


def test_double_precision(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        signature(meta).outputs["output"].dtype = 2

    assert "DT_DOUBLE, and Fiji works with DT_FLOAT" in problems(edited(edit), tf115)


def test_an_output_that_is_not_the_first_of_its_operation(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        signature(meta).outputs["output"].name = "output:1"

    assert "'output:1', and Fiji reads only names that end in :0" in problems(edited(edit), tf115)


def test_the_attribute_that_users_report_is_named(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        node = meta.graph_def.node.add(name="dense/kernel", op="VarHandleOp")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.dim.add(size=1)
        node.attr["allowed_devices"].list.SetInParent()

    text = problems(edited(edit), tf115)
    assert "TensorFlow 1.15 does not know the attribute 'allowed_devices' of VarHandleOp" in text
    assert "NodeDef mentions attr 'allowed_devices'" in text


def test_an_operation_of_tomorrow_is_named_with_its_layer(edited: Callable[[Edit], Path], tf115: Any) -> None:
    def edit(meta: Any) -> None:
        node = next(node for node in meta.graph_def.node if node.name == "features/Relu")
        node.op = "MishOfTomorrow"

    text = problems(edited(edit), tf115)
    assert "layer 'features' (MishOfTomorrow): TensorFlow 1.15 has no operation 'MishOfTomorrow'" in text
    assert "TensorFlow 1.15 says:" in text


def test_a_graph_that_writes_files_is_not_run(
    edited: Callable[[Edit], Path], tmp_path: Path, tf115: Any
) -> None:
    target = tmp_path / "written"

    def edit(meta: Any) -> None:
        import tensorflow as tf

        for name, text in (("where", str(target)), ("what", "x")):
            node = meta.graph_def.node.add(name=name, op="Const")
            node.attr["dtype"].type = 7
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(text))
        meta.graph_def.node.add(name="write", op="WriteFile", input=["where", "what"])
        next(node for node in meta.graph_def.node if node.name == "output").input.append("^write")

    path = edited(edit)
    assert "would do more than compute (WriteFile), so it is not run" in problems(path, tf115)
    assert not target.exists()
    # It is that graph which writes: without the check it would have.
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    tf115.load(tmp_path / "unpacked")
    tf115.run(np.zeros((1, 64, 64, 1), np.float32), input="input", output="output")
    assert target.exists()


def test_variables_without_their_values(data: Path, tmp_path: Path, tf115: Any) -> None:
    with zipfile.ZipFile(data / "care-keras-2.3.1" / "tf1.zip") as archive:
        content = archive.read("saved_model.pb")
    text = problems(zipped(tmp_path / "z.zip", {"saved_model.pb": content, "variables/": b""}), tf115)
    assert "their values (variables/variables.index) are missing" in text


def test_a_network_that_needs_more_than_fijis_tiles_of_64(tmp_path: Path, tf115: Any) -> None:
    path = tmp_path / "deep.zip"
    path.write_bytes(small_zip(pool=128))
    assert "does not run it on an image of 64x64" in problems(path, tf115)


def test_a_network_that_looks_further_than_the_overlap_runs_with_a_warning(
    tmp_path: Path, tf115: Any
) -> None:
    path = tmp_path / "far.zip"
    path.write_bytes(small_zip(dilation=80))
    found = verify_zip(path, tf115=tf115)
    assert found.runs_in_fiji is True
    assert found.context is not None
    assert found.seam is not None
    assert (found.context.pixels, found.seam.width) == (80, 80 - 64)
    assert found.findings[-1].status == "note"
    assert 'Keep "Number of Tiles" at 1' in found.findings[-1].text


def small_zip(*, pool: int = 1, dilation: int = 1) -> bytes:
    import keras

    from electrodej.export.graph import flexible, freeze
    from electrodej.export.rewrite import rewrite
    from electrodej.export.savedmodel import saved_model, zipped

    source = image = keras.Input((None, None, 1))
    if pool > 1:
        small = keras.layers.MaxPooling2D(pool)(image)
        image = keras.layers.Add()([image, keras.layers.UpSampling2D(pool)(small)])
    last = keras.layers.Conv2D(1, 3, padding="same", dilation_rate=dilation)
    model = keras.Model(source, last(image))
    last.set_weights([np.full((3, 3, 1, 1), 0.1), np.zeros(1)])
    return zipped(saved_model(rewrite(freeze(flexible(model))), channels_in=1, channels_out=1))


def refusal(path: Path) -> str:
    """Return why a file is not opened."""
    with pytest.raises(InputError) as raised:
        verify_zip(path)
    return str(raised.value)


@pytest.mark.parametrize("name", ["../outside", "a/../../b", "/etc/passwd", "C:/windows", "a\\..\\b"])
def test_a_zip_that_leaves_its_folder_is_not_opened(name: str, tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, b"x")
    assert "points outside it" in refusal(path)


def test_a_zip_with_a_link_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("saved_model.pb")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert "holds a link" in refusal(path)


def test_a_bomb_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("saved_model.pb", bytes(80 << 20))
    assert "would unpack to more than 80 MiB" in refusal(path)


def test_a_name_that_stands_twice_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("saved_model.pb", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("saved_model.pb", b"2")
    assert "twice" in refusal(path)


def test_no_zip_at_all(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(b"not a zip")
    assert "is not a zip file" in refusal(tmp_path / "z.zip")
    assert "there is no such file" in refusal(tmp_path / "missing.zip")
    assert "is a folder, not a zip" in refusal(tmp_path)


def test_a_damaged_zip(good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    content[200:300] = bytes(100)
    (tmp_path / "z.zip").write_bytes(content)
    assert re.search(r"saved_model\.pb in it (is damaged|cannot be read)", refusal(tmp_path / "z.zip"))


def test_a_damaged_model_inside(tmp_path: Path, tf115: Any) -> None:
    path = zipped(tmp_path / "z.zip", {"saved_model.pb": b"\xff" * 100})
    assert "saved_model.pb is damaged" in problems(path, tf115)


def test_without_java_structure_and_operations_are_checked_all_the_same(
    good: Path, edited: Callable[[Edit], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = verify_zip(good)
    assert found.runs_in_fiji is None
    assert found.verdict == "nothing speaks against it, but it was not run in TensorFlow 1.15"
    status = {finding.check: finding.status for finding in found.findings}
    assert status == {"structure": "ok", "operations": "ok", "running": "not done", "context": "not done"}
    assert "needs Java, and none was found" in found.findings[-2].text
    bad = verify_zip(edited(lambda meta: meta.signature_def.pop("serving_default")))
    assert bad.runs_in_fiji is False


def test_without_network_and_jars_it_says_so(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    found = verify_zip(good, fetch=False)
    assert found.runs_in_fiji is None
    assert "is not on this machine yet" in found.findings[-2].text


def test_a_jar_that_is_another_file_is_not_run(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from electrodej.export.jars import JARS

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    place = tmp_path / ".m2" / "repository" / JARS[0].path
    place.parent.mkdir(parents=True)
    place.write_bytes(b"something else")
    assert "is not the file that was published" in refusal(good)


@pytest.mark.slow
def test_a_process_that_dies_is_told(good: Path, tmp_path: Path) -> None:
    from electrodej.export.tf115 import Tf115

    with Tf115(threads=1) as other, zipfile.ZipFile(good) as archive:
        archive.extractall(tmp_path)
        other.load(tmp_path)
        other._process.kill()
        with pytest.raises(InputError, match="ended without an answer"):
            other.run(np.zeros((1, 64, 64, 1), np.float32), input="input", output="output")


@pytest.mark.slow
def test_what_a_killed_run_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from electrodej.export.tf115 import Tf115

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("psutil.pid_exists", lambda process: process == os.getpid())
    left, running = tmp_path / "electrodej-tf115-999-abc", tmp_path / f"electrodej-tf115-{os.getpid()}-abc"
    for folder in (left, running):
        folder.mkdir()
        (folder / "library").write_bytes(b"x")
    with Tf115(threads=1):
        assert not left.exists()
        assert (running / "library").exists()
    assert [path.name for path in tmp_path.iterdir()] == [running.name]


@pytest.mark.slow
def test_a_bundled_model_may_be_the_source_by_its_name(tf115: Any) -> None:
    zip_path = find_model("nmc-shapes") / "model.zip"
    assert verify_zip(zip_path, source="nmc-shapes", tf115=tf115).runs_in_fiji
    found = verify_zip(zip_path, source="nmc-cracks", tf115=tf115)
    assert "exported from another model?" in found.findings[-1].text
