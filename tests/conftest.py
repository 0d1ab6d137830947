"""Fixtures that cost much and are shared by all rooms, and what becomes of tests that cannot run here."""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import needs
import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# What a test needs, told by the fixtures and the marks that it has.
GROUP_OF = {
    "chromium": "chromium",
    "firefox": "firefox",
    "screen": "screen",
    "imagej": "imagej",
    "tf115": "imagej",
    "fiji": "fiji",
}
LEFT_OUT = "left out"
MISSING = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nothing-left-out",
        action="store_true",
        help="fail where tests of browsers, of windows or of Java cannot run, instead of leaving them out",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find out what is missing; the workers of a run in parallel are told."""
    if hasattr(config, "workerinput"):
        config.stash[MISSING] = json.loads(config.workerinput["missing"])
        return
    home = needs.java_home()
    if home is not None:
        os.environ["JAVA_HOME"] = str(home)
    config.stash[MISSING] = needs.missing()
    cannot = {name: remedy for name, remedy in config.stash[MISSING].items() if name != "fiji"}
    if config.getoption("nothing_left_out") and cannot:
        told = "; ".join(f"{name}: {remedy}" for name, remedy in cannot.items())
        raise pytest.UsageError(f"tests would be left out ({told})")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["missing"] = json.dumps(node.config.stash[MISSING])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run: the last line of the run names it, with the remedy."""
    missing = config.stash[MISSING]
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ())) - {"fiji"}  # a folder shaped like one
        names = fixtures | {mark.name for mark in item.iter_markers()}
        for group in sorted({GROUP_OF[name] for name in names & GROUP_OF.keys()} & missing.keys()):
            item.user_properties.append((LEFT_OUT, f"{group}: {missing[group]}"))
            item.add_marker(pytest.mark.skip(reason=f"{group} is missing; {missing[group]}"))


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count what is left out under its name, where pytest would count what is skipped."""
    why = dict(getattr(report, "user_properties", ())).get(LEFT_OUT)
    return (f"{LEFT_OUT} ({why})", "l", "LEFT OUT") if report.skipped and why else None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes that come back when they die."""
    from distributed import LocalCluster

    with warnings.catch_warnings():
        # Ports and sockets of processes that are killed on purpose.
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as running:
            yield running


@pytest.fixture(scope="session")
def imagej(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The class ij.IJ of a real ImageJ 1.54p in this process, SciJava and its languages beside it.

    Java can be started once in a process, so every test that needs any of it shares this one. Where it
    cannot be had, the test fails.
    """
    import scyjava

    from electrodej.fiji.jvm import start_light

    if not scyjava.jvm_started():
        preferences = tmp_path_factory.mktemp("preferences")
        scyjava.config.add_option(f"-Djava.util.prefs.userRoot={preferences}")
        scyjava.config.add_option(f"-Duser.home={tmp_path_factory.mktemp('home')}")
    return start_light(scripting=True)


@pytest.fixture(scope="session")
def screen() -> list[str]:
    """What goes before a command that opens windows."""
    return [] if os.environ.get("DISPLAY") or not sys.platform.startswith("linux") else ["xvfb-run", "-a"]


@pytest.fixture(scope="session")
def worker_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Python worker of this session's scripts keeps its logs."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture
def run_script(imagej: Any, worker_logs: Path) -> Any:
    """Run a Fiji command by name, `electrodej.fiji.scripting.run_script`, with logs of its own."""
    assert imagej is not None
    import scyjava

    from electrodej.fiji.scripting import run_script

    scyjava.jimport("java.lang.System").setProperty("electrodej.logs", str(worker_logs))
    return run_script
