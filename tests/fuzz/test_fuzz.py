"""Files that are damaged in any way give their image or one line, in little memory and time.

make fuzz       # for an hour
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

seeds = sys.modules["fuzz_seeds"]  # loaded by conftest.py

SECONDS = float(os.environ.get("ELECTRODEJ_FUZZ_SECONDS", "0"))
EXAMPLES = {"image.tif": 800, "image.zarr": 250}
SEEDS = seeds.seeds()
GROUPS = sorted({one.kind + (Path(one.name).suffix if one.kind == "image" else "") for one in SEEDS})


def of_group(group):
    return [one for one in SEEDS if group.startswith(one.kind) and (one.kind != "image" or one.name.endswith(
        group.removeprefix("image")))]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("one", SEEDS, ids=lambda one: one.name)
def test_a_seed_is_whole(reader, tmp_path, one):
    assert reader.read(one.kind, seeds.write(one, one.files, tmp_path)) == ""


@pytest.mark.slow
@pytest.mark.timeout(max(300, SECONDS + 300))
@pytest.mark.parametrize("group", GROUPS)
def test_what_is_damaged_gives_its_image_or_one_line(reader, group):
    several = of_group(group)
    ways = seeds.WAYS if all("" in one.files for one in several) else seeds.FOLDER_WAYS
    ways = ways | seeds.MORE_WAYS.get(group, {})
    if os.name == "nt":  # links need rights there
        ways = {name: way for name, way in ways.items() if name != "link"}
    number = st.integers(0, 2**16)
    changes = st.lists(
        st.tuples(
            st.sampled_from([way for way in sorted(ways) for _ in range(seeds.OFTEN.get(way, 1))]),
            number,
            number,
            number,
        ),
        min_size=1,
        max_size=2,
    )

    def search(start):
        @seed(start)
        @settings(
            max_examples=EXAMPLES.get(group, 60), database=None, deadline=None,
            # One or two changes are small enough, and a fault may take half a minute each time.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        @given(one=st.sampled_from(several), changes=changes)
        def run(one, changes):
            files = one.files
            for way, *numbers in changes:
                files = damage(files, ways, way, *numbers)
            with tempfile.TemporaryDirectory() as folder:
                reader.read(one.kind, seeds.write(one, files, Path(folder)))

        run()

    end = time.monotonic() + SECONDS / len(GROUPS)
    search(20_261_126)
    while time.monotonic() < end:
        search(random.randrange(2**32))


def damage(files, ways, way, a, b, c):
    names = sorted(files)
    name = names[a % len(names)]
    if files[name] is seeds.LINK:
        return files
    return {**files, name: ways[way](files[name], b, c)}
