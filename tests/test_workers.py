"""Work on threads that somebody gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from electrodej.phantom import PhantomConfig
from electrodej.phantom.generate import phantom_slabs
from electrodej.run import Run
from electrodej.score.overlap import _read_ahead
from electrodej.workers import Threads, in_order


def forbidden(*_: Any) -> None:
    raise AssertionError("a thread was waited for")


def by_threads(work: Callable[[int], int]) -> Iterator[Any]:
    return Threads(2).run(work, [(number,) for number in range(20)])


def one_by_one(work: Callable[[int], int]) -> Iterator[Any]:
    return in_order(work, range(20), jobs=2)


@pytest.mark.parametrize("start", [by_threads, one_by_one])
def test_what_is_given_up_ends_with_its_work_and_waits_for_no_thread(start, monkeypatch: pytest.MonkeyPatch):
    """The garbage collector may end it while a thread starts, when waiting for another one never ends."""
    begun: list[int] = []
    ended: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.05)
        ended.append(number)
        return number

    found = start(work)
    next(found)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "join", forbidden)
        found.close()
    assert sorted(begun) == sorted(ended)
    assert 0 < len(begun) < 20
    time.sleep(0.2)
    assert sorted(begun) == sorted(ended)


def test_a_phantom_that_is_given_up_waits_for_no_thread(monkeypatch: pytest.MonkeyPatch):
    config = PhantomConfig(shape=(32, 48, 48), spacing=(0.2,) * 3, seed=1)
    slabs: Any = phantom_slabs(config, thickness=4, run=Run(jobs=2))
    assert next(slabs).z0 == 0
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "join", forbidden)
        slabs.close()
    assert next(slabs, None) is None


def test_images_whose_comparison_is_given_up_are_read_to_the_end_of_a_box(monkeypatch: pytest.MonkeyPatch):
    reads: list[str] = []

    class Pair:
        def boxes(self, _memory: int) -> list[int]:
            return [0, 1, 2, 3]

        def read(self, box: int) -> Any:
            reads.append(f"begun {box}")
            time.sleep(0.05)
            reads.append(f"ended {box}")
            return np.zeros(1), np.zeros(1)

    boxes: Any = _read_ahead(Pair(), 1)
    next(boxes)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "join", forbidden)
        boxes.close()
    assert reads == ["begun 0", "ended 0", "begun 1", "ended 1"]
