"""TensorFlow 1.15 in a process of its own: reads requests on stdin, answers on stdout.

Started by `electrodej.export.tf115`, never imported by it, so that neither the caller's process nor the
Java of ImageJ ever holds this old library. One JSON object a line: ``load`` a folder, ``run`` it on an
array, ``ops`` for the list of operations. Arrays travel as .npy files whose paths are in the request.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np


class Server:
    """Holds the Java classes and the model that is loaded."""

    def __init__(self, java_home: str, class_path: list[str], scratch: str) -> None:
        os.environ["JAVA_HOME"] = java_home
        import jpype

        # TensorFlow unpacks its library (190 MB) there, and the parent removes the folder at the end.
        jpype.startJVM(f"-Djava.io.tmpdir={scratch}", classpath=class_path, convertStrings=True)
        self._jpype = jpype
        self._bundle: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one request asks."""
        match request["do"]:
            case "version":
                return {"version": str(self._tensorflow().version())}
            case "ops":
                Path(request["to"]).write_bytes(bytes(self._tensorflow().registeredOpList()))
                return {}
            case "load":
                self._close()
                bundles = self._jpype.JClass("org.tensorflow.SavedModelBundle")
                self._bundle = bundles.load(request["folder"], "serve")
                return {}
            case "run":
                return self._run(request)
        raise ValueError(f"unknown request {request['do']!r}")

    def _tensorflow(self) -> Any:
        return self._jpype.JClass("org.tensorflow.TensorFlow")

    def _close(self) -> None:
        if self._bundle is not None:
            self._bundle.close()
            self._bundle = None

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        image = np.load(request["image"], allow_pickle=False).astype(np.float32, copy=False)
        tensor = self._tensor(image)
        try:
            # Named as Fiji names them: cut at ":0".
            runner = self._bundle.session().runner()
            results = runner.feed(request["input"], tensor).fetch(request["output"]).run()
            result = results.get(0)
            try:
                np.save(request["to"], self._array(result), allow_pickle=False)
            finally:
                result.close()
        finally:
            tensor.close()
        return {}

    def _tensor(self, image: np.ndarray) -> Any:
        buffer = bytearray(np.ascontiguousarray(image).tobytes())
        direct = self._jpype.nio.convertToDirectBuffer(buffer)
        direct = direct.order(self._jpype.JClass("java.nio.ByteOrder").nativeOrder())
        shape = self._jpype.JArray(self._jpype.JLong)([int(length) for length in image.shape])
        tensors = self._jpype.JClass("org.tensorflow.Tensor")
        return tensors.create(shape, direct.asFloatBuffer())

    def _array(self, tensor: Any) -> np.ndarray:
        kind = str(tensor.dataType())
        if kind != "FLOAT":
            raise ValueError(f"the output is of type {kind}, and Fiji needs FLOAT")
        shape = [int(length) for length in tensor.shape()]
        buffer = bytearray(4 * int(np.prod(shape)))
        direct = self._jpype.nio.convertToDirectBuffer(buffer)
        direct = direct.order(self._jpype.JClass("java.nio.ByteOrder").nativeOrder())
        tensor.writeTo(direct.asFloatBuffer())
        return np.frombuffer(buffer, np.float32).reshape(shape)


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer until stdin ends. The first line says which Java and which jars."""
    setup = json.loads(requests.readline())
    server: Server | None = None
    try:
        server = Server(setup["java_home"], setup["class_path"], setup["scratch"])
        answer = server.answer({"do": "version"})
    except BaseException as error:
        answer = {"error": _message(error)}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    if server is None or "error" in answer:
        return
    for line in requests:
        try:
            answer = server.answer(json.loads(line))
        except BaseException as error:
            answer = {"error": _message(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _message(error: BaseException) -> str:
    # Java's own words, without the class name that jpype puts before them.
    told = getattr(error, "getMessage", None)
    text = str(told()) if told is not None else str(error)
    return " ".join((text or type(error).__name__).split())


def main() -> None:
    """Keep stdout for the answers: what Java or TensorFlow print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    serve(sys.stdin, answers)
    answers.flush()
    # Java's threads need no farewell.
    os._exit(0)


if __name__ == "__main__":
    main()
