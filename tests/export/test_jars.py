"""Fetching TensorFlow 1.15: only the published files, and whole."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from jgo.constants import MAVEN_CENTRAL_URL

from electrodej.errors import InputError
from electrodej.export import jars

CONTENT = b"what was published"


@pytest.fixture
def one_small_jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A repository in a folder of the test, one small file on the server; the addresses asked for."""
    asked: list[str] = []

    def answer(address: str, timeout: float) -> Any:
        assert timeout > 0
        asked.append(address)
        return io.BytesIO(CONTENT)

    jar = jars.Jar("thing", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    monkeypatch.setattr(jars, "JARS", (jar,))
    monkeypatch.setattr(jars, "repository", lambda: tmp_path)
    monkeypatch.setattr("urllib.request.urlopen", answer)
    return asked


def test_a_file_is_fetched_once_from_maven_central(one_small_jar: list[str], tmp_path: Path) -> None:
    (path,) = jars.class_path()
    assert path == tmp_path / "org/tensorflow/thing/1.15.0/thing-1.15.0.jar"
    assert path.read_bytes() == CONTENT
    assert jars.class_path(fetch=False) == [path]
    assert one_small_jar == [f"{MAVEN_CENTRAL_URL}/org/tensorflow/thing/1.15.0/thing-1.15.0.jar"]


def test_another_file_under_that_name_is_neither_kept_nor_used(
    one_small_jar: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(b"something else"))
    with pytest.raises(InputError, match="not the file that was published"):
        jars.class_path()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert one_small_jar == []


def test_a_file_that_changes_later_is_noticed(one_small_jar: list[str]) -> None:
    (path,) = jars.class_path()
    path.write_bytes(b"tampered with")
    with pytest.raises(InputError, match="not the file that was published"):
        jars.class_path()
    assert len(one_small_jar) == 1


def test_without_network_the_error_says_what_to_do(
    one_small_jar: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(address: str, timeout: float) -> Any:
        raise OSError(f"no way to {address[:8]} in {timeout} s")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(jars.Tf115UnavailableError, match="connect to the network once"):
        jars.class_path()
    assert one_small_jar == []


def test_processors_without_tensorflow_1_15_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(jars.Tf115UnavailableError, match="an Intel or AMD processor"):
        jars.class_path()
