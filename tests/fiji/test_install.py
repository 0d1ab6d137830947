"""Into a folder shaped like a Fiji and out again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from electrodej.cli import main
from electrodej.errors import InputError, OutputError
from electrodej.fiji.health import examine
from electrodej.fiji.install import install, uninstall
from electrodej.fiji.layout import MANIFEST, library_jar, planned

MEASURE = "scripts/Plugins/ElectrodeJ/ElectrodeJ_Measure_Particles.groovy"
WHOLE = (
    "scripting-groovy-1.0.2.jar",
    "scripting-jython-1.0.2.jar",
    "appose-0.9.0.jar",
    "csbdeep-0.6.0.jar",
    "libtensorflow-1.15.0.jar",
    "libtensorflow_jni-1.15.0.jar",
    "imagej-tensorflow-1.1.9.jar",
    "protobuf-java-3.23.4.jar",
)
LAUNCHERS = {
    "old linux": ("Fiji.app", "ImageJ-linux64"),
    "old windows": ("Fiji.app", "ImageJ-win64.exe"),
    "new linux": ("Fiji", "fiji-linux-x64"),
    "new windows": ("Fiji", "fiji-windows-x64.exe"),
}


def make_fiji(folder, jars=WHOLE, launcher="fiji-linux-x64"):
    """A folder shaped like a Fiji, with files of its own where ours go."""
    for name in ("jars/linux64", "plugins", "macros", "scripts/Plugins", "luts", "config/jaunch"):
        (folder / name).mkdir(parents=True)
    (folder / launcher).write_text("launcher")
    for jar in jars:
        (folder / "jars" / jar).write_bytes(b"jar")
    (folder / "plugins" / "StarDist_-0.3.0.jar").write_bytes(b"jar")
    (folder / "luts" / "glasbey.lut").write_bytes(b"lut")
    (folder / "scripts" / "Plugins" / "Mine.groovy").write_text("mine")
    return folder


def snapshot(folder):
    """Every folder, and every file with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def fiji(tmp_path):
    return make_fiji(tmp_path / "my Fiji (Ω)")


@pytest.mark.parametrize("kind", LAUNCHERS)
def test_a_fiji_is_the_same_after_install_and_uninstall(kind, tmp_path):
    name, launcher = LAUNCHERS[kind]
    fiji = make_fiji(tmp_path / name, launcher=launcher)
    before = snapshot(fiji)
    change = install(tmp_path)
    assert MEASURE in change.written
    assert (fiji / MEASURE).is_file()
    assert set(before.items()) < set(snapshot(fiji).items())
    uninstall(fiji)
    assert snapshot(fiji) == before


def test_the_python_that_installed_is_written_down_as_it_stands(fiji):
    install(fiji)
    assert (fiji / "electrodej" / "python.txt").read_text(encoding="utf-8") == sys.executable + "\n"


def test_a_python_that_is_not_there_is_refused(fiji):
    before = snapshot(fiji)
    with pytest.raises(InputError, match="there is no Python"):
        install(fiji, python="C:\\nowhere\\python.exe")
    assert snapshot(fiji) == before


def test_a_second_install_changes_nothing(fiji):
    install(fiji)
    before = snapshot(fiji)
    change = install(fiji)
    assert (change.written, change.left, change.removed) == ([], [], [])
    assert snapshot(fiji) == before


def test_a_strangers_file_is_never_overwritten_and_nothing_else_is_written(fiji):
    (fiji / MEASURE).parent.mkdir(parents=True)
    (fiji / MEASURE).write_text("a stranger's")
    before = snapshot(fiji)
    with pytest.raises(OutputError, match=MEASURE):
        install(fiji)
    assert snapshot(fiji) == before


def test_a_strangers_file_that_is_the_same_stays_after_uninstall(fiji):
    (fiji / MEASURE).parent.mkdir(parents=True)
    (fiji / MEASURE).write_bytes(planned()[MEASURE])
    before = snapshot(fiji)
    install(fiji)
    uninstall(fiji)
    assert snapshot(fiji) == before


def test_a_changed_file_is_left_and_named(fiji):
    install(fiji)
    (fiji / MEASURE).write_text("changed by me")
    assert install(fiji).left == [MEASURE]
    assert (fiji / MEASURE).read_text() == "changed by me"
    change = uninstall(fiji)
    assert change.left == [MEASURE]
    assert (fiji / MEASURE).read_text() == "changed by me"
    assert not (fiji / MANIFEST).exists()


