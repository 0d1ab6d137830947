"""An HDF5 file looked through, as a program: ``python -m electrodej.models.safety.h5_file FILE``.

Prints one JSON object: ``config``, the description of the layers or null, or why it is ``refused`` or
``damaged``.
"""

from __future__ import annotations

import faulthandler
import json
import sys
from collections.abc import Iterator
from typing import Any

from electrodej.models.safety.limits import MIB, MOST_DEPTH, MOST_NODES, MOST_SECONDS, MOST_UNPACKED


class _RefusedError(Exception):
    """What is in the file is not let through."""


def look_through(path: str) -> dict[str, Any]:
    """Return what is printed of a file."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            size = 0
            for number, (name, link) in enumerate(_links(file)):
                if number > MOST_NODES:
                    raise _RefusedError(f"there are more than {MOST_NODES} entries in it")
                if isinstance(link, h5py.ExternalLink):
                    raise _RefusedError(f"{name!r} in it refers to another file")
                entry = file.get(name)
                if entry is not None:
                    list(entry.attrs.values())
                if isinstance(entry, h5py.Dataset):
                    if entry.external or entry.is_virtual:
                        raise _RefusedError(f"{name!r} in it refers to another file")
                    size += entry.nbytes
                    if size > MOST_UNPACKED:
                        raise _RefusedError(f"it holds more than {MOST_UNPACKED // MIB} MiB of weights")
                    entry[()]  # a damaged chunk shows only when it is read
            attributes = dict(file.attrs.items())
    except _RefusedError as error:
        return {"refused": str(error)}
    except Exception as error:  # h5py's own kinds are many
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return {"damaged": (lines[0] if lines else type(error).__name__)[:200]}
    config = attributes.get("model_config")
    if isinstance(config, bytes):
        config = config.decode("utf-8", "replace")
    return {"config": config if isinstance(config, str) else None}


def _links(group: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    import h5py

    if depth > MOST_DEPTH:
        raise _RefusedError(f"groups in it lie in one another {MOST_DEPTH} deep")
    for key in group:
        link = group.get(key, getlink=True)
        yield f"{prefix}{key}", link
        if isinstance(link, h5py.HardLink) and isinstance(group.get(key), h5py.Group):
            yield from _links(group[key], f"{prefix}{key}/", depth + 1)


if __name__ == "__main__":
    # Also where the one who asked is gone: this ends even a library that never comes back.
    faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)
    sys.stdout.write(json.dumps(look_through(sys.argv[1])) + "\n")
