"""ImageJ ROIs to labels and back, read and written without ImageJ."""

import struct
import zipfile

import numpy as np
import pytest
import roifile
from hypothesis import given
from hypothesis import strategies as st

from electrodej.annotation import read_pairs, read_rois, roi_labels, write_rois
from electrodej.errors import InputError, OutputError
from electrodej.volume import write_volume

SQUARE = [[1, 1], [4, 1], [4, 4], [1, 4]]
PATH = [0, 1, 1, 1, 4, 1, 1, 4, 4, 4]


def polygon(points=SQUARE, *, kind="POLYGON", name="", **fields) -> roifile.ImagejRoi:
    roi = roifile.ImagejRoi.frompoints(np.array(points), name=name or "square")
    roi.roitype = roifile.ROI_TYPE[kind]
    for field, value in fields.items():
        setattr(roi, field, value)
    return roi


def box(kind: str, left: int, top: int, right: int, bottom: int, **fields) -> roifile.ImagejRoi:
    roi = roifile.ImagejRoi(roitype=roifile.ROI_TYPE[kind], left=left, top=top, right=right, bottom=bottom)
    for field, value in fields.items():
        setattr(roi, field, value)
    return roi


def composite(path, **fields) -> roifile.ImagejRoi:
    path = np.array(path, np.float32)
    return box("RECT", 0, 0, 5, 5, multi_coordinates=path, shape_roi_size=len(path), **fields)


def save(path, *rois):
    with zipfile.ZipFile(path, "w") as archive:
        for number, roi in enumerate(rois):
            archive.writestr(f"{number}.roi", roi.tobytes())
    return path


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(1, 1), (13, 17), (3, 8, 9)])
def test_written_labels_come_back_exactly(tmp_path, random_labels, seed, shape):
    labels = random_labels(seed, shape, 7) * 11
    labels[(0,) * len(shape)] = 70
    count = write_rois(tmp_path / "rois.zip", labels)
    rois = read_rois(tmp_path / "rois.zip")
    slices = labels if len(shape) == 3 else labels[None]
    assert len(rois) == count == sum(len(np.unique(one[one > 0])) for one in slices)
    np.testing.assert_array_equal(roi_labels(rois, shape), labels)


def test_written_rois_are_named_by_label_and_slice_and_know_their_position(tmp_path, ring_and_pieces):
    stack = np.stack([np.zeros_like(ring_and_pieces), ring_and_pieces])
    write_rois(tmp_path / "rois.zip", stack)
    rois = roifile.roiread(tmp_path / "rois.zip")
    assert [(roi.name, roi.position) for roi in rois] == [("1-2", 2), ("2-2", 2), ("3-2", 2), ("9-2", 2)]
    assert [roi.composite for roi in rois] == [True, False, True, False]
    with zipfile.ZipFile(tmp_path / "rois.zip") as archive:
        assert archive.namelist() == ["1-2.roi", "2-2.roi", "3-2.roi", "9-2.roi"]


def test_the_same_labels_give_the_same_bytes(tmp_path, ring_and_pieces):
    for name in ("a.zip", "b.zip"):
        write_rois(tmp_path / name, ring_and_pieces)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_labels_above_65535_and_images_wider_than_16_bit_come_back(tmp_path):
    labels = np.zeros((3, 70_000), np.uint32)
    labels[1, 40_000:66_000] = 100_000
    write_rois(tmp_path / "rois.zip", labels)
    np.testing.assert_array_equal(roi_labels(read_rois(tmp_path / "rois.zip"), labels.shape), labels)


@pytest.mark.parametrize("kind", ["POLYGON", "FREEHAND", "TRACED"])
def test_outlines_are_read_with_sub_pixel_coordinates(tmp_path, kind):
    roi = polygon([[0.6, 0.0], [3.4, 0.0], [3.4, 2.0], [0.6, 2.0]], kind=kind)
    labels = roi_labels(read_rois(save(tmp_path / "a.zip", roi)), (3, 5))
    # Centres at 1.5 and 2.5; rounded to 1 and 3 it would be the same two, and 0.6 + 3.4 keep 0.5 and 3.5 out.
    np.testing.assert_array_equal(labels, [[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]])


def test_sub_pixel_coordinates_are_not_rounded(tmp_path):
    roi = polygon([[0.4, 0.0], [2.6, 0.0], [2.6, 1.0], [0.4, 1.0]])
    assert roi_labels(read_rois(save(tmp_path / "a.zip", roi)), (1, 4)).tolist() == [[1, 1, 1, 0]]


