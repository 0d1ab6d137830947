"""The engine that runs networks, against TensorFlow and against StarDist's own prediction, in one run.

Each network runs on the same image in OpenVINO and in TensorFlow, turn by turn, so that a busy machine is
busy for both. Then `predict_view` over a stack, against StarDist's ``predict_instances``, what a person
waits for one small section, and what an installation takes. It ends with one table of all figures beside
their limits, which are for two cores; about six minutes where nothing else runs. The exit code is 1 where
one of them is missed.

    python benchmarks/engine.py --only cracks,stack
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from install import LIMIT, ROOT, installed

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
from electrodej.networks.stardist3d.model import load_solid
from electrodej.networks.stardist3d.predict import predict_bodies
from electrodej.networks.stardist3d.shapes import Drawn, choose
from electrodej.phantom import make_phantom
from electrodej.run import Run
from electrodej.score import score_instances
from electrodej.volume import write_volume
from electrodej.worker import TASK

SPACING = (0.14, 0.14, 0.14)
# Times TensorFlow, and times predict_instances.
LEAST, LEAST_STACK = 1.3, 2.5
CORES = 2
# Seconds that a person waits, bytes of a wheel, and of particles the F1 at IoU 0.9 against StarDist's.
SHELL, CLICK, WHEEL, SAME = 2.0, 4.0, 20e6, 1.0
# A volume for the network of volumes, in voxels and um of its training.
SOLID_EDGE, SOLID_VOXEL = 96, 0.28
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


@dataclass(frozen=True)
class Figure:
    """What was measured, beside its limit."""

    what: str
    value: float
    limit: float
    most: bool = False
    """Whether the limit is the most that the value may be; else it is the least."""

    @property
    def kept(self) -> bool:
        return self.value <= self.limit if self.most else self.value >= self.limit

    def __str__(self) -> str:
        limit = f"at {'most' if self.most else 'least'} {self.limit:g}"
        return f"{self.what:<52}{self.value:9.3f}   {limit:<16}{'' if self.kept else 'MISSED'}".rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--only", default="", metavar="WORD,WORD", help="parts whose names hold a word")
    options = parser.parse_args()
    use_threads(CORES)
    parts: dict[str, Callable[[], list[Figure]]] = {
        name: lambda name=name: network(name, options.edge, options.rounds)
        for name in bundled_models()
        if (find_model(name) / "model.zip").is_file()
    }
    parts |= {
        "nmc-regions": lambda: regions(options.edge, options.rounds),
        "nmc-particles-3d": lambda: solids(options.rounds),
        "first result": first_run,
        "small section": small_slice,
        "stack": lambda: stack(options.slices, options.edge),
        "install": install,
        "wheel": wheel,
    }
    words = options.only.split(",")
    strange = [word for word in words if not any(word in name for name in parts)]
    if strange:
        parser.error(
            f"no part has {' or '.join(map(repr, strange))} in its name; there are {', '.join(parts)}"
        )
    start = time.perf_counter()
    figures = [
        figure for name, part in parts.items() if any(word in name for word in words) for figure in part()
    ]
    print(f"\nafter {(time.perf_counter() - start) / 60:.1f} minutes:")
    for figure in figures:
        print(figure)
    return 0 if all(figure.kept for figure in figures) else 1


def network(name: str, edge: int, rounds: int) -> list[Figure]:
    """Measure how much faster than TensorFlow a network is over several images, and how far both are apart.

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
    ratio = min(times[1:]) / times[0]
    print(
        f"engine: {name}: {ratio:.2f} times TensorFlow, "
        f"{min(busy[1:]) / busy[0]:.2f} by time of processors (at least {LEAST}; "
        f"{times[0] / _IMAGES:.3f}, Keras {times[1] / _IMAGES:.3f}, zip {times[2] / _IMAGES:.3f} s for "
        f"{edge} x {edge}), apart by {apart:.1e}{equal}",
        flush=True,
    )
    return [Figure(f"{name}, times TensorFlow", ratio, LEAST)]


def regions(edge: int, rounds: int) -> list[Figure]:
    """Measure how much faster than Keras the Mask R-CNN finds particles in a tile, and whether the same."""
    grey = make_phantom((1, edge, edge), spacing=SPACING, seed=5).grey[0]
    runs: dict[str, Callable[[], Any]] = {}
    for engine in ("openvino", "keras"):
        model = load_maskrcnn("nmc-regions", engine=engine)
        image = normalise(grey, model.info.percentiles)
        finder = Finder(model.network, model.selection(), tile=edge, say=print)
        runs[engine] = lambda finder=finder, image=image: finder.find(image)
    times, busy = in_turns(list(runs.values()), rounds)
    ours, theirs = (run() for run in runs.values())
    labels = [draw(found, grey.shape)[0] for found in (ours, theirs)]
    apart = np.abs(ours.boxes - theirs.boxes).max() if len(ours) == len(theirs) else np.nan
    ratio, same = times[1] / times[0], score_instances(*labels).at(0.9).f1
    print(
        f"engine: nmc-regions: {ratio:.2f} times Keras, {busy[1] / busy[0]:.2f} by time of "
        f"processors (at least {LEAST}; {times[0]:.3f}, Keras {times[1]:.3f} s for {edge} x {edge} and "
        f"{len(ours)} particles), F1 at IoU 0.9 {same:.4f} (1.0), boxes apart by {apart:.1e} "
        "pixels",
        flush=True,
    )
    return [
        Figure("nmc-regions, times Keras", ratio, LEAST),
        Figure("its F1 at IoU 0.9 against Keras", same, SAME),
    ]


