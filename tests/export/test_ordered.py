"""Sets that keep their order."""

import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as some

from electrodej.export.ordered import OrderedSet, ordered_sets

VALUES = some.lists(some.integers(0, 9))


@given(VALUES, VALUES)
def test_it_says_what_a_built_in_set_says(first: list[int], second: list[int]) -> None:
    ours, theirs = OrderedSet(first), set(first)
    for operation in ("union", "intersection", "difference"):
        found = getattr(ours, operation)(second)
        assert sorted(found) == sorted(getattr(theirs, operation)(second))
        # In the order in which they came first.
        both = [*first, *second]
        assert list(found) == sorted(found, key=both.index)
    assert ours.issubset(second) == theirs.issubset(second)
    assert sorted(ours & OrderedSet(second)) == sorted(theirs & set(second))
    assert sorted(ours | OrderedSet(second)) == sorted(theirs | set(second))
    assert sorted(ours - OrderedSet(second)) == sorted(theirs - set(second))
    ours.update(second)
    assert list(ours) == list(dict.fromkeys([*first, *second]))


def test_a_package_has_them_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("a_package.inner")
    exec("def made(values):\n    return list(set(values))", module.__dict__)
    for name, each in (("a_package", types.ModuleType("a_package")), ("a_package.inner", module)):
        monkeypatch.setitem(sys.modules, name, each)
    with ordered_sets("a_package"):
        assert module.made("zebra") == list("zebra")
    assert not hasattr(module, "set")
    assert not hasattr(pytest, "set")