def test_rectangles_ovals_and_composites_are_read(tmp_path):
    ring = [0, 0, 0, 1, 5, 0, 1, 5, 5, 1, 0, 5, 4, 0, 1, 1, 1, 4, 1, 1, 4, 4, 1, 1, 4, 4]
    labels = roi_labels(read_rois(save(tmp_path / "a.zip", composite(ring), box("OVAL", 1, 1, 4, 4))), (5, 6))
    np.testing.assert_array_equal(
        labels,
        [
            [1, 1, 1, 1, 1, 0],
            [1, 2, 2, 2, 1, 0],  # the square root of 2 is less than the radius, 1.5
            [1, 2, 2, 2, 1, 0],
            [1, 2, 2, 2, 1, 0],
            [1, 1, 1, 1, 1, 0],
        ],
    )
    path = save(tmp_path / "b.zip", box("RECT", 4, 0, 9, 2))
    assert roi_labels(read_rois(path), (3, 6)).sum(axis=1).tolist() == [2, 2, 0]


def test_a_single_roi_file_is_read(tmp_path):
    (tmp_path / "one.roi").write_bytes(polygon().tobytes())
    assert roi_labels(read_rois(tmp_path / "one.roi"), (5, 5)).sum() == 9


@pytest.mark.parametrize(
    "fields", [{"position": 2}, {"z_position": 2, "c_position": 1, "t_position": 1}, {"t_position": 2}]
)
def test_the_slice_is_the_stack_position_or_z_or_t(tmp_path, fields):
    labels = roi_labels(read_rois(save(tmp_path / "a.zip", polygon(**fields))), (3, 5, 5))
    assert labels.any(axis=(1, 2)).tolist() == [False, True, False]


def test_rois_drawn_by_hand_are_numbered_after_those_that_keep_their_label(tmp_path):
    kept = polygon(props="electrodej.label: 7\n", position=2)
    drawn = [polygon(position=1, name="0123-0456"), polygon(position=2, props="Area: 3\n")]
    rois = read_rois(save(tmp_path / "a.zip", drawn[0], kept))
    assert roi_labels(rois, (2, 5, 5)).max(axis=(1, 2)).tolist() == [8, 7]
    assert [roi.label for roi in read_rois(save(tmp_path / "b.zip", *drawn))] == [None, None]


BOW_TIE = [[0, 0], [4, 4], [4, 0], [0, 4]]


@pytest.mark.parametrize(
    ("roi", "message"),
    [
        (polygon(BOW_TIE), r"ROI 2 \(square\) crosses itself at x=2.0, y=2.0"),
        (polygon([[0, 0], [2, 2], [4, 4]]), r"ROI 2 \(square\) has all its points on one line"),
        (polygon([[0, 0], [2, 2], [0, 0]]), "fewer than three different points"),
        (polygon(kind="POLYLINE"), "ROI 2 .* kind polyline, which is no area"),
        (polygon(kind="POINT"), "kind point, which is no area"),
        (box("RECT", 0, 0, 4, 4, subtype=roifile.ROI_SUBTYPE.TEXT), "kind text, which is no area"),
        (box("RECT", 0, 0, 4, 4, rounded_rect_arc_size=3), "round corners"),
        (box("RECT", 4, 4, 4, 4), "has no area"),
        (polygon(options=roifile.ROI_OPTIONS.SPLINE_FIT), "fitted spline"),
        (composite([0, 1, 1, 3, 1, 1, 2, 2, 3, 3, 4]), "curves"),
        (composite([0, 1, 1, 1, 1]), "damaged path"),
        (composite([0, 1, 1, 1, 4, np.nan, 1, 4, 4, 4]), "no numbers of pixels"),
        (composite([0, 1, 1, 4]), "has no area"),
        (polygon(z_position=2, t_position=3), "slice 2 of time 3"),
    ],
)
def test_what_is_no_area_is_refused_with_file_and_roi(tmp_path, roi, message):
    with pytest.raises(InputError, match=message) as caught:
        read_rois(save(tmp_path / "drawn.zip", polygon(), roi))
    assert str(tmp_path / "drawn.zip") in str(caught.value)


def test_a_freehand_outline_that_crosses_itself_is_filled_even_odd(tmp_path):
    rois = read_rois(save(tmp_path / "a.zip", polygon(BOW_TIE, kind="FREEHAND")))
    np.testing.assert_array_equal(
        roi_labels(rois, (4, 4)), [[1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 1], [1, 0, 0, 0]]
    )


@pytest.mark.parametrize(
    ("fields", "shape", "message"),
    [
        ({"position": 4}, (3, 5, 5), "lies on slice 4, and the image has 3"),
        ({}, (3, 5, 5), "belongs to no slice, and the image has 3"),
        ({}, (1, 1), "covers no pixel centre of the image of 1 x 1 pixels"),
    ],
)
def test_rois_that_do_not_fit_the_image_are_refused(tmp_path, fields, shape, message):
    rois = read_rois(save(tmp_path / "a.zip", polygon(**fields)))
    with pytest.raises(InputError, match=r"a\.zip: ROI 1 \(square\) " + message):
        roi_labels(rois, shape)


