"""VIA annotations to labels and back."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from electrodej.annotation import read_pairs, read_via, write_via
from electrodej.errors import InputError, OutputError

SIZE = (6, 8)
SQUARE = {"name": "polygon", "all_points_x": [1, 4, 4, 1], "all_points_y": [1, 1, 4, 4]}


def region(**shape: Any) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": {}}


def outline(*points: tuple[float, float], name: str = "polygon") -> dict[str, Any]:
    return region(name=name, all_points_x=[x for x, _ in points], all_points_y=[y for _, y in points])


def entry(*regions: dict[str, Any], name: str = "a.png") -> dict[str, Any]:
    return {"filename": name, "size": 100, "regions": list(regions), "file_attributes": {}}


def version_1(one: dict[str, Any]) -> dict[str, Any]:
    """As VIA 1 writes it: regions as a mapping, and the polygon's first point again at its end."""
    old = copy.deepcopy(one)
    for shape in (each["shape_attributes"] for each in old["regions"]):
        for axis in ("all_points_x", "all_points_y"):
            if shape["name"] == "polygon":
                shape[axis].append(shape[axis][0])
    old["regions"] = {str(number): each for number, each in enumerate(old["regions"])}
    return old | {"fileref": "", "base64_img_data": ""}


def save(folder: Path, content: Any, *, images: tuple[str, ...] = ("a.png",), size=SIZE) -> Path:
    for name in images:
        Image.fromarray(np.arange(size[0] * size[1], dtype=np.uint8).reshape(size)).save(folder / name)
    path = folder / "via.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def labels_of(path: Path) -> np.ndarray:
    (image,) = read_via(path)
    return image.drawing.read()


@pytest.mark.parametrize("form", ["annotations 2", "annotations 1", "project 2"])
def test_regions_are_labels_in_the_order_of_the_file(tmp_path, form):
    one = entry(
        region(**SQUARE),
        outline((3, 0), (6, 0), (6, 2), (3, 2)),
        region(name="rect", x=6, y=4, width=2, height=2),
    )
    content: dict[str, Any] = {"a.png100": version_1(one) if form == "annotations 1" else one}
    if form == "project 2":
        content = {"_via_settings": {}, "_via_img_metadata": content, "_via_attributes": {}}
    np.testing.assert_array_equal(
        labels_of(save(tmp_path, content)),
        [
            [0, 0, 0, 2, 2, 2, 0, 0],
            [0, 1, 1, 2, 2, 2, 0, 0],  # the later region wins
            [0, 1, 1, 1, 0, 0, 0, 0],
            [0, 1, 1, 1, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 3, 3],
            [0, 0, 0, 0, 0, 0, 3, 3],
        ],
    )


def test_circles_ellipses_and_closed_lines_are_areas(tmp_path):
    shapes = [
        region(name="circle", cx=2, cy=2, r=2),
        region(name="ellipse", cx=6, cy=3, rx=1, ry=3),
        outline((0, 4), (3, 4), (3, 6), (0, 6), (0, 4), name="polyline"),
    ]
    np.testing.assert_array_equal(
        labels_of(save(tmp_path, {"a": entry(*shapes)})),
        [
            [0, 1, 1, 0, 0, 2, 2, 0],
            [1, 1, 1, 1, 0, 2, 2, 0],
            [1, 1, 1, 1, 0, 2, 2, 0],
            [0, 1, 1, 0, 0, 2, 2, 0],
            [3, 3, 3, 0, 0, 2, 2, 0],
            [3, 3, 3, 0, 0, 2, 2, 0],
        ],
    )


def test_an_ellipse_is_turned_clockwise_on_the_screen(tmp_path):
    path = save(tmp_path, {"a": entry(region(name="ellipse", cx=4, cy=3, rx=3, ry=0.6, theta=np.pi / 4))})
    y, x = np.nonzero(labels_of(path))
    assert np.corrcoef(x, y)[0, 1] > 0.8  # right is down


