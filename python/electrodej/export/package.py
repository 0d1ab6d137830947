"""One file for bioimage.io, DeepImageJ and JDLL: the card and all that it refers to."""

from __future__ import annotations

import io
import zipfile

from electrodej.export.savedmodel import zip_entry

CARD = "rdf.yaml"
END = ".bioimage.io.zip"


def package_bytes(contents: dict[str, bytes]) -> bytes:
    """Return the package: the card under the name `CARD`, and each file that it refers to, by name.

    The same contents give the same bytes.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        # The card comes first, where readers look for it.
        for name in sorted(contents, key=lambda name: (name != CARD, name)):
            packed = zipfile.ZIP_STORED if name.endswith(".zip") else zipfile.ZIP_DEFLATED
            archive.writestr(zip_entry(name), contents[name], packed)
    return buffer.getvalue()
