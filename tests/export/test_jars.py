"""TensorFlow 1.15 is for some processors only."""

from __future__ import annotations

import pytest

from electrodej.export.jars import Tf115UnavailableError, class_path


def test_processors_without_tensorflow_1_15_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(Tf115UnavailableError, match="an Intel or AMD processor"):
        class_path()
