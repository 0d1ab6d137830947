"""The methods paragraph says what was done, whatever files are called."""

from __future__ import annotations

import pytest

from electrodej.report.methods import methods_section


def told(*commands: str) -> str:
    return str(methods_section({}, commands=commands).body)


def test_a_folder_called_watershed_is_no_watershed():
    assert "Otsu" not in told("electrodej fuse watershed/grey.tif --model nmc-particles --out o.tif")


@pytest.mark.parametrize("words", ["segment particles g.tif --model", "fuse g.tif --method"])
def test_a_watershed_is_told(words: str):
    assert "Otsu" in told(f"electrodej {words} watershed --out o.tif")


def test_a_forest_is_called_no_network(monkeypatch: pytest.MonkeyPatch):
    from electrodej import forest

    monkeypatch.setattr(forest, "is_forest", lambda model: model == "my-forest")
    found = told("electrodej segment phases g.tif --model my-forest --out o.tif")
    assert "random forest" in found
    assert "U-Net" not in found
