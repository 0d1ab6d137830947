"""The update site, as Fiji's updater reads it: here its form, and in a whole Fiji by the updater itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import pytest

from electrodej.errors import InputError, OutputError
from electrodej.fiji.site import INDEX, checksum, write_site

FIRST, SECOND, THIRD = 20260101120000, 20260201120000, 20260301120000
FILES = {
    "scripts/Plugins/ElectrodeJ/One_Thing.groovy": b"// one",
    "macros/ElectrodeJ/two.ijm": b"// two",
    "models/ElectrodeJ/m/model.json": b"{}",
}


def jar(*entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return packed.getvalue()


def plugins(folder):
    """The records in the index: path to its version's attributes, or None, and those of what was before."""
    root = ElementTree.fromstring(gzip.decompress((folder / INDEX).read_bytes()))
    return {
        one.attrib["filename"]: (
            None if one.find("version") is None else one.find("version").attrib,
            [each.attrib for each in one.iter("previous-version")],
        )
        for one in root
    }


def test_the_checksum_of_a_file_is_over_its_path_and_bytes_and_of_a_jar_over_its_sorted_entries():
    assert checksum("luts/a.lut", b"abc") == hashlib.sha1(b"luts/a.lutabc").hexdigest()
    expected = hashlib.sha1(b"a/xonebtwo").hexdigest()
    assert checksum("jars/j.jar", jar(("b", "two"), ("a/x", "one"))) == expected
    with pytest.raises(InputError, match="MANIFEST"):
        checksum("jars/j.jar", jar(("META-INF/MANIFEST.MF", "Build-Jdk: 1")))


def test_a_site_names_each_file_with_its_stamp_and_lays_it_there(tmp_path):
    assert write_site(tmp_path, FILES, stamp=FIRST)["new"] == sorted(FILES)
    for name, (version, before) in plugins(tmp_path).items():
        data = FILES[name]
        assert (tmp_path / f"{name}-{FIRST}").read_bytes() == data
        assert version == {
            "checksum": checksum(name, data),
            "timestamp": str(FIRST),
            "filesize": str(len(data)),
        }
        assert before == []


def test_what_changed_gets_a_new_stamp_and_what_went_is_remembered(tmp_path):
    one, two, three = FILES
    write_site(tmp_path, FILES, stamp=FIRST)
    told = write_site(tmp_path, {one: b"// more", three: FILES[three]}, stamp=SECOND)
    assert told == {"new": [], "changed": [one], "gone": [two], "same": [three]}
    found = plugins(tmp_path)
    assert found[one][0]["timestamp"] == str(SECOND)
    assert found[one][1] == [{"checksum": checksum(one, FILES[one]), "timestamp": str(FIRST)}]
    gone = {"timestamp": str(FIRST), "timestamp-obsolete": str(SECOND)}
    assert found[two] == (None, [{"checksum": checksum(two, FILES[two]), **gone}])
    assert found[three][0]["timestamp"] == str(FIRST)
    # It comes back, and a clock that runs backwards gives no stamp twice.
    write_site(tmp_path, {**FILES, one: b"// third"}, stamp=FIRST)
    found = plugins(tmp_path)
    assert int(found[two][0]["timestamp"]) > SECOND
    assert int(found[one][0]["timestamp"]) > SECOND
    assert found[two][1] == []


def test_the_same_files_at_the_same_time_make_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_site(tmp_path / name, FILES, stamp=FIRST)
        write_site(tmp_path / name, FILES, stamp=SECOND)  # nothing changed
    assert (tmp_path / "a" / INDEX).read_bytes() == (tmp_path / "b" / INDEX).read_bytes()
    assert all(version["timestamp"] == str(FIRST) for version, _ in plugins(tmp_path / "a").values())