@pytest.mark.parametrize("name", ["../a.roi", "/a.roi", "x/../../a.roi", "C:\\a.roi", "..\\a.roi"])
def test_a_zip_whose_entries_lead_out_of_it_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("good.roi", polygon().tobytes())
        archive.writestr(name, polygon().tobytes())
    with pytest.raises(InputError, match="leads out of the zip"):
        read_rois(tmp_path / "bad.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.zip"]


def test_a_zip_that_unpacks_to_far_more_than_rois_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", b"\0" * (17 * 2**20))
    with pytest.raises(InputError, match=r"bomb\.zip.*too large"):
        read_rois(tmp_path / "bomb.zip")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"no zip"),
        ("a.zip", b""),
        ("a.roi", b""),
        ("a.roi", b"Iout"),
        ("a.roi", b"no ROI at all" * 20),
        ("a.roi", polygon().tobytes()[:68]),
        ("a.roi", polygon().tobytes()[:16] + struct.pack(">H", 60_000) + polygon().tobytes()[18:]),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=str(name)):
        read_rois(tmp_path / name)


def test_a_damaged_entry_is_refused(tmp_path):
    path = save(tmp_path / "a.zip", polygon(), polygon())
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip cannot be read as ROIs"):
        read_rois(path)


def test_a_zip_without_rois_and_a_missing_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("image.tif", b"II*\0")
    with pytest.raises(InputError, match=r"has no \.roi in it"):
        read_rois(tmp_path / "a.zip")
    with pytest.raises(InputError, match="does not exist"):
        read_rois(tmp_path / "b.zip")


def test_nothing_is_written_for_empty_labels_a_wrong_name_or_an_existing_file(tmp_path):
    with pytest.raises(InputError, match="no particle"):
        write_rois(tmp_path / "a.zip", np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match=r"does not end in \.zip"):
        write_rois(tmp_path / "a.roi", np.ones((3, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(OutputError, match="--force"):
        write_rois(tmp_path / "a.zip", np.ones((3, 3), np.uint8))
    assert (tmp_path / "a.zip").read_bytes() == b"mine"


def image(path, shape):
    write_volume(path, np.zeros(shape, np.uint8), spacing=(0.1, 0.1, 0.1))


def test_images_with_roi_zips_are_pairs(tmp_path, ring_and_pieces):
    for name, rois in (("a", "a.zip"), ("b", "b_rois.zip")):
        image(tmp_path / f"{name}.tif", ring_and_pieces.shape)
        write_rois(tmp_path / rois, ring_and_pieces)
    pairs = read_pairs(tmp_path)
    assert pairs.names == ("a", "b")
    for pair in pairs:
        np.testing.assert_array_equal(pair.labels, ring_and_pieces)
        assert pair.spacing == pytest.approx((0.1, 0.1))


def test_of_a_stack_the_slices_with_rois_are_pairs(tmp_path):
    image(tmp_path / "a.tif", (4, 5, 5))
    save(tmp_path / "a.zip", polygon(position=2), polygon(position=4))
    pairs = read_pairs(tmp_path)
    assert pairs.names == ("a-0002", "a-0004")
    assert [int(pair.labels.max()) for pair in pairs] == [1, 2]


def test_images_without_zip_zips_without_image_and_two_zips_are_refused(tmp_path):
    image(tmp_path / "a.tif", (5, 5))
    save(tmp_path / "a.zip", polygon())
    assert "one particle only" in read_pairs(tmp_path).warnings[0]
    save(tmp_path / "a_rois.zip", polygon())
    with pytest.raises(InputError, match=r"has two zips, a\.zip and a_rois\.zip"):
        read_pairs(tmp_path)
    (tmp_path / "a_rois.zip").rename(tmp_path / "b.zip")
    with pytest.raises(InputError, match=r"b\.zip has no image"):
        read_pairs(tmp_path)
    (tmp_path / "b.zip").unlink()
    image(tmp_path / "c.tif", (5, 5))
    with pytest.raises(InputError, match=r"c\.tif has no ROI zip"):
        read_pairs(tmp_path)


@given(changes=st.lists(st.tuples(st.integers(4, 130), st.integers(0, 255)), max_size=5), data=st.data())
def test_whatever_bytes_are_changed_the_answer_is_labels_or_an_error_for_the_user(
    tmp_path_factory, changes, data
):
    whole = data.draw(
        st.sampled_from([polygon(), polygon(np.array(SQUARE) + 0.3), composite(PATH)])
    ).tobytes()
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    path = tmp_path_factory.mktemp("damaged") / "one.roi"
    path.write_bytes(damaged)
    try:
        answer = f"{path} gives {roi_labels(read_rois(path), (5, 5)).max() > 0}"
    except InputError as error:
        answer = str(error)
    assert str(path) in answer
    assert not answer.endswith("False")
