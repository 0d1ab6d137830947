"""Figures as files."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from electrodej.damage import Group, Sample
from electrodej.errors import OutputError
from electrodej.report import write_figures
from electrodej.report.electrode_sections import electrode_sections
from electrodej.report.figures import distribution_figure, slice_figure
from electrodej.report.phases import phase_figure

NAMES = ["slice-middle", "distributions", "damage-size"]


@pytest.mark.slow
def test_each_figure_comes_as_png_and_svg(content, tmp_path):
    files = write_figures(tmp_path / "figures", content)
    assert [file.name for file in files] == [name + suffix for name in NAMES for suffix in (".png", ".svg")]
    for file in files:
        if file.suffix == ".png":
            assert min(Image.open(io.BytesIO(file.read_bytes())).size) > 300
        else:
            assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.slow
def test_labels_in_svg_stay_text(content, tmp_path):
    write_figures(tmp_path, content)
    assert "Equivalent diameter (µm)" in (tmp_path / "damage-size.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_existing_figures_are_kept_unless_forced(content, tmp_path):
    (tmp_path / "distributions.svg").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        write_figures(tmp_path, content)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["distributions.svg"]
    assert len(write_figures(tmp_path, content, force=True)) == 6


def test_figures_without_data_are_left_out(content, tmp_path):
    bare = replace(content, grey=None, labels=None, spacing=None, table={"Label": np.array([1])})
    assert write_figures(tmp_path, bare) == []
    empty = replace(content, table={"Label": np.zeros(0, int), "Damage": np.zeros(0), "Volume": np.zeros(0)})
    assert {file.stem for file in write_figures(tmp_path, empty)} == {"slice-middle"}


def test_slice_keeps_the_aspect_of_anisotropic_voxels(content):
    axes = slice_figure(replace(content, spacing=(0.4, 0.6, 0.2))).axes[0]
    left, right, bottom, top = axes.images[0].get_extent()
    # 40 x 0.2 um across, 30 x 0.6 um down.
    assert (right - left, bottom - top) == pytest.approx((8, 18))
    assert axes.get_aspect() == 1


def test_histograms_count_the_defined_values_and_say_what_lies_beyond(content):
    damage = np.append(np.linspace(0.1, 0.2, 99), 50.0)
    table = {"Label": np.arange(101), "Damage": np.append(damage, np.nan)}
    axes = distribution_figure(replace(content, table=table)).axes[0]
    for told in ("n = 100", "median 0.151", "1 beyond"):
        assert told in axes.get_title()
    assert sum(bar.get_height() for bar in axes.patches) == 99


def test_greys_of_a_small_range_are_shown_from_black_to_white():
    """As of a reconstruction in attenuation per um, which lies below 0.2."""
    grey = np.linspace(0, 0.2, 400).reshape(20, 20)
    figure = phase_figure(grey, np.zeros((20, 20), np.uint8), names=["pore"], spacing=(1, 1))
    low, high = figure.axes[0].images[0].get_clim()
    assert (low, high) == pytest.approx((0.001, 0.199), abs=1e-3)


def test_an_attribute_that_no_table_knows_is_not_compared():
    columns = {"Volume": np.array([1.0, 2.0, 3.0]), "Contact": np.full(3, np.nan)}
    groups = [Group(name, [Sample(name, columns)]) for name in "ab"]
    samples = electrode_sections(groups, (), units={})[0]
    assert "Volume" in samples.table
    assert "Contact" not in samples.table
