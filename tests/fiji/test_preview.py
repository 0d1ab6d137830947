"""What a network finds while it learns, as Fiji gets it."""

from types import SimpleNamespace

import numpy as np
import pytest

from electrodej.run import Run
from electrodej.volume import open_volume
from electrodej.worker.preview import LARGEST, watcher


def drawn_on(shape, *places):
    drawn = np.zeros(shape, np.uint16)
    for place in places:
        drawn[place] = 1
    return SimpleNamespace(grey=np.arange(drawn.size, dtype=np.int64).reshape(shape), drawn=drawn)


def test_the_slice_that_most_was_drawn_on_is_looked_at_around_what_was_drawn(tmp_path):
    seen = []

    def look(section):
        seen.append(section)
        return np.full(section.shape, 2)

    less = drawn_on((2, 9, 9), (0, slice(3), 0))
    more = drawn_on((3, 20, 2 * LARGEST), (1, 5, slice(LARGEST, LARGEST + 10)))
    watcher(tmp_path, [less, more], background=True)(look)
    (file,) = tmp_path.glob("*.tif")
    assert file.name == "1-2.tif"
    with open_volume(file) as volume:
        found = volume.read()
    assert seen[0].shape == (20, LARGEST)
    assert found.shape == (1, 20, 2 * LARGEST)
    columns = np.flatnonzero(found[0, 5])
    assert len(columns) == LARGEST
    assert abs(columns.mean() - (LARGEST + 4.5)) <= 1
    np.testing.assert_array_equal(seen[0], more.grey[1, :, columns[0] : columns[-1] + 1])
    assert set(np.unique(found)) == {0, 1}


def test_nobody_looks_where_there_is_no_folder(tmp_path):
    assert watcher(None, [drawn_on((1, 3, 3), (0, 0, 0))]) is None
    assert watcher(tmp_path, []) is None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["stardist", "unet"])
def test_each_epoch_of_a_training_is_shown(tmp_path, kind):
    from electrodej.phantom import make_slice
    from electrodej.verbs import find
    from electrodej.volume import write_volume

    scene = make_slice((64, 64), spacing=(0.14,) * 3, seed=5)
    truth = {"stardist": "masks", "unet": "phases"}[kind]
    for folder, voxels in (("images" if kind == "stardist" else "grey", scene.grey), (truth, scene.labels)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        voxels = voxels if kind == "stardist" or folder == "grey" else (voxels > 0).astype(np.uint8)
        for n in range(2):
            write_volume(
                tmp_path / "data" / folder / f"{n}.tif", voxels, spacing=(0.14,) * 3, labels=folder == "masks"
            )
    verb, shown = find(f"train {kind}"), []
    data = tmp_path / "data"
    options = verb.make(
        data=str(data) if kind == "stardist" else (str(data),),
        out=tmp_path / "model",
        epochs=2,
        steps=1,
        patch=32,
    )
    run = Run(watch=lambda look: shown.append(look(np.asarray(scene.grey[0]))))
    verb.run(options, run)
    assert [each.shape for each in shown] == [(64, 64)] * 2
    assert all(np.issubdtype(each.dtype, np.integer) for each in shown)
    if kind == "unet":
        assert all(set(np.unique(each)) <= {1, 2} for each in shown)
