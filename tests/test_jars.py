"""Jars come once, whole, and only as they were published."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from jgo.constants import MAVEN_CENTRAL_URL

from electrodej.errors import InputError
from electrodej.export.jars import JARS
from electrodej.fiji.jars import IMAGEJ, SCRIPTING
from electrodej.jars import Jar, JarUnavailableError, fetched

CONTENT = b"what was published"
JAR = Jar("org.some", "thing", "1.2", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
PLACE = "org/some/thing/1.2/thing-1.2.jar"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person's folder with nothing in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are asked of a server with the one jar."""
    assert home
    addresses: list[str] = []

    def answer(address: str, timeout: float) -> Any:
        assert timeout > 0
        addresses.append(address)
        return io.BytesIO(CONTENT)

    monkeypatch.setattr("urllib.request.urlopen", answer)
    return addresses


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(content))


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_a_jar_is_fetched_once_from_maven_central(asked: list[str], home: Path) -> None:
    (path,) = fetched([JAR], what="The thing")
    assert path == home / ".m2" / "repository" / PLACE
    assert path.read_bytes() == CONTENT
    assert fetched([JAR], what="The thing", fetch=False) == [path]
    assert asked == [f"{MAVEN_CENTRAL_URL}/{PLACE}"]


@pytest.mark.parametrize("content", [b"something else", b"", CONTENT + b"x", bytes(2**22)])
def test_another_file_under_that_name_is_neither_kept_nor_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    serve(monkeypatch, content)
    with pytest.raises(InputError, match="not the file that was published"):
        fetched([JAR], what="The thing")
    assert files(home) == []


def test_a_jar_that_changes_later_is_noticed(asked: list[str]) -> None:
    (path,) = fetched([JAR], what="The thing")
    path.write_bytes(b"tampered with")
    with pytest.raises(InputError, match="not the file that was published"):
        fetched([JAR], what="The thing")
    assert len(asked) == 1


def test_without_network_the_error_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(address: str, timeout: float) -> Any:
        raise OSError(f"no way to {address[:8]} in {timeout} s")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(JarUnavailableError, match=r"The thing could not be .*connect to the network once"):
        fetched([JAR], what="The thing")
    with pytest.raises(JarUnavailableError, match="connect to the network once"):
        fetched([JAR], what="The thing", fetch=False)
    assert files(home) == []


def test_every_jar_of_the_project_is_pinned() -> None:
    for jar in (*JARS, IMAGEJ, *SCRIPTING):
        assert len(bytes.fromhex(jar.sha256)) == 32
        assert jar.size > 0


def test_appose_with_other_bytes_is_not_put_into_a_fiji(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from electrodej.fiji.install import install

    (home / "Fiji" / "jars").mkdir(parents=True)
    (home / "Fiji" / "jars" / "ij-1.54p.jar").touch()
    (home / "Fiji" / "plugins").mkdir()
    serve(monkeypatch, b"not what was published")
    change = install(home / "Fiji")
    assert any("not the file that was published" in note for note in change.notes)
    assert not list((home / "Fiji" / "jars").glob("appose*"))