def test_another_python_chosen_in_fiji_goes_with_the_rest(fiji):
    before = snapshot(fiji)
    install(fiji)
    (fiji / "electrodej" / "python.txt").write_text("C:\\Users\\me\\envs\\electrodej\\python.exe\n")
    assert uninstall(fiji).left == []
    assert snapshot(fiji) == before


def test_a_python_chosen_before_the_install_is_no_strangers(fiji):
    note = fiji / "electrodej" / "python.txt"
    note.parent.mkdir()
    note.write_text("/somewhere/else/python\n")
    install(fiji)
    assert note.read_text() == f"{sys.executable}\n"


def test_what_an_earlier_version_brought_is_replaced_or_removed(fiji):
    install(fiji)
    manifest = json.loads((fiji / MANIFEST).read_text())
    former = "jars/electrodej-scripts-0.0.1.jar"
    for name in (former, MEASURE):
        (fiji / name).write_bytes(b"old")
        manifest["files"][name] = [hashlib.sha256(b"old").hexdigest()]
    (fiji / MANIFEST).write_text(json.dumps(manifest))
    change = install(fiji)
    assert change.removed == [former]
    assert not (fiji / former).exists()
    assert (fiji / MEASURE).read_bytes() == planned()[MEASURE]


def test_what_a_zip_left_of_an_earlier_version_is_named_and_what_is_ones_own_is_not(fiji):
    install(fiji)
    folder = fiji / MEASURE.rpartition("/")[0]
    old = folder / "Measure_Particles.groovy"
    old.write_text("import electrodej.Library\n")
    (folder / "Fuse_Views.groovy").write_text("// somebody's own\n")
    (fiji / "jars" / "electrodej-scripts-0.0.1.jar").write_bytes(b"old")
    (note,) = install(fiji).notes
    found = troubles(fiji)["files of before"]
    for said in (note, found.found):
        assert old.relative_to(fiji).as_posix() in said
        assert "electrodej-scripts-0.0.1.jar" in said
        assert "Fuse_Views" not in said
    assert old.exists()
    # Commands of a mixed Fiji may do anything; one that stands twice does not.
    assert not found.optional
    (fiji / "jars" / "electrodej-scripts-0.0.1.jar").unlink()
    assert troubles(fiji)["files of before"].optional


def test_an_install_that_was_cut_off_can_be_taken_away(fiji, monkeypatch):
    before = snapshot(fiji)
    replace, moved = os.replace, []

    def breaking(source, target, **more):
        moved.append(target)
        if len(moved) == 4:
            raise OSError("the disk is gone")
        replace(source, target, **more)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", breaking)
        with pytest.raises((OSError, OutputError)):
            install(fiji)
    assert snapshot(fiji) != before
    uninstall(fiji)
    assert snapshot(fiji) == before


def test_an_install_that_cannot_make_a_folder_leaves_no_empty_ones(fiji, monkeypatch):
    before = snapshot(fiji)
    make = Path.mkdir

    def refusing(folder, *rest, **more):
        if folder.name == "models":
            raise PermissionError(13, "Permission denied", str(folder))
        make(folder, *rest, **more)

    with monkeypatch.context() as refused:
        refused.setattr(Path, "mkdir", refusing)
        with pytest.raises(OutputError, match="models"):
            install(fiji)
    assert snapshot(fiji) == before


def test_an_install_that_cannot_write_its_manifest_leaves_no_empty_folders(fiji, monkeypatch):
    before = snapshot(fiji)

    def refusing(_source, target, **_more):
        raise PermissionError(13, "Permission denied", str(target))

    with monkeypatch.context() as refused:
        refused.setattr(os, "replace", refusing)
        with pytest.raises((OSError, OutputError)):
            install(fiji)
    assert snapshot(fiji) == before


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "C:/Windows/x", "..\\outside"])
def test_a_manifest_cannot_name_files_outside_its_fiji(fiji, name):
    install(fiji)
    manifest = json.loads((fiji / MANIFEST).read_text())
    manifest["files"][name] = ["0"]
    (fiji / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="not in this Fiji"):
        uninstall(fiji)


