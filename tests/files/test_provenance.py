"""Every description says the same things in the same words; full disks and formulas are taken care of."""

import csv
import errno
import hashlib
import json
import os

import numpy as np
import pytest

from electrodej.errors import OutputError
from electrodej.files import checksum, described, input_file, whole_directory, whole_file, write_description
from electrodej.files.tables import write_table


def test_a_description_names_inputs_with_their_checksums(tmp_path):
    (tmp_path / "grey.tif").write_bytes(b"abc")
    known = f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
    one = {"file": "grey.tif", "checksum": known}
    assert described(inputs={"grey": tmp_path / "grey.tif"})["inputs"] == {"grey": one}
    assert described(inputs=[tmp_path / "grey.tif"])["inputs"] == [one]
    both = described(inputs={"views": [tmp_path / "grey.tif", input_file(tmp_path / "grey.tif", name="x")]})
    assert both["inputs"] == {"views": [one, {"file": "x", "checksum": known}]}


def test_a_folder_is_the_same_whoever_has_looked_at_it(tmp_path):
    (tmp_path / "a" / "in").mkdir(parents=True)
    (tmp_path / "a" / "in" / "1.tif").write_bytes(b"one")
    (tmp_path / "a-b.tif").write_bytes(b"two")
    (tmp_path / ".zattrs").write_bytes(b"{}")
    before = checksum(tmp_path)
    # Names and contents by the order of whole names, as every system has it.
    expected = hashlib.sha256(b".zattrs{}a-b.tiftwoa/in/1.tifone").hexdigest()
    assert before == f"sha256:{expected}"
    for name in (".DS_Store", "Thumbs.db", "._a-b.tif"):
        (tmp_path / name).write_bytes(b"view")
    assert checksum(tmp_path) == before
    (tmp_path / ".zattrs").write_bytes(b"[]")
    assert checksum(tmp_path) != before


def test_a_description_has_one_shape():
    about = described(
        columns={"Volume": ("um^3", "of the filled particle"), "Label": {"unit": "", "definition": "number"}},
        parameters={"radius_um": 0.7},
        spacing=(0.1, 0.2, 0.3),
        packages=["numba", "no-such-package"],
        method="flow",
    )
    assert about["columns"]["Volume"] == {"unit": "um^3", "definition": "of the filled particle"}
    assert about["columns"]["Label"] == {"unit": "", "definition": "number"}
    assert (about["spacing_um"], about["method"]) == ([0.1, 0.2, 0.3], "flow")
    assert about["voxel_size_um"] == {"z": 0.1, "y": 0.2, "x": 0.3}
    assert {"electrodej", "python", "numpy", "scipy", "numba"} == about["versions"].keys()
    assert about["made_with"] == f"ElectrodeJ {about['versions']['electrodej']}"
    json.dumps(about)


def test_a_description_is_written_whole(tmp_path):
    path = write_description(tmp_path / "a.json", described(parameters={"name": "µ"}))
    assert json.loads(path.read_text(encoding="utf-8"))["parameters"] == {"name": "µ"}


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"]
PLAIN = ["grey.tif", "-1.5", "+2", "-1e-05", "a=b", "", "-inf"]


def test_no_cell_of_a_table_is_run_by_a_spreadsheet(tmp_path):
    """A spreadsheet takes what begins with = + - @ or a tab for a formula, and a leading ' for text."""
    texts = np.array(FORMULAS + PLAIN, object)
    numbers = np.linspace(-2.5, 3, len(texts))
    write_table(tmp_path / "t.csv", {"=Image": texts, "Value": numbers}, description={})
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as text:
        head, *rows = list(csv.reader(text))
    assert head == ["'=Image", "Value"]
    assert [row[0] for row in rows] == [f"'{text}" for text in FORMULAS] + PLAIN
    assert [float(row[1]) for row in rows] == numbers.tolist()


@pytest.mark.parametrize("number", [errno.ENOSPC, None])
def test_a_full_disk_is_told_of_the_target_and_not_of_its_hidden_part(tmp_path, number):
    def fail(part):
        if number is None:  # as libraries in C say it
            raise OSError(f"unable to write {part} (No space left on device)")
        raise OSError(number, os.strerror(number), str(part))

    def within_a_folder():
        with (
            whole_directory(tmp_path / "model", ours=lambda _: True) as folder,
            whole_file(folder / "x.csv") as part,
        ):
            fail(part)

    def alone():
        with whole_file(tmp_path / "model") as part:
            fail(part)

    for write in (alone, within_a_folder):
        with pytest.raises(OutputError, match="the disk is full; free some room") as caught:
            write()
        assert str(tmp_path / "model") in str(caught.value)
        assert "partial" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []
