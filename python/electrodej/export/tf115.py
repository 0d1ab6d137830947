"""Run a model in TensorFlow Java 1.15.0, the very library that Fiji's plugins use."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from electrodej.errors import InputError
from electrodej.export.jars import VERSION, Tf115UnavailableError, class_path
from electrodej.java import MINIMUM_VERSION, REMEDY, find_java
from electrodej.progress import Progress, silent
from electrodej.unfinished import REAL_TEMPORARY

FloatArray = npt.NDArray[np.float32]
_LINES_KEPT = 40
_SCRATCH = "electrodej-tf115-"
_SECONDS_TO_END = 5


class Tf115:
    """TensorFlow 1.15 in a child process, started once and used for any number of models.

    A context manager; leaving it ends the process.

    Examples
    --------
    ::

        with Tf115() as tf115:
            tf115.load("unpacked-model")
            output = tf115.run(image, input="input", output="output")
    """

    def __init__(
        self, *, fetch: bool = True, threads: int | None = None, progress: Progress = silent
    ) -> None:
        _check_jpype()
        java_home = _java_home()
        jars = [str(path) for path in class_path(fetch=fetch, progress=progress)]
        _sweep()
        self._folder = tempfile.TemporaryDirectory(
            prefix=f"{_SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True
        )
        setup = {"java_home": str(java_home), "class_path": jars, "scratch": self._folder.name}
        self._said: collections.deque[str] = collections.deque(maxlen=_LINES_KEPT)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "electrodej.export.tf115_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=_environment(threads),
        )
        threading.Thread(target=self._listen, name="tf115-messages", daemon=True).start()
        try:
            self.version = str(self._ask(setup)["version"])
        except InputError as error:
            self.close()
            raise Tf115UnavailableError(f"TensorFlow {VERSION} does not start here ({error})") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Tf115:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def load(self, folder: str | os.PathLike[str]) -> None:
        """Load an unpacked SavedModel, with the tag ``serve``, as Fiji does.

        Raises
        ------
        electrodej.errors.InputError
            TensorFlow 1.15 does not load it; the message is its own.
        """
        self._ask({"do": "load", "folder": str(folder)})

    def run(self, image: FloatArray, *, input: str, output: str) -> FloatArray:
        """Run the loaded model.

        Parameters
        ----------
        image
            Float array, NHWC.
        input, output
            Names of the operations to feed and to fetch, without ``:0``.
        """
        source, target = Path(self._folder.name) / "in.npy", Path(self._folder.name) / "out.npy"
        np.save(source, image, allow_pickle=False)
        self._ask({"do": "run", "image": str(source), "to": str(target), "input": input, "output": output})
        result: FloatArray = np.load(target, allow_pickle=False)
        return result

    def operations(self) -> bytes:
        """Return TensorFlow 1.15's own list of operations, a serialised ``OpList``."""
        target = Path(self._folder.name) / "ops.pb"
        self._ask({"do": "ops", "to": str(target)})
        return target.read_bytes()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._folder.cleanup()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            last = self._said[-1] if self._said else "it said nothing"
            raise InputError(f"TensorFlow {VERSION} ended without an answer ({last})")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise InputError(str(answer["error"]))
        return answer

    def _listen(self) -> None:
        # An unread pipe would block the process once it is full.
        stream = self._process.stderr
        with contextlib.suppress(ValueError):
            for line in stream or ():
                self._said.append(line.strip())


def _sweep() -> None:
    """Remove what killed processes left: the unpacked library takes 190 MB."""
    import psutil

    # A command has a temporary folder of its own.
    every = Path(os.environ.get(REAL_TEMPORARY) or tempfile.gettempdir())
    for folder in every.glob(f"{_SCRATCH}*"):
        process = folder.name.removeprefix(_SCRATCH).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _java_home() -> Path:
    java = find_java()
    if java is None:
        raise Tf115UnavailableError(f"TensorFlow {VERSION} needs Java, and none was found; {REMEDY}")
    if java.version < MINIMUM_VERSION:
        raise Tf115UnavailableError(
            f"TensorFlow {VERSION} needs Java {MINIMUM_VERSION}, and {java.program} is {java.version}; "
            f"{REMEDY}"
        )
    return java.home


def _check_jpype() -> None:
    import importlib.util

    if importlib.util.find_spec("jpype") is None:
        raise Tf115UnavailableError(
            'running TensorFlow 1.15 needs "jpype", which is not installed; '
            'run: pip install "electrodej[fiji]"'
        )


def _environment(threads: int | None) -> dict[str, str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = environment["TF_NUM_INTRAOP_THREADS"] = str(threads)
        environment["TF_NUM_INTEROP_THREADS"] = str(threads)
    return environment
