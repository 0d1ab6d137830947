"""What Fiji's own StarDist plugin costs as the engine of Segment Particles, and whether it finds the same.

    ELECTRODEJ_FIJI=~/Fiji python benchmarks/plugin.py

Needs a whole Fiji with the StarDist and CSBDeep plugins. A stack of 48 sections of 160 x 128 pixels goes
through the plugin, which took 26 s when it was called for each section, and through Python. Told are both
times, the quicker of two clicks each, the plugin's over these 26 s and over Python's; for a machine that has
other work, the seconds of a core; and the least F1 of a section at IoU 0.9 between the two. Sides are
continued to multiples of 64, or not at all: a stack of 192 x 128 pixels is compared too.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

BEFORE = 26.0
SECTIONS = 48
SIZES = ((160, 128), (192, 128))
PIXEL = (0.14, 0.14, 0.14)
IOU = 0.9


def seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    if "ELECTRODEJ_FIJI" not in os.environ:
        sys.exit("ELECTRODEJ_FIJI names no Fiji")
    import electrodej.fiji
    from electrodej.models.bundled import find_model
    from electrodej.phantom import make_phantom
    from electrodej.score import score_instances
    from electrodej.volume import open_volume, write_volume

    connection = electrodej.fiji.connect(memory="3g")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for size in SIZES:
            grey = make_phantom((SECTIONS, *size), spacing=PIXEL, seed=3).grey
            write_volume(folder / "grey.tif", grey, spacing=PIXEL, force=True)
            image = connection.IJ.openImage(str(folder / "grey.tif"))
            took, found, worked = {}, {}, {}
            for engine in (electrodej.fiji.connection.STARDIST_PLUGIN, "Python"):
                out = folder / "labels.tif"
                inputs = {"grey": image, "model": str(find_model("nmc-particles")), "engine": engine}

                def click(inputs: dict[str, Any] = inputs, out: Path = out) -> None:
                    connection.run_script("Segment Particles", {**inputs, "out": out, "replace": True})

                began = time.process_time()
                took[engine] = min(seconds(click) for _ in range(2))
                # Java works in this process, Python beside it.
                worked.setdefault(engine, (time.process_time() - began) / 2)
                with open_volume(out) as volume:
                    found[engine] = volume.read()
            plugin, python = found.values()
            worst = min(
                score_instances(one, other).at(IOU).f1
                for one, other in zip(plugin, python, strict=True)
                if one.any() or other.any()
            )
            same = np.mean([(one > 0) == (other > 0) for one, other in zip(plugin, python, strict=True)])
            fast, slow = took["Python"], took[electrodej.fiji.connection.STARDIST_PLUGIN]
            java = worked[electrodej.fiji.connection.STARDIST_PLUGIN]
            print(
                f"{SECTIONS} sections of {size[0]} x {size[1]}: plugin {slow:.1f} s ({java:.1f} of a core), "
                f"Python {fast:.1f} s"
            )
            print(
                f"  plugin over {BEFORE:g} s: {slow / BEFORE:.2f} (limit 1); over Python: {slow / fast:.1f}"
            )
            print(
                f"  least F1 of a section at IoU {IOU:g}: {worst:.3f}; pixels alike: {same:.4f}", flush=True
            )
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
