"""Models that are damaged in any way are run or refused in one line, in little memory and time.

make fuzz       # for an hour, together with images
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

seeds: Any = sys.modules["fuzz_seeds"]  # loaded by conftest.py
models: Any = sys.modules["fuzz_model_seeds"]

SECONDS = float(os.environ.get("ELECTRODEJ_FUZZ_SECONDS", "0"))
# Where no network is built for each, more are worth trying.
EXAMPLES = {"zipped": 80, "onnx": 80}
WHOLE = {".h5": "h5", ".keras": "inside", ".zip": "inside", ".json": "json"}
ANY = ("byte", "number", "cut", "missing", "swap", "link")


def damaged(files: dict[str, bytes], which: int, way: str, b: int, c: int) -> dict[str, bytes]:
    """Return a model's files with one of them changed."""
    name = sorted(files)[which % len(files)]
    ways: dict[str, Callable[[bytes, int, int], bytes]] = {
        "byte": seeds.WAYS["byte"], "number": seeds.WAYS["number"], "cut": seeds.WAYS["cut"],
        "json": seeds.WAYS["json"], "h5": models.set_h5,
    }  # fmt: skip
    if way == "whole":  # as that kind of file is written by a program
        way = WHOLE.get(Path(name).suffix or ".h5", "byte")
    if way == "missing":
        return {each: data for each, data in files.items() if each != name or len(files) == 1}
    if way == "swap":
        return {**files, name: files[sorted(files)[b % len(files)]]}
    if way == "link":
        return {**files, name: seeds.LINK} if os.name != "nt" else files  # links need rights there
    if way == "inside":
        return {**files, name: models.set_inside(files[name], b, c, ways)}
    return {**files, name: ways[way](files[name], b, c)}


@pytest.mark.slow
@pytest.mark.timeout(max(600, SECONDS + 600))
@pytest.mark.parametrize("name", models.KINDS)
def test_a_damaged_model_is_run_or_refused(model_reader, name):
    reader, place = model_reader
    files = models.files_of(place / name)
    number = st.integers(0, 2**16)
    way = st.sampled_from(["whole"] * 6 + list(ANY))

    def search(start):
        @seed(start)
        @settings(
            max_examples=EXAMPLES.get(name, 20), database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        @given(which=number, way=way, b=number, c=number, again=st.integers(0, 3), seal=st.booleans())
        def run(which, way, b, c, again, seal):
            changed = damaged(files, which, way, b, c)
            if again == 0:
                changed = (
                    damaged(changed, which + 1, "byte", c, b)
                    if seeds.LINK not in changed.values()
                    else changed
                )
            changed = models.sealed(changed) if seal else changed
            with tempfile.TemporaryDirectory() as folder:
                one = seeds.Seed(models.KINDS[name], name, changed)
                reader.read(one.kind, seeds.write(one, changed, Path(folder)))

        run()

    end = time.monotonic() + SECONDS / len(models.KINDS) / 2
    search(20_261_126)
    while time.monotonic() < end:
        search(random.randrange(2**32))
