"""Write anew the list of operations that TensorFlow 1.15 knows.

Run as ``python -m electrodej.export.make_operations``. Asks TensorFlow Java 1.15.0 itself.
Only texts for people (summaries, descriptions) are left out.
"""

from __future__ import annotations

import gzip

from electrodej.export.operations import LIST
from electrodej.export.tf115 import Tf115
from electrodej.files import whole_file


def compact(operations: bytes) -> bytes:
    """Return an ``OpList`` sorted by name, without descriptions, compressed, always with the same bytes."""
    from tensorflow.core.framework import op_def_pb2

    listed = op_def_pb2.OpList.FromString(operations)
    for operation in listed.op:
        operation.ClearField("summary")
        operation.ClearField("description")
        for part in (*operation.attr, *operation.input_arg, *operation.output_arg):
            part.ClearField("description")
    tidy = op_def_pb2.OpList(op=sorted(listed.op, key=lambda operation: operation.name))
    return gzip.compress(tidy.SerializeToString(deterministic=True), 9, mtime=0)


def main() -> None:
    """Ask TensorFlow 1.15 and write the list into the package."""
    with Tf115() as tf115, whole_file(LIST, force=True) as part:
        part.write_bytes(compact(tf115.operations()))


if __name__ == "__main__":
    main()
