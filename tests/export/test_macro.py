"""The macro beside a zip, read by ImageJ itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from electrodej.export.macro import macro_for, quoted
from electrodej.models.info import ModelInfo

# ImageJ in a process of its own: reads macros from stdin and tells what they return.
IMAGEJ = """
import json, sys
from electrodej.fiji.jvm import start_light
IJ = start_light()
print(json.dumps([str(IJ.runMacro(macro)) for macro in json.load(sys.stdin)]))
import os
sys.stdout.flush()
os._exit(0)
"""

STARDIST = ModelInfo(
    kind="stardist",
    name='Half "cells" \\ grains',
    channels_out=33,
    rays=32,
    probability_threshold=0.61,
    overlap_threshold=0.35,
    percentiles=(1.0, 99.5),
)


def in_imagej(macros: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMAGEJ], input=json.dumps(macros), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.imagej
def test_imagej_reads_back_what_was_quoted_and_the_command_as_meant() -> None:
    texts = [
        "plain",
        'say "yes"',
        "C:\\models\\new.zip",
        "end\\",
        "two\nlines",
        "tab\there",
        "µm × 5",
        "it's [a] b",
    ]
    macros = [f"return {quoted(text)};" for text in texts]
    # What the plugin would be given, without the plugin: the command is returned instead of run.
    for info in (STARDIST, ModelInfo(kind="care")):
        body = macro_for(info, "mine.zip")
        line = next(line for line in body.splitlines() if line.startswith("run("))
        macros.append(
            'model = "D:/a b/mine.zip";\nreturn ' + line[len("run(") : -len(");")].partition(", ")[2] + ";"
        )
    *back, stardist, care = in_imagej(macros)
    assert back == texts
    assert stardist.startswith("command=[de.csbdresden.stardist.StarDist2D], args=[")
    assert stardist.endswith("'modelFile':'D:/a b/mine.zip'], process=[false]")
    settings = json.loads("{" + stardist.partition("args=[")[2].partition("]")[0].replace("'", '"') + "}")
    assert settings["probThresh"] == "0.61"
    assert settings["nmsThresh"] == "0.35"
    assert (settings["percentileBottom"], settings["percentileTop"]) == ("1.0", "99.5")
    assert settings["outputType"] == "Label Image"
    # SciJava's preparations would run the network that CSBDeep ran last, and ask for fields left out.
    assert care.startswith("command=[de.csbdresden.csbdeep.commands.GenericNetwork], args=[")
    assert care.endswith("'modelFile':'D:/a b/mine.zip'], process=[false]")


def test_a_csbdeep_macro_asks_for_the_overlap_that_the_network_needs() -> None:
    macro = macro_for(ModelInfo(kind="unet", context=150, size_divisor=128), "phases.zip")
    assert "'blockMultiple':'128', 'overlap':'256'" in macro


def test_a_name_with_a_line_break_stays_inside_its_comment() -> None:
    macro = macro_for(ModelInfo(kind="care", name='nice\nrun("Quit");'), "a.zip")
    assert macro.splitlines()[0].startswith('// nice run("Quit");: written by')
    assert not any(line.startswith('run("Quit")') for line in macro.splitlines())


def test_the_macro_leaves_the_same_border_free_as_python() -> None:
    macro = macro_for(ModelInfo(kind="stardist", grid=(2, 4)), "a.zip")
    assert "'excludeBoundary':'8'" in macro


def test_the_macro_names_the_zip_beside_it(tmp_path: Path) -> None:
    assert 'model = folder + File.separator + "my zip.zip";' in macro_for(
        STARDIST, (tmp_path / "my zip.zip").name
    )
