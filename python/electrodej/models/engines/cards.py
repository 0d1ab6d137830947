"""NVIDIA's graphics cards in this machine, asked of the driver itself: no library is started for it."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_NAME_BYTES = 256


@lru_cache(maxsize=1)
def nvidia_cards() -> tuple[str, ...]:
    """Return the name of each card; none where there is no card or no driver."""
    try:
        driver = ctypes.CDLL(_DRIVER)
        if driver.cuInit(0) != 0:
            return ()
        count = ctypes.c_int()
        if driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return ()
        names = []
        for number in range(count.value):
            name = ctypes.create_string_buffer(_NAME_BYTES)
            if driver.cuDeviceGetName(name, _NAME_BYTES, number) == 0:
                names.append(name.value.decode("utf-8", "replace"))
    except (OSError, AttributeError):  # not there, or not CUDA's
        return ()
    return tuple(names)
