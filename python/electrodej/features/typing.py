"""Names for the arrays that the room passes around."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
# Numbers that kernels hand on: machine integers and reals inside them, int and float outside.
Whole = Any
Real = Any