def test_a_site_is_written_into_nobody_elses_folder(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else"):
        write_site(tmp_path, FILES, stamp=FIRST)
    with pytest.raises(InputError, match="looks after"):
        write_site(tmp_path / "site", {"electrodej/python.txt": b"x"}, stamp=FIRST)
    (tmp_path / INDEX).write_bytes(b"no gzip")
    with pytest.raises(InputError, match="damaged"):
        write_site(tmp_path, FILES, stamp=FIRST)


def test_all_that_electrodej_brings_is_what_fijis_updater_looks_after(tmp_path):
    from electrodej.fiji.layout import planned

    files = planned()
    assert write_site(tmp_path, files, stamp=FIRST)["new"] == sorted(files)


# Fiji's own updater on a folder like a Fiji: what it says of each file, and what it does.
_UPDATER = """
import json, os, sys
from pathlib import Path
import scyjava
fiji = Path(os.environ["ELECTRODEJ_FIJI"])
scyjava.config.add_classpath(*map(str, [*fiji.glob("jars/*.jar"), *fiji.glob("plugins/*.jar")]))
scyjava.config.set_java_constraints(fetch="auto")
site, root = Path(sys.argv[1]), Path(sys.argv[2])
file, collection = scyjava.jimport("java.io.File"), scyjava.jimport("net.imagej.updater.FilesCollection")
progress = scyjava.jimport("net.imagej.updater.util.StderrProgress")()
files = collection(file(str(root)))
for name in [str(each) for each in files.getUpdateSiteNames(True)]:
    files.removeUpdateSite(name)
files.addUpdateSite("ElectrodeJ", site.as_uri() + "/", None, None, 0)
scyjava.jimport("net.imagej.updater.XMLFileDownloader")(files).start()
scyjava.jimport("net.imagej.updater.Checksummer")(files, progress).updateFromLocal()
told = {str(one.filename): str(one.getStatus().name()) for one in files}
# What the updater's window proposes; to remove what the site no longer has is one more click there.
proposed = {"NEW": 1, "NOT_INSTALLED": 1, "UPDATEABLE": 2, "OBSOLETE": 1}
for one in files:
    if str(one.getStatus().name()) in proposed:
        one.setAction(files, one.getStatus().getDeveloperActions()[proposed[str(one.getStatus().name())]])
made = scyjava.jimport("net.imagej.updater.Installer")(files, progress)
made.start()
made.moveUpdatedIntoPlace()
print("TOLD", json.dumps(told))
os._exit(0)
"""


def updated(site, root):
    """Let Fiji's updater bring a folder up to date; return what it called each file before."""
    done = subprocess.run(
        [sys.executable, "-c", _UPDATER, str(site), str(root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("TOLD "))


def contents(root):
    roots = ("scripts", "macros", "models", "jars", "luts")
    paths = [path for each in roots for path in (root / each).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.fiji
@pytest.mark.skipif("ELECTRODEJ_FIJI" not in os.environ, reason="ELECTRODEJ_FIJI names no Fiji")
def test_fijis_own_updater_installs_updates_and_removes(tmp_path):
    site, root = tmp_path / "site", tmp_path / "Fiji"
    root.mkdir()
    files = {**FILES, "jars/electrodej-scripts-0.1.0.jar": jar(("electrodej/Door.groovy", "class Door {}"))}
    write_site(site, files, stamp=FIRST)
    assert set(updated(site, root).values()) == {"NEW"}
    assert contents(root) == files
    one, two, *_ = FILES
    later = {**files, one: b"// more"}
    del later[two]
    write_site(site, later, stamp=SECOND)
    told = updated(site, root)
    assert [told.pop(one), told.pop(two)] == ["UPDATEABLE", "OBSOLETE"]
    assert set(told.values()) == {"INSTALLED"}
    assert contents(root) == later
    # Now all is as the site has it, by Fiji's own checksums; what is changed by hand is told.
    (root / one).write_bytes(b"// mine")
    told = updated(site, root)
    assert told.pop(one) == "MODIFIED"
    assert {told[name] for name in later if name != one} == {"INSTALLED"}
    assert (root / one).read_bytes() == b"// mine"
