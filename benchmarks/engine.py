"""The engine that runs networks, against TensorFlow and against StarDist's own prediction, in one run.

Each network runs on the same image in OpenVINO and in TensorFlow, turn by turn, so that a busy machine is
busy for both. Then `predict_view` over a stack, against StarDist's ``predict_instances``, and what a
person waits for one small section. The limits are for two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.models import bundled_models, load_model, use_threads
from electrodej.models.bundled import find_model
from electrodej.models.engines.choice import has
from electrodej.models.engines.tensorflow_zip import TensorflowZip
from electrodej.models.engines.thinned import ThinnedEngine
from electrodej.models.grey import normalise
from electrodej.networks.maskrcnn.finding import Finder
from electrodej.networks.maskrcnn.instances import draw
from electrodej.networks.maskrcnn.model import load_maskrcnn
from electrodej.networks.stardist import load_stardist, predict_view
from electrodej.phantom import make_phantom
from electrodej.run import Run
from electrodej.score import score_instances
from electrodej.volume import write_volume
from electrodej.worker import TASK

SPACING = (0.14, 0.14, 0.14)
# Times TensorFlow, and times predict_instances.
LEAST, LEAST_STACK = 1.3, 2.5
CORES = 2
# Images that are computed together, as the tiles and sections of a volume are.
_IMAGES = 4
# Imports one engine, loads nmc-particles and runs it once.
FIRST = """
import time, sys
start = time.perf_counter()
import numpy as np
from electrodej.models import load_model
load_model("nmc-particles", engine=sys.argv[1]).engine.run(np.zeros((1, 512, 512, 1), np.float32))
print(time.perf_counter() - start)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slices", type=int, default=12)
    options = parser.parse_args()
    use_threads(CORES)
    for name in bundled_models():
        if (find_model(name) / "model.zip").is_file():
            network(name, options.edge, options.rounds)
    regions(options.edge, options.rounds)
    first_run()
    small_slice()
    stack(options.slices, options.edge)


def network(name: str, edge: int, rounds: int) -> None:
    """Print how much faster than TensorFlow a network is over several images, and how far results are apart.

    TensorFlow runs the Keras model, as `--engine keras` does, and the zip; the quicker of them counts.
    """
    images = np.random.default_rng(0).random((_IMAGES, edge, edge, 1), np.float32)
    model, keras = load_model(name, engine="openvino"), load_model(name, engine="keras")
    grid = model.info.grid
    with TensorflowZip(bundled_models()[name] / "model.zip") as zipped:
        thinned = ThinnedEngine(zipped, grid)
        engines = [model.engine, keras.engine, thinned]
        times, busy = in_turns([lambda each=each: each.run(images) for each in engines], rounds)
        found = [each.run(images) for each in engines]
    apart = float(np.abs(found[0] - found[2]).max())
    equal = "" if model.info.kind == "stardist" else f", {_equal(found[0], found[2]):.4%} of the pixels equal"
    print(
        f"engine: {name}: {min(times[1:]) / times[0]:.2f} times TensorFlow, "
        f"{min(busy[1:]) / busy[0]:.2f} by time of processors (at least {LEAST}; "
        f"{times[0] / _IMAGES:.3f}, Keras {times[1] / _IMAGES:.3f}, zip {times[2] / _IMAGES:.3f} s for "
        f"{edge} x {edge}), apart by {apart:.1e}{equal}",
        flush=True,
    )


def regions(edge: int, rounds: int) -> None:
    """Print how much faster than Keras the Mask R-CNN finds the particles of a tile, and whether the same."""
    grey = make_phantom((1, edge, edge), spacing=SPACING, seed=5).grey[0]
    runs: dict[str, Callable[[], Any]] = {}
    for engine in ("openvino", "keras"):
        model = load_maskrcnn("nmc-regions", engine=engine)
        image = normalise(grey, model.info.percentiles)
        finder = Finder(model.network, model.selection(), tile=edge)
        runs[engine] = lambda finder=finder, image=image: finder.find(image)
    times, busy = in_turns(list(runs.values()), rounds)
    ours, theirs = (run() for run in runs.values())
    labels = [draw(found, grey.shape)[0] for found in (ours, theirs)]
    apart = np.abs(ours.boxes - theirs.boxes).max() if len(ours) == len(theirs) else np.nan
    print(
        f"engine: nmc-regions: {times[1] / times[0]:.2f} times Keras, {busy[1] / busy[0]:.2f} by time of "
        f"processors (at least {LEAST}; {times[0]:.3f}, Keras {times[1]:.3f} s for {edge} x {edge} and "
        f"{len(ours)} particles), F1 at IoU 0.9 {score_instances(*labels).at(0.9).f1:.4f} (1.0), boxes apart "
        f"by {apart:.1e} pixels",
        flush=True,
    )