def test_images_are_looked_for_in_the_given_folder_and_those_without_regions_are_left_out(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = save(tmp_path / "elsewhere", {"a": entry(region(**SQUARE)), "b": entry(name="b.png")})
    path = path.rename(tmp_path / "via.json")
    (image,) = read_via(path, images=tmp_path / "elsewhere")
    assert image.path == tmp_path / "elsewhere" / "a.png"
    assert image.drawing.size == SIZE
    assert read_pairs(path, images=tmp_path / "elsewhere").names == ("a",)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (outline((0, 0), (4, 4), (4, 0), (0, 4)), r"crosses itself at x=2\.0, y=2\.0"),
        (outline((0, 0), (2, 2), (4, 4)), "all its points on one line"),
        (outline((1, 1), (3, 3)), "fewer than three different points"),
        (outline((1, 1), (3, 1), (3, 3), name="polyline"), "is an open line"),
        (region(name="point", cx=1, cy=1), "of the kind point, which is no area"),
        (region(name="polygon", all_points_x=[1, 2], all_points_y=[1]), "x and y of different length"),
        (region(name="polygon"), "no list of points"),
        (outline((1, 1), (3, float("nan")), (3, 3)), "coordinate nan, which is no number"),
        (outline((1, 1), (3, "1"), (3, 3)), "coordinate 1, which is no number"),  # type: ignore[arg-type]
        (outline((1, 1), (3, True), (3, 3)), "coordinate True"),
        (outline((1, 1), (11, 1), (3, 3)), "in part outside the image of 8 x 6 pixels"),
        (outline((1.1, 1.1), (1.4, 1.1), (1.4, 1.4)), "covers no pixel centre"),
        (region(name="rect", x=1, y=1, width=0, height=2), "no width or no height"),
        (region(name="rect", x=1, y=1, width=2), "coordinate None"),
        (region(name="circle", cx=1, cy=1, r=0), "a radius below"),
        (region(name="circle", cx=10**400, cy=1, r=1), "which is no number"),
        (region(name="circle", cx=30, cy=1, r=3), "covers no pixel centre"),
        (region(**SQUARE), "is wholly covered"),
        ({"region_attributes": {}}, "has no shape"),
        ("text", "has no shape"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_bad_region_is_refused_with_file_image_and_number(tmp_path, bad, message, version):
    one = entry(region(name="circle", cx=7, cy=5, r=1), region(**SQUARE))
    one["regions"].insert(1, bad)
    if version == 1:
        one["regions"] = dict(enumerate(one["regions"]))
    path = save(tmp_path, {"a": one})
    with pytest.raises(InputError, match=message) as caught:
        read_pairs(path)
    assert f"{path}: a.png, region 2" in str(caught.value)


@pytest.mark.parametrize("name", ["b.png", "A.png"])
def test_a_missing_image_is_refused_and_case_counts(tmp_path, name):
    with pytest.raises(InputError, match=f"names the image {name}, which is not in"):
        read_via(save(tmp_path, {"a": entry(region(**SQUARE), name=name)}))


@pytest.mark.parametrize(
    "name", ["../a.png", "/a.png", "..\\a.png", "C:a.png", "..", "", "x/a.png", "file:///a.png"]
)
def test_an_image_name_never_leads_out_of_the_folder(tmp_path, name):
    (tmp_path / "x").mkdir()
    save(tmp_path, "{}")
    with pytest.raises(InputError, match="which is no plain file name"):
        read_via(save(tmp_path / "x", {"a": entry(region(**SQUARE), name=name)}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "no annotation of VIA 1 or 2"),
        ('"text"', "no annotation of VIA 1 or 2"),
        ({"images": [], "annotations": []}, "no annotation of VIA 1 or 2"),
        ({"project": {}, "config": {}, "metadata": {}}, "no annotation of VIA 1 or 2"),
        ({"a": {"filename": "a.png"}}, "no annotation of VIA 1 or 2"),
        ({"a": {"filename": "a.png", "regions": 3}}, "regions that are no list"),
        ({}, "has no region on any image"),
        ({"a": entry()}, "has no region on any image"),
        ({"a": entry(region(**SQUARE)), "b": entry(region(**SQUARE))}, r"has the image a\.png twice"),
    ],
)
def test_a_file_that_is_no_via_file_is_refused(tmp_path, content, message):
    path = save(tmp_path, content)
    with pytest.raises(InputError, match=message) as caught:
        read_via(path)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "via.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(InputError, match="is no JSON"):
        read_via(tmp_path / "via.json")
    with pytest.raises(InputError, match="does not exist"):
        read_via(tmp_path / "other.json")


@pytest.mark.parametrize("seed", range(5))
def test_written_labels_come_back_exactly(tmp_path, random_labels, ring_and_pieces, seed):
    labels = random_labels(seed, (13, 17)) if seed else ring_and_pieces
    save(tmp_path, "{}", size=labels.shape)
    write_via(tmp_path / "new.json", {tmp_path / "a.png": labels})
    numbers = np.unique(labels)  # 0 is among them
    np.testing.assert_array_equal(labels_of(tmp_path / "new.json"), np.searchsorted(numbers, labels))


def test_what_is_written_is_a_via_2_project_that_finds_its_images(tmp_path, ring_and_pieces):
    save(tmp_path, "{}", size=ring_and_pieces.shape)
    write_via(tmp_path / "new.json", {tmp_path / "a.png": ring_and_pieces})
    project = json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))
    assert {"_via_settings", "_via_img_metadata", "_via_attributes"} <= project.keys()
    # VIA's key of an image is its name and its bytes.
    key = f"a.png{(tmp_path / 'a.png').stat().st_size}"
    assert project["_via_image_id_list"] == [key]
    shapes = [each["shape_attributes"] for each in project["_via_img_metadata"][key]["regions"]]
    assert shapes[1] == {"name": "polygon", "all_points_x": [3, 4, 4, 3], "all_points_y": [3, 3, 4, 4]}
    names = [each["region_attributes"]["label"] for each in project["_via_img_metadata"][key]["regions"]]
    assert names == ["1", "2", "3", "9"]


def test_nothing_is_written_for_labels_of_another_size_or_over_a_file(tmp_path):
    path = save(tmp_path, "{}")
    with pytest.raises(InputError, match="shape"):
        write_via(tmp_path / "new.json", {tmp_path / "a.png": np.ones((2, 2), np.uint8)})
    assert not (tmp_path / "new.json").exists()
    with pytest.raises(OutputError, match="--force"):
        write_via(path, {tmp_path / "a.png": np.ones(SIZE, np.uint8)})
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_via_file_or_its_folder_gives_pairs(tmp_path):
    path = save(tmp_path, {"a": entry(region(**SQUARE))})
    for source in (path, tmp_path):
        pairs = read_pairs(source)
        assert pairs.names == ("a",)
        assert "one particle only" in pairs.warnings[0]
        assert pairs[0].spacing is None
        assert (pairs[0].grey[1, 2], pairs[0].labels[1, 2]) == (10, 1)


def test_a_folder_with_several_annotations_is_refused(tmp_path):
    path = save(tmp_path, {"a": entry(region(**SQUARE))})
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"several annotations \(other\.json and via\.json\)"):
        read_pairs(tmp_path)
    path.rename(tmp_path / "a.txt")
    with pytest.raises(InputError, match=r"no folder and no VIA file"):
        read_pairs(tmp_path / "a.txt")
