"""An update site for Fiji: a folder of files that any web server can hand out as it stands.

Fiji's updater reads ``db.xml.gz``, which names each file with its checksum and a time stamp, and fetches
``PATH-TIMESTAMP``. A file that did not change since the site was last written keeps its stamp; what it was
before stays known by its checksum, so that Fiji tells an old file from one that somebody changed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from electrodej.errors import InputError, OutputError
from electrodej.files import whole_file

INDEX = "db.xml.gz"
# What Fiji's updater looks after, and which files there.
_ROOTS: Mapping[str, tuple[str, ...]] = {
    "jars": (".jar",),
    "lib": ("",),
    "luts": (".lut",),
    "macros": (".txt", ".ijm", ".png"),
    "models": ("",),
    "scripts": (".groovy", ".ijm", ".js", ".m", ".py"),
}
_STAMP = "%Y%m%d%H%M%S"


@dataclass
class SiteFile:
    """One file of the site.

    Attributes
    ----------
    checksum
        As Fiji computes it; None for a file that is gone.
    stamp
        When it came, as the digits of a date and a time.
    size
        Its bytes.
    previous
        What it was before: checksum to the stamp it had.
    gone
        When it went, or None.
    """

    checksum: str | None
    stamp: int
    size: int
    previous: dict[str, int] = field(default_factory=dict)
    gone: int | None = None


def stamp_of(seconds: float) -> int:
    """Return the time stamp of a moment, seconds since 1970, in UTC.

    >>> stamp_of(0)
    19700101000000
    """
    return int(datetime.fromtimestamp(seconds, UTC).strftime(_STAMP))


def checksum(name: str, data: bytes) -> str:
    """Return the checksum that Fiji's updater gives a file: SHA-1 over its path and its bytes.

    Of a jar it is that of its entries in the order of their names, each its name and its content, so that
    packing the same classes anew changes nothing.

    >>> checksum("luts/a.lut", b"x") == hashlib.sha1(b"luts/a.lutx").hexdigest()
    True
    """
    digest = hashlib.sha1(usedforsecurity=False)
    if not name.endswith(".jar"):
        digest.update(name.encode("ascii") + data)
        return digest.hexdigest()
    with zipfile.ZipFile(io.BytesIO(data)) as jar:
        for entry in sorted(jar.namelist()):
            if entry == "META-INF/MANIFEST.MF" or entry.endswith(".properties"):
                raise InputError(
                    f"{name} holds {entry}, of which Fiji leaves lines out; pack the jar without it"
                )
            digest.update(entry.encode("ascii") + jar.read(entry))
    return digest.hexdigest()


def write_site(folder: Path, files: Mapping[str, bytes], *, stamp: int) -> dict[str, list[str]]:
    """Write a site or bring it up to date; say what is ``new``, ``changed``, ``gone`` and ``same``.

    Parameters
    ----------
    folder
        The site. What it holds is gone on from; another folder than a site or an empty one is refused.
    files
        Everything that is to be in a Fiji: the path there, with forward slashes, and the content.
    stamp
        The time of what changed, see `stamp_of`. Two runs with the same files and stamp write the same bytes.
    """
    for name, data in files.items():
        root, _, _ = name.partition("/")
        if not data:
            raise InputError(f"{name} is empty, which Fiji's updater takes for a file to remove")
        if not name.isascii() or not any(name.endswith(end) for end in _ROOTS.get(root, ())):
            raise InputError(
                f"{name} is nothing that Fiji's updater looks after; it takes {', '.join(_ROOTS)}"
            )
    known = read_index(folder)
    if not known and folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder} holds something else than an update site; choose an empty folder")
    told: dict[str, list[str]] = {"new": [], "changed": [], "gone": [], "same": []}
    for name, data in sorted(files.items()):
        told[_put(known, name, data, stamp)].append(name)
    for name, one in known.items():
        if name not in files and one.checksum is not None:
            one.previous[one.checksum] = one.stamp
            one.checksum, one.gone = None, max(stamp, one.stamp)
            told["gone"].append(name)
    for name in (*told["new"], *told["changed"], *told["same"]):
        target = folder / f"{name}-{known[name].stamp}"
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target) as part:
                part.write_bytes(files[name])
    # Last, so that nobody is told of a file that is not there yet.
    with whole_file(folder / INDEX, force=True) as part:
        part.write_bytes(_index(known))
    return told


def _put(known: dict[str, SiteFile], name: str, data: bytes, stamp: int) -> str:
    total = checksum(name, data)
    before = known.get(name)
    if before is None:
        known[name] = SiteFile(total, stamp, len(data))
        return "new"
    if before.checksum == total:
        return "same"
    if before.checksum is not None:
        before.previous[before.checksum] = before.stamp
    latest = max([*before.previous.values(), before.gone or 0])
    before.previous.pop(total, None)
    back = before.checksum is None
    # Its name has the stamp in it: what came before keeps its own.
    before.checksum, before.stamp, before.size, before.gone = total, max(stamp, latest + 1), len(data), None
    return "new" if back else "changed"


def read_index(folder: Path) -> dict[str, SiteFile]:
    """Return the files of a site by their paths; none where there is no site.

    Raises
    ------
    electrodej.errors.InputError
        The index is damaged.
    """
    place = folder / INDEX
    if not place.is_file():
        return {}
    found = {}
    try:
        for plugin in ElementTree.fromstring(gzip.decompress(place.read_bytes())).iter("plugin"):
            previous = {
                each.attrib["checksum"]: int(each.attrib["timestamp"])
                for each in plugin.iter("previous-version")
            }
            gone = [int(each.get("timestamp-obsolete", "0")) for each in plugin.iter("previous-version")]
            version = plugin.find("version")
            if version is None:
                one = SiteFile(
                    None, max(previous.values(), default=0), 0, previous, max(gone, default=0) or None
                )
            else:
                attributes = version.attrib
                size = int(attributes["filesize"])
                one = SiteFile(attributes["checksum"], int(attributes["timestamp"]), size, previous)
            found[plugin.attrib["filename"]] = one
    except (OSError, EOFError, zlib.error, ElementTree.ParseError, KeyError, ValueError) as error:
        raise InputError(f"{place} is damaged ({error}); write the site into an empty folder") from None
    return found


def _index(files: Mapping[str, SiteFile]) -> bytes:
    root = ElementTree.Element("pluginRecords")
    for name, one in sorted(files.items()):
        plugin = ElementTree.SubElement(root, "plugin", filename=name)
        if one.checksum is not None:
            attributes = {"checksum": one.checksum, "timestamp": str(one.stamp), "filesize": str(one.size)}
            ElementTree.SubElement(plugin, "version", attributes)
        for total, stamp in sorted(one.previous.items(), key=lambda each: each[1]):
            attributes = {"checksum": total, "timestamp": str(stamp)}
            if one.gone is not None:
                attributes["timestamp-obsolete"] = str(one.gone)
            ElementTree.SubElement(plugin, "previous-version", attributes)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return gzip.compress(text + b"\n", mtime=0)
