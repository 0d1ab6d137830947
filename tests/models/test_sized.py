"""A few bytes of settings do not make a network that fills the memory."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from electrodej.errors import InputError
from electrodej.models import load_model
from electrodej.models.info import ModelInfo, to_json

# Each asks for at least 8 GB, within the bounds of every single number.
OLD = Path(__file__).parents[1] / "export" / "data"


def changed(path: Path, **values: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **values}))


def stardist(folder: Path) -> Any:
    shutil.copytree(OLD / "stardist-keras-2.3.1", folder)
    changed(folder / "config.json", unet_n_depth=8, unet_n_filter_base=4096)
    return lambda: load_model(folder)


def care(folder: Path) -> Any:
    shutil.copytree(OLD / "care-keras-2.3.1", folder)
    changed(folder / "config.json", unet_n_depth=8, unet_n_first=4096)
    return lambda: load_model(folder)


def regions(folder: Path) -> Any:
    from electrodej.networks.maskrcnn.model import load_maskrcnn, write_model
    from electrodej.networks.maskrcnn.network import build
    from electrodej.networks.maskrcnn.shape import NetworkShape

    folder.mkdir()
    write_model(
        folder, build(NetworkShape(pyramid=8, proposing=8, head=16, mask=8)), ModelInfo(kind="maskrcnn")
    )
    changed(folder / "maskrcnn.json", pyramid=4096, head=4096)
    return lambda: load_maskrcnn(folder, engine="keras")


def solid(folder: Path) -> Any:
    from electrodej.networks.stardist3d.model import load_solid

    folder.mkdir()
    plan = {"grid": [2, 2, 2], "pools": [[2, 2, 2]] * 3, "rays": 64, "filters": 4096}
    (folder / "solid.json").write_text(json.dumps(plan))
    (folder / "model.weights.h5").write_bytes(b"")
    info = ModelInfo(kind="stardist3d", channels_out=65, rays=64, spacing=(0.1, 0.1, 0.1))
    (folder / "electrodej.json").write_text(to_json(info))
    return lambda: load_solid(folder, engine="keras")


@pytest.mark.slow
@pytest.mark.parametrize("make", [stardist, care, regions, solid])
def test_a_network_that_no_memory_holds_is_refused_before_it_is_built(tmp_path: Path, make: Any) -> None:
    load = make(tmp_path / "model")
    with pytest.raises(InputError, match="million weights") as said:
        load()
    assert str(tmp_path / "model") in str(said.value)
