"""Fixtures that cost much and are shared by all rooms."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


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