def test_a_folder_that_is_no_fiji_is_named(tmp_path):
    with pytest.raises(InputError, match="is no Fiji folder"):
        install(tmp_path)


def test_uninstall_of_nothing_says_so(fiji):
    with pytest.raises(InputError, match="has no ElectrodeJ"):
        uninstall(fiji)


@pytest.mark.imagej
def test_appose_is_brought_only_where_there_is_none(tmp_path):
    without = make_fiji(tmp_path / "a", jars=())
    before = snapshot(without)
    install(without)
    with zipfile.ZipFile(without / "jars" / "appose-0.9.0.jar") as jar:
        assert "org/apposed/appose/Service.class" in jar.namelist()
    assert install(without).written == []
    uninstall(without)
    assert snapshot(without) == before
    old = make_fiji(tmp_path / "b", jars=("appose-0.4.0.jar",))
    install(old)
    assert [path.name for path in (old / "jars").glob("appose*")] == ["appose-0.4.0.jar"]


def test_the_library_holds_the_classes_and_is_the_same_bytes_each_time():
    (name,) = [name for name in planned() if name.endswith(".jar")]
    with zipfile.ZipFile(io.BytesIO(planned()[name])) as jar:
        assert "electrodej/Door.groovy" in jar.namelist()
    assert planned()[name] == planned()[name]


def test_what_was_compiled_is_the_source_that_lies_beside_it():
    from electrodej.fiji.content import library

    place = library() / "electrodej"
    checksum = place / "Fields.sha256"
    sources = "".join(source.read_text(encoding="utf-8") for source in sorted(place.glob("*.java")))
    found = hashlib.sha256(sources.encode()).hexdigest()
    assert checksum.read_text(encoding="utf-8").strip() == found, "run tools/compile_fields.py"
    with zipfile.ZipFile(io.BytesIO(library_jar())) as jar:
        assert {"electrodej/Fields.class", "META-INF/json/org.scijava.plugin.Plugin"} < set(jar.namelist())


