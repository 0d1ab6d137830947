"""The page from files: whatever is given is on it, whatever cannot be is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError, UsageError
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def electrode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve cubes, some with a crack, measured; their phases and scores."""
    folder = tmp_path_factory.mktemp("electrode")
    labels = np.zeros((9, 28, 38), np.uint16)
    phases = np.zeros(labels.shape, np.uint8)
    cracks = np.zeros(labels.shape, np.uint8)
    for number in range(12):
        y, x = 1 + 9 * (number // 4), 1 + 9 * (number % 4)
        labels[1:8, y : y + 7, x : x + 7] = number + 1
        phases[1:8, y : y + 7, x : x + 7] = 2
        crack = (4, y + 3, slice(x + 1, x + 1 + number % 6))
        labels[crack], cracks[crack] = 0, 1
    write_volume(folder / "grey.tif", 50 * phases, spacing=SPACING)
    for name, image in (("particles", labels), ("phases", phases), ("cracks", cracks)):
        write_volume(folder / f"{name}.tif", image, spacing=SPACING, labels=True)
    do(
        "measure", folder / "grey.tif", folder / "particles.tif", cracks=folder / "cracks.tif",
        out=folder / "particles.csv",
    )  # fmt: skip
    do("morphology", (folder / "phases.tif",), names=("pore", "", "particle"), out=folder / "phases.csv")
    return folder


@pytest.mark.slow
def test_everything_that_is_given_is_on_the_page(electrode: Path, tmp_path: Path) -> None:
    (tmp_path / "score.json").write_text(
        json.dumps({"classes": [{"name": "pore", "iou": 0.875}, {"name": "particle", "iou": 0.5}]})
    )
    found = do(
        "report", grey=electrode / "grey.tif", labels=electrode / "particles.tif",
        table=electrode / "particles.csv", phases=electrode / "phases.tif", cracks=electrode / "cracks.tif",
        morphology=electrode / "phases.csv", names=("pore", "binder", "particle"), title="My <electrode>",
        scores=(tmp_path / "score.json",), out=tmp_path / "page.html",
    ).numbers  # fmt: skip
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert found == {"report": str(tmp_path / "page.html"), "particles": 12}
    assert "My &lt;electrode&gt;" in page
    assert "Cracks and packing density" in page
    assert "D10, D50 and D90" in page
    methods = page.partition("Methods, to paste")[2]
    assert "closed with a ball of 0.7 µm radius" in methods
    assert "@article{lehmann2012crofton," in methods
    assert "@article{lundberg2020trees," not in methods
    assert "0.88 for pore, 0.50 for particle" in page
    # By counting: 12 cubes of 343 voxels in 9 x 28 x 38.
    assert (
        f"{100 * 12 * 343 / (9 * 28 * 38):.0f}" in page.partition("By volume: ")[2].partition("particle")[0]
    )
    for name in ("grey.tif", "particles.csv", "cracks.tif"):
        assert name in page


def test_a_table_alone_makes_a_page(electrode: Path, tmp_path: Path) -> None:
    found = do("report", table=electrode / "particles.csv", out=tmp_path / "page.html").numbers
    assert found["particles"] == 12
    assert "<title>particles" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({}, UsageError, "--table"),
        ({"grey": "g.tif"}, UsageError, "--labels"),
        ({"phases": "p.tif", "table": "t.csv"}, UsageError, "--grey"),
        ({"table": "gone.csv"}, InputError, "gone.csv"),
        ({"damage": "folder"}, InputError, "damage.json"),
        ({"scores": ("list.json",)}, InputError, "list.json"),
    ],
)
def test_what_cannot_be_shown_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict, error: type[Exception], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.json").write_text("[1]")
    Path("folder").mkdir()
    with pytest.raises(error, match=named):
        do("report", out="page.html", **options)
    assert not Path("page.html").exists()


@pytest.mark.parametrize("role", ["phases", "cracks"])
def test_an_image_of_another_shape_is_said(electrode: Path, tmp_path: Path, role: str) -> None:
    small = write_volume(tmp_path / "small.tif", np.ones((4, 5, 6), np.uint8), spacing=SPACING, labels=True)
    given = {"phases": electrode / "phases.tif", role: small}
    with pytest.raises(InputError, match=f"{role} are 4 x 5 x 6 voxels and the grey image is 9 x 28 x 38"):
        do(
            "report", grey=electrode / "grey.tif", labels=electrode / "particles.tif",
            table=electrode / "particles.csv", out=tmp_path / "page.html", **given,
        )  # fmt: skip


def test_an_existing_page_stays_without_force(electrode: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        do("report", table=electrode / "particles.csv", out=tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "mine"


def test_a_picture_outside_the_folder_of_the_damage_is_not_shown(electrode: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.svg").write_text("<svg/>")
    folder = tmp_path / "damage"
    folder.mkdir()
    figure = {"title": "", "file": "../secret.svg", "caption": "", "wide": False}
    section = {"title": "t", "body": "b", "figures": [figure], "table": None}
    (folder / "damage.json").write_text(json.dumps({"sections": [section]}))
    with pytest.raises(InputError, match=r"secret\.svg"):
        do("report", table=electrode / "particles.csv", damage=folder, out=tmp_path / "page.html")


@pytest.mark.slow
def test_several_tables_stand_side_by_side_and_what_differs_is_told(electrode: Path, tmp_path: Path) -> None:
    text = (electrode / "particles.csv").read_text(encoding="utf-8").splitlines()
    place = text[0].split(",").index("Damage")
    rows = [line.split(",") for line in text[1:]]
    for row in rows:
        row[place] = str(0.5 + float(row[place]))
    (tmp_path / "worn.csv").write_text("\n".join([text[0], *(",".join(row) for row in rows)]) + "\n")
    do("report", table=electrode / "particles.csv", compare=(tmp_path / "worn.csv",), out=tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "What differs: particles and worn" in page
    assert "Damage is larger in worn" in page
    with pytest.raises(UsageError, match="--table"):
        do("report", compare=(tmp_path / "worn.csv",), out=tmp_path / "q.html")


def test_table_of_another_electrode_is_refused(electrode: Path, tmp_path: Path) -> None:
    other = np.zeros((9, 28, 38), np.uint16)
    for number in range(4):
        other[1:8, 2:26, 1 + 9 * number : 8 + 9 * number] = number + 1
    write_volume(tmp_path / "other.tif", other, spacing=SPACING, labels=True)
    given = {"grey": electrode / "grey.tif", "table": electrode / "particles.csv"}
    with pytest.raises(InputError, match="table of another electrode"):
        do("report", labels=tmp_path / "other.tif", out=tmp_path / "page.html", **given)
    assert not (tmp_path / "page.html").exists()
    do("report", labels=electrode / "particles.tif", out=tmp_path / "page.html", **given)