def solids(rounds: int) -> list[Figure]:
    """Measure how much faster than Keras the network of volumes is, and whether both find the same bodies."""
    grey = make_phantom((SOLID_EDGE,) * 3, spacing=(SOLID_VOXEL,) * 3, seed=5).grey
    models = [load_solid("nmc-particles-3d", engine=engine) for engine in ("openvino", "keras")]
    image = normalise(grey, models[0].info.percentiles)[np.newaxis, ..., np.newaxis]
    times, busy = in_turns([lambda each=each: each.engine.run(image) for each in models], rounds)
    ours, theirs = (each.engine.run(image) for each in models)
    apart = float(np.abs(ours - theirs).max())
    labels = []
    for model in models:
        offered, _ = predict_bodies(grey.astype(np.float32), model)
        drawn = Drawn(choose(offered, overlap=model.overlap_threshold), (SOLID_EDGE,) * 3)
        labels.append(drawn.slab(0, SOLID_EDGE))
    ratio, same = times[1] / times[0], score_instances(*labels).at(0.9).f1
    print(
        f"engine: nmc-particles-3d: {ratio:.2f} times Keras, {busy[1] / busy[0]:.2f} by time of processors "
        f"(at least {LEAST}; {times[0]:.3f}, Keras {times[1]:.3f} s for {SOLID_EDGE}^3 and "
        f"{labels[0].max()} particles), F1 at IoU 0.9 {same:.4f} (1.0), apart by {apart:.1e}",
        flush=True,
    )
    return [
        Figure("nmc-particles-3d, times Keras", ratio, LEAST),
        Figure("its F1 at IoU 0.9 against Keras, in 3D", same, SAME),
    ]


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


def first_run() -> list[Figure]:
    """Measure how long a new process takes to its first result."""
    taken = {}
    for engine in ("openvino", "keras"):
        done = subprocess.run(
            [sys.executable, "-c", FIRST, engine], capture_output=True, text=True, check=True
        )
        taken[engine] = float(done.stdout.split()[-1])
    ratio = taken["keras"] / taken["openvino"]
    print(f"engine: first result {ratio:.1f} times as soon as TensorFlow's ({taken['openvino']:.1f} s)")
    return [Figure("first result of a new process, times TensorFlow", ratio, 1)]


def small_slice() -> list[Figure]:
    """Measure how long a section of 256 x 256 takes from the shell, and in a worker that has just started.

    Each is done once before, so that files are in the cache; the shorter of the next ones counts.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        grey = make_phantom((1, 256, 256), spacing=SPACING, seed=1).grey
        write_volume(folder / "grey.tif", grey, spacing=SPACING)
        figures = []
        for what, limit, work in (
            ("from the shell", SHELL, from_shell),
            ("first click in Fiji", CLICK, first_click),
        ):
            times = [work(folder) for _ in range(4)]
            print(f"engine: a small section {what}: {min(times[1:]):.1f} s (at most {limit:g} s)", flush=True)
            figures.append(Figure(f"a small section {what}, s", min(times[1:]), limit, most=True))
    return figures


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


def stack(slices: int, edge: int) -> list[Figure]:
    """Measure how much faster a stack is segmented than by StarDist, with the same particles."""
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
    ratio = times[1] / times[0]
    print(
        f"engine: a stack {ratio:.2f} times as fast as predict_instances, "
        f"{busy[1] / busy[0]:.2f} by time of processors (at least {LEAST_STACK}), "
        f"F1 at IoU 0.9 {worst:.4f} in the worst section (1.0)",
        flush=True,
    )
    return [
        Figure("a stack, times StarDist's predict_instances", ratio, LEAST_STACK),
        Figure("its F1 at IoU 0.9 against theirs, worst section", worst, SAME),
    ]


def install() -> list[Figure]:
    """Measure what the core takes on disk, as ``benchmarks/install.py`` lists it."""
    total = sum(installed(str(ROOT)).values())
    return [Figure("the core as pip installs it, MB", total / 1e6, LIMIT / 1e6, most=True)]


def wheel() -> list[Figure]:
    """Measure the wheel, which holds the weights of all bundled models."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        size = sum(path.stat().st_size for path in Path(place).glob("*.whl"))
    return [Figure("a wheel with the bundled models, MB", size / 1e6, WHEEL / 1e6, most=True)]


def _stardist(folder: Path) -> Any:
    from stardist.models import StarDist2D

    with contextlib.redirect_stdout(io.StringIO()):
        return StarDist2D(None, name=folder.name, basedir=str(folder.parent))


if __name__ == "__main__":
    if not has("keras"):
        sys.exit("engine: TensorFlow, the peer, is not installed; pip install electrodej[train]")
    sys.exit(main())
