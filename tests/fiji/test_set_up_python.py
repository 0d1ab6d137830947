"""Set Up Python builds an environment with Appose's own builder and a real uv, without the network."""

from __future__ import annotations

import contextlib
import shutil
import sysconfig
import zipfile
from pathlib import Path

import psutil
import pytest
import scyjava
import uv

import electrodej
from electrodej.errors import ElectrodeJError
from electrodej.fiji.scripting import context, library_class

pytestmark = pytest.mark.imagej

BUILD = {"how": "Build one (needs the network)"}
WHEEL = "electrodej-9.9-py3-none-any.whl"


def write_wheel(path):
    """A wheel that needs nothing else, because it points to the packages that this very Python has."""
    here = [str(Path(electrodej.__file__).parents[1]), sysconfig.get_path("purelib")]
    about = "electrodej-9.9.dist-info"
    files = {
        "electrodej_here.pth": "\n".join(here) + "\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: electrodej\nVersion: 9.9\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"]))


def write_part(path):
    """A wheel with a module and nothing else."""
    about = "electrodej_part-1.0.dist-info"
    files = {
        "electrodej_part.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: electrodej-part\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"]))


@pytest.fixture
def fiji(imagej, tmp_path):
    """A Fiji folder with our wheel, a lock that forbids the network, and the builder's uv in its place."""
    assert imagej is not None
    program = Path(uv.find_uv_bin())
    place = (
        Path(str(scyjava.jimport("org.apposed.appose.builder.Uv").BASE_PATH)) / ".uv" / "bin" / program.name
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        shutil.copy2(program, place)
    (tmp_path / "electrodej").mkdir()
    write_wheel(tmp_path / "electrodej" / WHEEL)
    (tmp_path / "electrodej" / "requirements.lock").write_text("--no-index\n")
    system = scyjava.jimport("java.lang.System")
    system.setProperty("imagej.dir", str(tmp_path))
    yield tmp_path
    system.clearProperty("imagej.dir")


def built():
    return Path(str(scyjava.jimport("java.lang.System").getProperty("user.home")), ".electrodej", "python")


def workers_of(program):
    """The workers that run in an environment."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended while being looked at
            if child.cmdline()[:1] == [str(program)] and "electrodej.worker" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.slow
def test_a_python_is_built_tried_and_remembered_and_built_anew(run_script, fiji):
    shutil.rmtree(built(), ignore_errors=True)
    note = fiji / "electrodej" / "python.txt"
    run_script("Set Up Python", BUILD)
    program = Path(note.read_text("utf-8").strip())
    assert program.is_file()
    assert built() in program.parents
    (worker,) = workers_of(program)
    # An environment that was cut off: its program is gone.
    program.unlink()
    note.unlink()
    run_script("Set Up Python", BUILD)
    assert Path(note.read_text("utf-8").strip()) == program
    assert program.is_file()
    # The one that was tried is not the worker of the environment before.
    assert not worker.is_running()
    assert len(workers_of(program)) == 1


@pytest.mark.slow
def test_one_that_does_not_run_any_more_is_built_anew(run_script, fiji):
    run_script("Set Up Python", BUILD)
    program = Path((fiji / "electrodej" / "python.txt").read_text("utf-8").strip())
    (package,) = built().rglob("electrodej_here.pth")
    package.unlink()
    run_script("Set Up Python", BUILD)
    assert package.is_file()
    assert program.is_file()


def test_a_computer_without_the_network_takes_a_folder_of_wheels(run_script, fiji, tmp_path):
    lock = fiji / "electrodej" / "linux-light.lock"
    lock.write_text("# bytes: 1048576\nelectrodej-part==1.0\n")
    (fiji / "electrodej" / "linux-training.lock").write_text("nothing-like-it==1.0\n")
    system = scyjava.jimport("java.lang.System")
    before = str(system.getProperty("os.name"))
    wheels = tmp_path / "it's wheels"
    wheels.mkdir()
    system.setProperty("os.name", "Linux")
    try:
        with pytest.raises(ElectrodeJError, match="there is no folder"):
            run_script("Set Up Python", {**BUILD, "wheels": tmp_path / "none"})
        with pytest.raises(ElectrodeJError, match="folder has to hold all that linux-light"):
            run_script("Set Up Python", {**BUILD, "wheels": wheels})
        write_part(wheels / "electrodej_part-1.0-py3-none-any.whl")
        run_script("Set Up Python", {**BUILD, "wheels": wheels})
        assert list(built().rglob("electrodej_part.py"))
    finally:
        system.setProperty("os.name", before)


@pytest.mark.parametrize("system", ["Linux", "Windows 11"])
def test_a_computer_that_no_packages_are_for_is_told_so(run_script, fiji, system):
    for name in ("linux", "windows"):
        (fiji / "electrodej" / f"{name}-light.lock").write_text("nothing-like-it==1.0\n")
    properties = scyjava.jimport("java.lang.System")
    before = {name: str(properties.getProperty(name)) for name in ("os.name", "os.arch")}
    properties.setProperty("os.name", system)
    properties.setProperty("os.arch", "aarch64")
    try:
        with pytest.raises(
            ElectrodeJError, match=f"no packages for this computer \\({system.split()[0].lower()}-aarch64"
        ):
            run_script("Set Up Python", BUILD)
    finally:
        for name, value in before.items():
            properties.setProperty(name, value)


def test_each_computer_has_its_lock_with_its_size():
    folder = Path(__file__).parents[2] / "fiji-locks"
    for computer in ("windows", "macos-intel", "macos-arm", "linux"):
        first, *lines = (folder / f"{computer}-light.lock").read_text("utf-8").splitlines()
        assert 1e8 < int(first.removeprefix("# bytes: ")) < 4e8
        assert all(" --hash=sha256:" in line for line in lines)
        names = {line.partition("==")[0] for line in lines}
        assert {"appose", "openvino", "numba", "shap"} < names
        assert not names & {"tensorflow", "jax", "mkdocs", "pytest"}


def test_what_cannot_be_fetched_is_named_with_what_to_do(run_script, fiji):
    (fiji / "electrodej" / "requirements.lock").write_text("--no-index\nnothing-like-it==1.0\n")
    with pytest.raises(ElectrodeJError) as caught:
        run_script("Set Up Python", BUILD)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("Python could not be built (")
    assert "nothing-like-it" in said
    assert "in a terminal" in said
    assert not (fiji / "electrodej" / "python.txt").exists()


@pytest.mark.usefixtures("imagej")
def test_a_builder_that_cannot_reach_the_network_says_whom_it_sought():
    reason = library_class(context(), "Python").reason
    unreached = scyjava.jimport("java.net.UnknownHostException")("github.com")
    assert reason(scyjava.jimport("java.io.IOException")(unreached)) == "github.com cannot be reached"
    nothing_said = scyjava.jimport("java.io.IOException")()
    assert reason(nothing_said) == "IOException"
