"""How long a command goes on after it was told to stop, whatever it is doing.

    python benchmarks/stopping.py [--moments 6] [--only measure,fuse] [--program electrodej]

Each verb is started again and again and stopped at moments that lie evenly in the time that it takes (40 s at
most): while libraries are loaded, headers are read, kernels are compiled, while it works, while it writes.
Limit: a second for Ctrl-C (SIGINT); the same for SIGTERM, which nothing may delay. Exit codes and messages
are as documented, and no hidden part and no temporary file is left.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tifffile

LIMIT = 1.0
LONGEST = 40.0
BAD = ("pages.tif", "height.tif", "slow.nxs")  # inputs that are refused
HANGS = 60.0  # seconds, after which what was told to stop is killed
FIRST = 0.15  # seconds; Python itself has not begun before
EDGE = "64,64,64"
NUMBERS = itertools.count()
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
# What each command is, and how it is called here. OUT is a name of its own each time.
COMMANDS = {
    "phantom": "phantom OUT --shape 128,128,128",
    "phantom --scan": f"phantom OUT --shape {EDGE} --scan --angles 90",
    "reconstruct": "reconstruct phantom/projections.nxs --out OUT.tif",
    "check": "check phantom/grey.tif --model nmc-particles",
    "filter": "filter phantom/grey.tif --steps rings,nlm --out OUT.tif",
    "segment particles": "segment particles phantom/grey.tif --model nmc-particles --out OUT.tif",
    "segment phases": "segment phases phantom/grey.tif --model nmc-phases --out OUT.tif",
    "fuse": "fuse phantom/grey.tif --model nmc-particles --out OUT.tif",
    "link": "link sections.tif --out OUT.tif",
    "measure": "measure phantom/grey.tif phantom/labels.tif --out OUT.csv",
    "morphology": "morphology phantom/phases.tif --out OUT.csv --also transport",
    "mesh": "mesh phantom/labels.tif --out OUT.stl",
    "damage": "damage table.csv --out OUT",
    "report": "report --table table.csv --out OUT.html",
    "score": "score phantom/labels.tif phantom/labels.tif",
    "export": "export nmc-particles --out OUT.zip",
    "verify": "verify model.zip",
    "train forest": "train forest strokes --out OUT",
    "train stardist": "train stardist pairs --out OUT --epochs 1",
    "train unet": "train unet phantom --out OUT --epochs 1 --steps 20",
    "train lrcs": "train lrcs phantom --out OUT --epochs 1 --steps 20",
    "run": "run phantom/grey.tif --out OUT",
    "demo": f"demo --out OUT --shape {EDGE}",
    "doctor": "doctor",
    # Files that take their reader long.
    "many pages": "measure pages.tif pages.tif --out OUT.csv --spacing 1",
    "a wrong height": "check height.tif --spacing 0.1",
    "a slow HDF5": "reconstruct slow.nxs --out OUT.tif",
}


@dataclass
class Delays:
    """What was measured of one command and one signal."""

    worst: float = 0.0
    times: int = 0
    wrong: str = ""


def prepare(program: str, folder: Path) -> None:
    """Make what the commands read."""

    def call(words: str) -> None:
        done = subprocess.run(
            [program, *words.split(), "--quiet"], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{words}: {done.stderr}")

    call(f"phantom phantom --shape {EDGE} --seed 1 --scan --angles 60")
    call("measure phantom/grey.tif phantom/labels.tif --out table.csv")
    call("export nmc-particles --out model.zip")
    labels = tifffile.imread(folder / "phantom" / "labels.tif")
    pairs = folder / "pairs"
    for name, image in {"images": tifffile.imread(folder / "phantom" / "grey.tif"), "labels": labels}.items():
        (pairs / name).mkdir(parents=True)
        for number in range(4):
            tifffile.imwrite(pairs / name / f"{number}.tif", image[16 * number])
    strokes = folder / "strokes"
    for name, source in {"images": "grey.tif", "labels": "phases.tif"}.items():
        (strokes / name).mkdir(parents=True)
        image = tifffile.imread(folder / "phantom" / source)[:4]
        tifffile.imwrite(strokes / name / "a.tif", image, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(
        folder / "sections.tif", labels, imagej=True, metadata={"axes": "ZYX", "spacing": 0.14, "unit": "um"},
        resolution=(1 / 0.14, 1 / 0.14),
    )  # fmt: skip
    with tifffile.TiffWriter(folder / "pages.tif") as writer:
        page = np.ones((8, 8), np.uint8)
        for _ in range(20_000):
            writer.write(page, contiguous=False, metadata=None)
    tifffile.imwrite(folder / "height.tif", np.zeros((64, 64), np.uint8), rowsperstrip=1)
    data = bytearray((folder / "height.tif").read_bytes())
    with tifffile.TiffFile(folder / "height.tif") as tiff:
        place = tiff.pages[0].tags[257].valueoffset
    data[place : place + 4] = (2**31 - 1).to_bytes(4, "little")
    (folder / "height.tif").write_bytes(data)
    with h5py.File(folder / "slow.nxs", "w") as slow:
        for number in range(15_000):
            slow.create_group(f"entry{number}")


def words_of(name: str) -> list[str]:
    """Return the words of a command, with an output that is not there yet."""
    return COMMANDS[name].replace("OUT", f"out-{next(NUMBERS)}").split()


def took(program: str, words: Sequence[str], folder: Path) -> tuple[float, str]:
    """Return the seconds that a command takes, or as many as it is let, and why it failed, where it did."""
    begun = time.monotonic()
    running = subprocess.Popen(
        [program, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, said = running.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        running.terminate()
        try:
            running.communicate(timeout=HANGS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
            return time.monotonic() - begun, f"did not end within {HANGS:.0f} s of SIGTERM"
        return time.monotonic() - begun, ""
    if running.returncode and not any(word.endswith(BAD) for word in words):
        return time.monotonic() - begun, f"exit code {running.returncode}: {said.strip()[-200:]}"
    return time.monotonic() - begun, ""


def start_of_python() -> float:
    """Return the seconds in which Python starts and ends: how busy the machine is."""
    begun = time.monotonic()
    for _ in range(5):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (time.monotonic() - begun) / 5


def stop(program: str, words: Sequence[str], folder: Path, moment: float, number: int, seen: Delays) -> None:
    """Start a command, stop it at a moment, and keep how long it went on."""
    running = subprocess.Popen(
        [program, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(moment)
    if running.poll() is not None:
        running.communicate()
        return
    begun = time.monotonic()
    running.send_signal(number)
    # All pipes are closed when nothing of it goes on.
    try:
        _, said = running.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        seen.times += 1
        seen.worst, seen.wrong = HANGS, f"went on for {HANGS:.0f} s and was killed"
        return
    delay = time.monotonic() - begun
    if running.returncode in (0, 1, 2):  # it ended by itself just then
        return
    seen.times += 1
    seen.worst = max(seen.worst, delay)
    if running.returncode == -number:  # Python itself had not begun
        return
    if running.returncode != CODES[number] or "stopped; " not in said:
        seen.wrong = f"exit code {running.returncode}: {said.strip()[-200:]}"
    parts = [path.name for path in folder.rglob(".*partial*")]
    if parts:
        seen.wrong = f"left {parts}"


def one_command(
    program: str, name: str, folder: Path, moments: int, worst: dict[signal.Signals, float]
) -> bool:
    """Stop a command at many moments, print how long it went on, and return whether all was well."""
    length, failed = took(program, words_of(name), folder)
    line, fine = f"{name:<20} {length:5.1f} s", not failed
    if failed:
        line += f" FAILED ({failed})"
    for number in CODES:
        seen = Delays()
        for part in range(moments):
            moment = FIRST + max(0.0, length - FIRST) * (part + 0.5) / moments
            stop(program, words_of(name), folder, moment, number, seen)
        worst[number] = max(worst[number], seen.worst)
        line += f"   {signal.Signals(number).name} {seen.worst:4.2f} s of {seen.times}"
        if seen.wrong:
            fine = False
            line += f" WRONG ({seen.wrong})"
    print(line, flush=True)
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--moments", type=int, default=6, help="for each command and signal")
    parser.add_argument("--only", help="commands, separated by commas")
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("electrodej")))
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else list(COMMANDS)
    # In the background of a script Ctrl-C is ignored, and so it would be in what is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    worst = dict.fromkeys(CODES, 0.0)
    fine = True
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as temporary:
        folder = Path(place)
        os.environ["TMPDIR"] = temporary
        prepare(options.program, folder)
        missing = list(wanted)
        try:
            for name in wanted:
                fine &= one_command(options.program, name, folder, options.moments, worst)
                missing.remove(name)
        finally:
            if missing:
                print(f"not measured: {', '.join(missing)}", flush=True)
        left = [path.name for path in Path(temporary).iterdir()]
    for number, delay in worst.items():
        print(f"worst {signal.Signals(number).name:<8} {delay:.2f} s, {delay / LIMIT:.2f} x the limit")
    print(f"Python starts and ends in {start_of_python():.2f} s meanwhile (0.02 s where nothing else runs)")
    print(f"temporary files left: {len(left)} {left[:3]}")
    return int(not fine or bool(left) or max(worst.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
