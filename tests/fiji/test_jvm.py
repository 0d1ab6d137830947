"""Java with plain ImageJ in this process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from electrodej.errors import MissingExtraError
from electrodej.fiji import jvm
from electrodej.java import find_java


@pytest.mark.imagej
def test_the_light_mode_is_imagej_154p(imagej):
    assert str(imagej.getVersion()) == "1.54p"


@pytest.mark.imagej
def test_a_second_start_finds_the_running_imagej(imagej):
    assert str(jvm.start_light().getVersion()) == str(imagej.getVersion())


_FILTER = """
from electrodej.fiji.jvm import start_light
import scyjava
IJ = start_light()
image = IJ.createImage("x", "8-bit ramp", 64, 64, 1)
scyjava.jimport("ij.plugin.filter.GaussianBlur")().blurGaussian(image.getProcessor(), 2.0)
pool = scyjava.jimport("ij.util.ThreadUtil").threadPoolExecutor
pool.submit(scyjava.jimport("java.lang.Thread")())
print(pool.getPoolSize())
"""


@pytest.mark.slow
@pytest.mark.imagej
def test_python_ends_after_imagej_has_used_its_filter_threads():
    done = subprocess.run(
        [sys.executable, "-c", _FILTER], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


@pytest.mark.imagej
def test_no_other_repository_than_maven_central_is_asked(imagej):
    import scyjava

    assert imagej is not None
    assert scyjava.config.get_repositories() == {}


_START = """
from electrodej.errors import ElectrodeJError
from electrodej.fiji.jvm import start_light
try:
    start_light()
except ElectrodeJError as error:
    print(error)
"""


def start_with_programs_of(folder):
    """What a start says where ``folder`` is the whole PATH and JAVA_HOME is not set."""
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", _START],
        env={**environment, "PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_without_java_the_message_says_which_one_to_get(tmp_path):
    message = start_with_programs_of(tmp_path)
    assert "version 11" in message
    assert "JAVA_HOME" in message


@pytest.mark.skipif(os.name == "nt", reason="a program that is a script of the shell")
def test_an_old_java_is_named(tmp_path):
    program = tmp_path / "java"
    program.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    program.chmod(0o755)
    message = start_with_programs_of(tmp_path)
    assert f"{program} is 8" in message


@pytest.mark.skipif(os.name == "nt", reason="a program that is a script of the shell")
def test_a_program_that_passes_on_to_a_java_elsewhere_gives_that_ones_home(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    settings = "Property settings:\n    java.home = /opt/a java/17\n    java.vendor = x\n"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{settings}openjdk version \"17.0.1\"\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    java = find_java()
    assert (java.version, java.home, java.program) == (17, Path("/opt/a java/17"), program)


class Options:
    """As much of scyjava's configuration as is needed."""

    def __init__(self, *options):
        self.options = list(options)

    def get_options(self):
        return self.options

    def add_option(self, option):
        self.options.append(option)


def test_a_collector_and_the_size_of_stacks_are_chosen_unless_they_were(monkeypatch):
    for name in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    for given, added in (
        (["-Xmx1g"], ["-XX:+UseParallelGC", "-Xss8m"]),
        (["-Xmx1g", "-XX:+UseZGC"], ["-Xss8m"]),
        (["-Xss16m"], ["-XX:+UseParallelGC"]),
        (["-XX:ThreadStackSize=4096"], ["-XX:+UseParallelGC"]),
    ):
        options = Options(*given)
        jvm.suit_python(options)
        assert options.options == [*given, *added]
        jvm.suit_python(options)
        assert options.options == [*given, *added]
    monkeypatch.setenv("_JAVA_OPTIONS", "-Xss4m -XX:+UseSerialGC")
    by_variable = Options()
    jvm.suit_python(by_variable)
    assert by_variable.options == []


_DEEP = """
import sys
from electrodej.fiji.jvm import start_light
start_light()
deep = []
for _ in range(20000):
    deep = [deep]
sys.setrecursionlimit(10**6)
print(len(repr(deep)))
"""


@pytest.mark.imagej
@pytest.mark.slow
def test_python_keeps_its_stack_beside_java():
    # Each level of a list takes some 150 bytes of the C stack: three times what Java would leave.
    done = subprocess.run(
        [sys.executable, "-c", _DEEP], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 2 * 20001


def test_without_scyjava_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "scyjava", None)
    with pytest.raises(MissingExtraError, match=r"electrodej\[fiji\]"):
        jvm.start_light()


_OFFLINE = """
import sys
import urllib.request
from pathlib import Path
from electrodej import jars
from electrodej.errors import ElectrodeJError
from electrodej.fiji.jvm import start_light
def unreachable(*args, **kwargs):
    raise OSError("no route to host")
urllib.request.urlopen = unreachable
jars.repository = lambda: Path(sys.argv[1])
try:
    start_light()
except ElectrodeJError as error:
    print(error)
"""


def test_without_network_the_message_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Maven Central" in done.stdout
    assert done.stdout.count("\n") == 1
