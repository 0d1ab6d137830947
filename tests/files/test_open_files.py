"""Nothing is renamed or removed while it is open: Windows refuses that, and elsewhere nobody would notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/maps").is_file(), reason="only Linux lists what a process has open"
)
# Python tells of each rename and removal before it happens; what is open or mapped then is told.
WATCHED = """
import json, os, sys
from pathlib import Path

told = []

def is_open(path):
    places = []
    for handle in os.listdir("/proc/self/fd"):
        try:
            places.append(os.readlink("/proc/self/fd/" + handle))
        except OSError:
            continue
    with open("/proc/self/maps") as maps:
        places += [line.split(None, 5)[-1].strip() for line in maps]
    return any(each == path or each.startswith(path + "/") for each in places)

def watch(event, given):
    if event not in ("os.rename", "os.remove", "os.rmdir", "shutil.rmtree"):
        return
    for path in given[:2] if event == "os.rename" else given[:1]:
        if isinstance(path, (str, os.PathLike)) and os.path.isabs(path) and is_open(os.fspath(path)):
            told.append([event, os.path.basename(path)])

sys.addaudithook(watch)
folder = Path(sys.argv[1])
"""
WORK = """
from electrodej.verbs import do

for again in (False, True):
    options = {"force": again}
    do("phantom", folder / "p", shape=(24, 32, 32), **options)
    grey, labels, phases = (folder / "p" / f"{name}.tif" for name in ("grey", "labels", "phases"))
    do("filter", grey, steps="median", out=folder / "f.tif", **options)
    do("filter", grey, steps="median", out=folder / "f.zarr", **options)
    both = {"probability": folder / "c.tif", "out": folder / "s.tif"}
    do("segment particles", grey, model="nmc-particles", **both, **options)
    do("segment phases", grey, model="nmc-phases", view="all", out=folder / "q.tif", **options)
    do("link", folder / "s.tif", out=folder / "k.tif", **options)
    do("measure", grey, labels, phases=phases, out=folder / "t.csv", **options)
    do("mesh", labels, out=folder / "m.vtu", **options)
print(json.dumps(told))
"""
LEFT_OPEN = """
handle = (folder / "a").open("w")
(folder / "a").replace(folder / "b")
handle.close()
print(json.dumps(told))
"""


def watched(work: str, folder: Path) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + work, str(folder)], capture_output=True, text=True, check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_is_open_is_noticed(tmp_path: Path) -> None:
    assert watched(LEFT_OPEN, tmp_path) == [["os.rename", "a"]]


@pytest.mark.slow
def test_verbs_rename_and_remove_nothing_that_is_open(tmp_path: Path) -> None:
    assert watched(WORK, tmp_path) == []
