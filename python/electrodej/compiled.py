"""How every kernel is compiled, said once.

Kernels lie in the folder ``kernels`` of their room and are imported when they are needed. A kernel goes
over all particles of a batch itself, rather than being called by a kernel that does: what a compiled function
calls is compiled again as a part of it, and the first run waits for the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True}


def compiled(function: F) -> F:
    """Compile ``function`` to machine code, kept on disk, and let other threads run beside it."""
    return cast(F, numba.njit(**_OPTIONS)(function))


def compiled_inline(function: F) -> F:
    """The same for a small function that is called at every voxel: its code is put where it is called."""
    return cast(F, numba.njit(**_OPTIONS, forceinline=True)(function))


def compiled_without_nan(function: F) -> F:
    """The same for a function that meets no NaN, so that minima and maxima of several at once are taken.

    Sums keep their order, so results stay the same everywhere.
    """
    return cast(F, numba.njit(**_OPTIONS, fastmath={"nnan", "nsz"})(function))