def _equal(one: Any, other: Any) -> float:
    """Return the share of pixels that are of the same class."""
    classes = [each.argmax(axis=-1) if each.shape[-1] > 1 else each > 0.5 for each in (one, other)]
    return float(np.mean(classes[0] == classes[1]))


def in_turns(runs: list[Callable[[], Any]], rounds: int) -> tuple[list[float], list[float]]:
    """Return the shortest time of each, on the clock and of processors; they run in turns, again and again.

    The time of processors hardly changes where other programs run, too; but it does not see that threads wait
    for one another.
    """
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    busy: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for number, run in enumerate(runs):
            start, worked = time.perf_counter(), time.process_time()
            run()
            times[number].append(time.perf_counter() - start)
            busy[number].append(time.process_time() - worked)
    return [min(each) for each in times], [min(each) for each in busy]


def first_run() -> None:
    """Print how long a new process takes to its first result."""
    taken = {}
    for engine in ("openvino", "keras"):
        done = subprocess.run(
            [sys.executable, "-c", FIRST, engine], capture_output=True, text=True, check=True
        )
        taken[engine] = float(done.stdout.split()[-1])
    ratio = taken["keras"] / taken["openvino"]
    print(f"engine: first result {ratio:.1f} times as soon as TensorFlow's ({taken['openvino']:.1f} s)")


def small_slice() -> None:
    """Print how long a section of 256 x 256 takes from the shell, and in a worker that Fiji has just started.

    Each is done once before, so that files are in the cache; the shorter of the next ones counts.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        grey = make_phantom((1, 256, 256), spacing=SPACING, seed=1).grey
        write_volume(folder / "grey.tif", grey, spacing=SPACING)
        for what, limit, work in (("from the shell", 2, from_shell), ("first click in Fiji", 4, first_click)):
            times = [work(folder) for _ in range(4)]
            print(f"engine: a small section {what}: {min(times[1:]):.1f} s (at most {limit} s)", flush=True)


def from_shell(folder: Path) -> float:
    """Return how long the command takes."""
    program = str(Path(sys.executable).with_name("electrodej"))
    words = ["segment", "particles", str(folder / "grey.tif"), "--out", str(folder / "o.tif"), "--force"]
    start = time.perf_counter()
    subprocess.run([program, *words], check=True, capture_output=True)
    return time.perf_counter() - start


def first_click(folder: Path) -> float:
    """Return how long a worker takes from its start to its first answer, spoken to as Fiji does."""
    from appose.service import Service

    asked = {"grey": {"file": str(folder / "grey.tif")}, "out": str(folder / "click.tif"), "replace": True}
    start = time.perf_counter()
    service = Service(folder, None, sys.executable, "-m", "electrodej.worker", "--logs", str(folder / "logs"))
    try:
        service.task(TASK, {"verb": "segment particles", "arguments": asked}).wait_for()
        return time.perf_counter() - start
    finally:
        service.close()
        service.wait_for()


def stack(slices: int, edge: int) -> None:
    """Print how much faster a stack is segmented than by StarDist, with the same particles."""
    grey = make_phantom((slices, edge, edge), spacing=SPACING, seed=1).grey
    model, theirs = load_stardist("nmc-particles"), _stardist(bundled_models()["nmc-particles"])
    found: dict[str, Any] = {}

    def ours() -> None:
        found["ours"] = predict_view(grey, model, spacing=SPACING, run=Run(jobs=CORES)).labels

    def peer() -> None:
        images = (normalise(section, model.info.percentiles) for section in grey)
        found["theirs"] = [theirs.predict_instances(image)[0] for image in images]

    times, busy = in_turns([ours, peer], 3)
    worst = min(
        score_instances(mine, other.astype(np.uint32)).at(0.9).f1
        for mine, other in zip(found["ours"], found["theirs"], strict=True)
    )
    print(
        f"engine: a stack {times[1] / times[0]:.2f} times as fast as predict_instances, "
        f"{busy[1] / busy[0]:.2f} by time of processors (at least {LEAST_STACK}), "
        f"F1 at IoU 0.9 {worst:.4f} in the worst section (1.0)"
    )


def _stardist(folder: Path) -> Any:
    from stardist.models import StarDist2D

    with contextlib.redirect_stdout(io.StringIO()):
        return StarDist2D(None, name=folder.name, basedir=str(folder.parent))


if __name__ == "__main__":
    if not has("keras"):
        sys.exit("engine: TensorFlow, the peer, is not installed; pip install electrodej[train]")
    main()
