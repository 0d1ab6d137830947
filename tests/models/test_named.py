"""Errors of engines: they name the model, and what is not the model's fault is not told as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.models.engines.named import NamedEngine, naming
from electrodej.models.memory_errors import is_out_of_memory

IMAGES = np.zeros((1, 4, 4, 1), np.float32)


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's own."""


class Failing:
    name, channels = "stand-in", 1

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, images: Any) -> Any:  # noqa: ARG002 - the form of an engine
        raise self.error


def test_too_little_memory_of_an_engine_is_left_to_who_can_take_smaller_tiles():
    engine = NamedEngine(Failing(ResourceExhaustedError("Graph execution error:\n\nOOM")), Path("my-model"))
    with pytest.raises(ResourceExhaustedError) as told:
        engine.run(IMAGES)
    assert is_out_of_memory(told.value)


def test_too_little_memory_to_load_a_model_is_no_fault_of_ours():
    with pytest.raises(InputError, match=r"not enough memory to load my-model"), naming(Path("my-model")):
        raise ResourceExhaustedError


def test_what_an_engine_fails_with_names_the_model():
    with pytest.raises(InputError, match=r"my-model cannot be run \(shapes\); export"):
        NamedEngine(Failing(ValueError("shapes\n  at 3")), Path("my-model")).run(IMAGES)
    # Part of another word is no name.
    with pytest.raises(InputError, match=r"^c: a channel is wanted"):
        NamedEngine(Failing(InputError("a channel is wanted")), Path("c")).run(IMAGES)


def test_a_library_that_cannot_be_loaded_is_not_the_models_fault():
    with pytest.raises(InputError, match=r"DLL load failed.*install it anew"), naming(Path("my-model")):
        raise ImportError("DLL load failed while importing core")