def test_the_commands_say_what_they_did(fiji, capsys):
    assert main(["fiji", "install", str(fiji), "--json"]) == 0
    assert MEASURE in json.loads(capsys.readouterr().out)["written"]
    assert main(["fiji", "doctor", str(fiji)]) == 0
    assert "[ mend " not in capsys.readouterr().out
    assert main(["fiji", "uninstall", str(fiji)]) == 0
    assert f"removed {MEASURE}" in capsys.readouterr().out
    assert main(["fiji", "uninstall", str(fiji)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def troubles(fiji, machine="x86_64"):
    return {finding.name: finding for finding in examine(fiji, machine=machine) if not finding.ok}


def test_a_whole_fiji_has_nothing_to_mend(fiji):
    install(fiji)
    assert troubles(fiji) == {}


def swapped(tmp_path, old, *new):
    jars = [jar for jar in WHOLE if jar != old]
    assert len(jars) < len(WHOLE)
    return make_fiji(tmp_path / "swapped", jars=(*jars, *new))


@pytest.mark.parametrize(
    ("old", "new", "name", "remedy"),
    [
        ("csbdeep-0.6.0.jar", (), "CSBDeep", "tick CSBDeep"),
        ("protobuf-java-3.23.4.jar", ("protobuf-java-4.28.2.jar",), "protobuf", "tick TensorFlow"),
        ("appose-0.9.0.jar", (), "Appose", "update Fiji"),
        ("appose-0.9.0.jar", ("appose-0.7.2.jar",), "Appose", "update Fiji"),
        ("libtensorflow_jni-1.15.0.jar", (), "TensorFlow", "tick CSBDeep"),
        (
            "libtensorflow-1.15.0.jar",
            ("libtensorflow-1.12.0.jar",),
            "TensorFlow",
            "TF 1.15.0",
        ),
        (
            "imagej-tensorflow-1.1.9.jar",
            ("imagej-tensorflow-1.1.6.jar",),
            "imagej-tensorflow",
            "update Fiji",
        ),
        ("scripting-groovy-1.0.2.jar", (), "Groovy", "download Fiji anew"),
    ],
)
def test_what_would_stop_fiji_is_named_with_its_remedy(old, new, name, remedy, tmp_path):
    fiji = swapped(tmp_path, old, *new)
    install(fiji)
    for path in (fiji / "jars").glob("appose-0.9.0.jar"):
        if old.startswith("appose"):
            path.unlink()
    found = troubles(fiji)
    assert list(found) == [name]
    assert remedy in found[name].remedy


def test_the_stardist_plugin_is_missed_in_the_plugins_folder(fiji):
    install(fiji)
    (fiji / "plugins" / "StarDist_-0.3.0.jar").unlink()
    assert list(troubles(fiji)) == ["StarDist"]


def test_there_is_no_tensorflow_for_a_mac_with_its_own_processor(fiji):
    install(fiji)
    assert "Rosetta" in troubles(fiji, machine="arm64")["TensorFlow"].remedy


def test_a_program_that_is_no_python_with_electrodej_is_refused_and_named(fiji, capsys):
    import shutil
    import venv

    before = snapshot(fiji)
    venv.create(fiji.parent / "bare", with_pip=False, symlinks=True)
    bare = fiji.parent / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    for program, answer in ((shutil.which("git"), ""), (str(bare), "No module named")):
        with pytest.raises(InputError, match=f"no Python that has ElectrodeJ .*{answer}"):
            install(fiji, python=program)
        assert snapshot(fiji) == before
    install(fiji)
    (fiji / "electrodej" / "python.txt").write_text(f"{bare}\n")
    assert "No module named" in troubles(fiji)["Python for ElectrodeJ"].found
    assert main(["fiji", "doctor", str(fiji)]) == 1
    said = capsys.readouterr()
    assert "[ mend ] Python for ElectrodeJ" in said.out
    assert "to be mended: Python for ElectrodeJ" in said.err


def test_what_only_fijis_plugins_need_is_no_failure(fiji, capsys):
    install(fiji)
    (fiji / "plugins" / "StarDist_-0.3.0.jar").unlink()
    assert main(["fiji", "doctor", str(fiji)]) == 0
    assert "[lacks ] StarDist" in capsys.readouterr().out


def test_a_python_that_went_away_is_named(fiji):
    install(fiji)
    (fiji / "electrodej" / "python.txt").write_text("C:\\gone\\python.exe\n")
    found = troubles(fiji)["Python for ElectrodeJ"]
    assert "C:\\gone\\python.exe" in found.found
    assert "Set Up Python" in found.remedy


def test_the_zip_is_laid_out_like_a_fiji_and_can_be_taken_away_again(fiji):
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "tools" / "make_fiji_zip.py"
    spec = importlib.util.spec_from_file_location("make_fiji_zip", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    before = snapshot(fiji)
    files = tool.contents(("electrodej-0-py3-none-any.whl", b"wheel"), path.parents[1] / "fiji-locks")
    assert {MEASURE, "electrodej/macos-intel-light.lock", "electrodej/electrodej-0-py3-none-any.whl"} < set(
        files
    )
    assert "electrodej/python.txt" not in files
    for name, data in files.items():
        (fiji / name).parent.mkdir(parents=True, exist_ok=True)
        (fiji / name).write_bytes(data)
    (fiji / "electrodej" / "python.txt").write_text("/home/me/.electrodej/python/bin/python\n")
    assert uninstall(fiji).left == []
    assert snapshot(fiji) == before


def test_fijis_own_python_mode_and_deepimagej_are_told_of_where_they_are(fiji):
    names = {"Python mode", "DeepImageJ"}
    assert not names & {finding.name for finding in examine(fiji)}
    launcher = fiji / "config" / "jaunch"
    launcher.mkdir(parents=True, exist_ok=True)
    (launcher / "fiji.py").write_text("", "utf-8")
    (fiji / "plugins" / "deepImageJ_-3.0.2.jar").write_bytes(b"")
    told = {finding.name: finding for finding in examine(fiji)}
    assert told["Python mode"].found.startswith("off;")
    assert "--package" in told["DeepImageJ"].found
    (launcher / "fiji.cfg").write_text("launch-mode = PYTHON\npython-dir = C:\\py env\n", "utf-8")
    told = {finding.name: finding for finding in examine(fiji)}
    assert told["Python mode"].found.startswith("on, C:\\py env;")
    assert all(told[name].ok for name in names)
