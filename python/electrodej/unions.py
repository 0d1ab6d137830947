"""What belongs together, found by joining pairs: compiled parts of every union of runs, labels and basins.

``parents`` names for each entry another one of its whole; one entry of each whole, its root, names itself.
"""

from __future__ import annotations

from typing import Any

from electrodej.compiled import compiled


@compiled
def root_of(parents: Any, entry: Any) -> Any:
    """Return the root of an entry, and halve the way to it.

    >>> import numpy as np
    >>> parents = np.array([0, 0, 1, 2])
    >>> int(root_of(parents, 3)), parents.tolist()
    (0, [0, 0, 1, 1])
    """
    while parents[entry] != entry:
        parents[entry] = parents[parents[entry]]
        entry = parents[entry]
    return entry


@compiled
def join(parents: Any, one: Any, other: Any) -> bool:
    """Make one whole of two entries, whose root is the smaller one, and return whether they were two before.

    >>> import numpy as np
    >>> parents = np.arange(4)
    >>> join(parents, 3, 1), join(parents, 1, 3), parents.tolist()
    (True, False, [0, 1, 2, 1])
    """
    a, b = root_of(parents, one), root_of(parents, other)
    if a < b:
        parents[b] = a
    else:
        parents[a] = b
    return bool(a != b)
