"""How every kernel of this room is compiled, said once.

A kernel goes over all particles of a batch itself, rather than being called by a kernel that does: what
a compiled function calls is compiled again as a part of it, and the first run waits for the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile ``function`` to machine code, kept on disk, and let other threads run beside it."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def compiled_without_nan(function: F) -> F:
    """The same for a function that meets no NaN, so that minima and maxima of several at once are taken.

    Sums keep their order, so results stay the same everywhere.
    """
    return cast(F, numba.njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})(function))
