"""A process with little memory that reads what a fuzzer made."""

import contextlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _beside(name: str) -> ModuleType:
    """Load what lies beside, and is no package."""
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"fuzz_{name}"] = module
    spec.loader.exec_module(module)
    return module


seeds: Any = _beside("seeds")
models: Any = _beside("model_seeds")

START = 240  # seconds, to load all libraries on a busy machine
SECONDS = 30  # for one file; what takes a fraction of a second on a machine that is busy
WORKER = Path(__file__).with_name("worker.py")


class Reader:
    """Has files read by a process of its own, and a new one when that died or was ended."""

    def __init__(self, whole: dict[str, str], models: Path | None = None) -> None:
        self._words = [json.dumps(whole), *([] if models is None else [str(models)])]
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def read(self, kind: str, path: Path) -> str:
        """Return what a user is told, "" where all is well; fail where it is a fault."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(json.dumps({"kind": kind, "path": str(path)}) + "\n")
        process.stdin.flush()
        try:
            line = self._lines.get(timeout=SECONDS)
        except queue.Empty:
            self.close()
            pytest.fail(f"{path.name} took more than {SECONDS} s")
        if not line:
            code = process.wait()
            self.close()
            pytest.fail(f"{path.name} ended the process that read it ({code})")
        answer = json.loads(line)
        if "fault" in answer:
            pytest.fail(answer["fault"])
        return str(answer["said"])

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()

    def start(self) -> None:
        """Start a process, which loads all libraries first."""
        self.close()
        # Each thread of the C library would take room of its own.
        surroundings = {**os.environ, "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), *self._words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings,
        )  # fmt: skip
        self._lines = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process, self._lines), daemon=True).start()
        assert self._lines.get(timeout=START) == "ready\n"

    @staticmethod
    def _listen(process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError):
            for line in process.stdout:
                lines.put(line)
        lines.put("")


@pytest.fixture(scope="session")
def reader(tmp_path_factory):
    """One reader for all files."""
    folder = tmp_path_factory.mktemp("whole")
    every = {one.kind: str(seeds.write(one, one.files, folder)) for one in seeds.seeds()}
    one = Reader(every)
    yield one
    one.close()


@pytest.fixture(scope="session")
def model_reader(tmp_path_factory):
    """A reader of models, and the folder where it has put a whole one of each kind."""
    place = tmp_path_factory.mktemp("models")
    one = Reader({}, place)
    one.start()
    yield one, place
    one.close()
