"""How a library says that there is no memory left."""

from __future__ import annotations

# In words of TensorFlow, JAX and PyTorch, of OpenVINO, of C++ and of ONNX Runtime.
_SAID = (
    "resourceexhausted",
    "resource_exhausted",
    "outofmemory",
    "out of memory",
    "failed to allocate",
    "can't alloc",
    "bad_alloc",
    "bad allocation",
    "bfc_arena",
)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of NumPy or of any engine says that there is no memory left.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("shapes"))
    (True, False)
    >>> is_out_of_memory(RuntimeError("Failed to allocate 75497568 bytes of memory"))
    True
    """
    # TensorFlow, JAX and PyTorch have classes of their own, which are not to be imported for this.
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(words in text for words in _SAID)
