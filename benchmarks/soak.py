"""Long and wide: the same work again and again leaves nothing behind, and lost workers change nothing.

    python benchmarks/soak.py [--times 200] [--edge 64] [--only worker|process|folder|cluster] [--loss 10]

- Measure, segment and fuse, so many times through one worker of Fiji's and through one Python process. Limit:
  from a tenth of the rounds on, memory grows by less than 5 %; no handle, thread, shared-memory block or
  temporary file is left.
- Two runs at once into one folder: each has its files, as if it had been alone.
- A Dask cluster of four workers that loses one every ten seconds gives the same bytes as threads. On a
  machine so busy that a worker takes longer to start, say with --loss how often.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from electrodej.phantom import make_phantom
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.14, 0.14, 0.14)
MODEL = "nmc-particles"
MEMORY_LIMIT = 1.05
SECONDS_BETWEEN_LOSSES = 10.0
SHARED = Path("/dev/shm")
Ask = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Holdings:
    """What a process holds.

    Attributes
    ----------
    memory
        Bytes of its own, those of its children too.
    handles, threads, shared, temporary
        Open files and handles; threads; shared-memory blocks; entries of the folder for temporary files.
    """

    memory: int
    handles: int
    threads: int
    shared: int
    temporary: int


def held_by(process: psutil.Process, temporary: Path) -> Holdings:
    count = process.num_handles if os.name == "nt" else process.num_fds
    return Holdings(
        memory=sum(each.memory_info().rss for each in (process, *process.children(recursive=True))),
        handles=count(),
        threads=process.num_threads(),
        shared=len(list(SHARED.iterdir())) if SHARED.is_dir() else 0,
        temporary=sum(1 for _ in temporary.rglob("*")),
    )


def work(ask: Ask, files: Path) -> None:
    """One round of everything."""
    out = files / "out"
    ask("segment particles", {"image": files / "grey.tif", "model": MODEL, "out": out / "sections.tif"})
    ask("fuse", {"image": files / "grey.tif", "model": MODEL, "out": out / "particles.tif"})
    ask("measure", {"grey": files / "grey.tif", "labels": files / "labels.tif", "out": out / "table.csv"})


def soak(ask: Ask, process: psutil.Process, files: Path, temporary: Path, times: int) -> list[Holdings]:
    """Return what the process holds after each round."""
    held = []
    for number in range(times):
        work(ask, files)
        held.append(held_by(process, temporary))
        if (number + 1) % 20 == 0:
            print(f"    {number + 1} of {times}: {held[-1].memory / 2**20:.0f} MiB", flush=True)
    return held


def judge(name: str, held: list[Holdings]) -> bool:
    """Print how the end compares with the start, once everything is warm."""
    warm = held[max(0, len(held) // 10)]
    # The middle of the last tenth: what is being read or written at one moment is no growth.
    last = sorted(each.memory for each in held[-max(1, len(held) // 10) :])
    ratio = last[len(last) // 2] / warm.memory
    fine = ratio <= MEMORY_LIMIT
    print(f"{name:<24} memory {ratio:.3f} x that of round {len(held) // 10 + 1} (limit {MEMORY_LIMIT})")
    for field in fields(Holdings)[1:]:
        before, after = getattr(warm, field.name), getattr(held[-1], field.name)
        fine &= after <= before
        print(f"{'':<24} {field.name} {before} -> {after} (limit {before})")
    return fine


@contextlib.contextmanager
def worker(folder: Path) -> Iterator[tuple[Ask, psutil.Process]]:
    """A worker as Fiji starts it, and how it is asked."""
    from appose.service import Service

    from electrodej.fiji.commands import REPLACE, sent_as
    from electrodej.verbs import find
    from electrodej.worker import TASK

    service = Service(folder, None, sys.executable, "-m", "electrodej.worker", "--logs", str(folder / "logs"))

    def ask(verb: str, values: Mapping[str, Any]) -> Any:
        names = {option.name: sent_as(option) for option in find(verb).options.options()}
        sent: dict[str, Any] = {names[name]: str(value) for name, value in values.items()}
        task = service.task(TASK, {"verb": verb, "arguments": {**sent, REPLACE: True}})
        task.wait_for()
        return task.outputs

    ask("measure", {"grey": folder / "grey.tif", "labels": folder / "labels.tif", "out": folder / "w.csv"})
    try:
        yield ask, psutil.Process(service._process.pid)
    finally:
        service.close()
        service.wait_for()


def through_a_worker(files: Path, temporary: Path, times: int) -> bool:
    with worker(files) as (ask, process):
        return judge("one worker of Fiji's", soak(ask, process, files, temporary, times))


def through_a_process(files: Path, temporary: Path, times: int) -> bool:
    def ask(verb: str, values: Mapping[str, Any]) -> Any:
        outcome = do(verb, force=True, **values)
        gc.collect()
        return outcome

    return judge("one Python process", soak(ask, psutil.Process(), files, temporary, times))


def in_one_folder(files: Path) -> bool:
    """Two runs at once into one folder."""
    both = files / "both"
    both.mkdir()
    names = ("mine.csv", "yours.csv")
    command = [
        sys.executable,
        "-m",
        "electrodej",
        "measure",
        str(files / "grey.tif"),
        str(files / "labels.tif"),
    ]
    running = [subprocess.Popen([*command, "--out", str(both / name), "--quiet"]) for name in names]
    codes = [each.wait() for each in running]
    subprocess.run([*command, "--out", str(files / "alone.csv"), "--quiet"], check=True)
    alone = checksum(files / "alone.csv")
    fine = codes == [0, 0] and {checksum(both / name) for name in names} == {alone}
    stray = [path.name for path in both.iterdir() if path.name[0] == "."]
    print(
        f"{'two runs in one folder':<24} {'the same bytes' if fine else 'DIFFERENT'}, {len(stray)} left over"
    )
    return fine and not stray


def with_losses(files: Path, seconds: float) -> bool:
    """A cluster that loses a worker every so many seconds."""
    from distributed import LocalCluster

    write_volume(files / "grey.ome.zarr", np.tile(read(files / "grey.tif"), (4, 4, 4)), spacing=SPACING)
    labels = read(files / "labels.tif")
    tiled = tile_labels(labels, (4, 4, 4))
    write_volume(files / "labels.ome.zarr", tiled, spacing=SPACING, labels=True)
    images = [files / "grey.ome.zarr", files / "labels.ome.zarr"]
    do("measure", *images, out=files / "threads.csv")
    lost, over = [], threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=4, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster:

            def lose() -> None:
                while not over.wait(seconds):
                    # On a busy machine it may be that none has come back yet.
                    pids = [each.pid for each in cluster.workers.values() if each.pid]
                    with contextlib.suppress(psutil.NoSuchProcess):
                        for pid in pids[len(lost) % 4 :][:1] or pids[:1]:
                            psutil.Process(pid).kill()
                            lost.append(pid)

            killer = threading.Thread(target=lose)
            killer.start()
            try:
                for number in range(3):
                    name = files / f"cluster-{number}.csv"
                    do("measure", *images, out=name, scheduler=cluster.scheduler_address)
            finally:
                over.set()
                killer.join()
    same = {checksum(files / f"cluster-{number}.csv") for number in range(3)} == {
        checksum(files / "threads.csv")
    }
    print(f"{'four workers, ' + str(len(lost)) + ' lost':<24} {'the same bytes' if same else 'DIFFERENT'}")
    return same and bool(lost)


def read(path: Path) -> Any:
    from electrodej.volume import open_volume

    with open_volume(path) as volume:
        return volume.read()


def tile_labels(labels: Any, times: tuple[int, int, int]) -> Any:
    """Return labels beside each other, each copy with numbers of its own."""
    count = int(labels.max())
    whole = np.tile(labels.astype(np.uint32), times)
    depth, height, width = labels.shape
    for number, (z, y, x) in enumerate(np.ndindex(times)):
        part = whole[z * depth : (z + 1) * depth, y * height : (y + 1) * height, x * width : (x + 1) * width]
        part[part > 0] += number * count
    return whole


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=200, help="rounds")
    parser.add_argument("--edge", type=int, default=64, help="voxels along each axis")
    parser.add_argument(
        "--loss",
        type=float,
        default=SECONDS_BETWEEN_LOSSES,
        metavar="SECONDS",
        help="between two lost workers",
    )
    parser.add_argument("--only", choices=("worker", "process", "folder", "cluster"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        files, temporary = Path(place) / "files", Path(place) / "temporary"
        for folder in (files, files / "out", temporary):
            folder.mkdir()
        # What is left for good anywhere in the folder for temporary files counts, in children too.
        os.environ["TMPDIR"] = os.environ["TEMP"] = tempfile.tempdir = str(temporary)
        phantom = make_phantom((options.edge,) * 3, spacing=SPACING, seed=1)
        write_volume(files / "grey.tif", phantom.grey, spacing=SPACING)
        write_volume(files / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
        parts: dict[str, Callable[[], bool]] = {
            "worker": lambda: through_a_worker(files, temporary, options.times),
            "process": lambda: through_a_process(files, temporary, options.times),
            "folder": lambda: in_one_folder(files),
            "cluster": lambda: with_losses(files, options.loss),
        }
        began = time.monotonic()
        fine = [part() for name, part in parts.items() if options.only in (None, name)]
        print(f"in {time.monotonic() - began:.0f} s")
        tempfile.tempdir = None
    return 0 if all(fine) else 1


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
