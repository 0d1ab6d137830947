"""Whatever is given for an option is taken or refused in one line, never an internal error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from electrodej import verbs
from electrodej.verb import Verb
from electrodej.verbs import members

TYPED = (
    "", " ", "x", "x" * 100_000, "-1", "0", "1e300", "1e999", "-inf", "nan", "9" * 5000, "1,2,3",
    "1,1e300,1", ",,", "a=", "=1", "a\0b", "\ud800", "1:2", ":", "rings:", "nlm:strength=nan",
    "gaussian:sigma=1e999um", "1e30GiB", "é\n1",
)  # fmt: skip
# As run.toml, JSON and Python have them.
GIVEN = (
    *TYPED, None, True, -1, 10**400, 10**5000, 2.5, float("nan"), float("inf"), b"x", [], [[]], [None],
    [float("nan")], [10**400] * 3, (1, 2, 3), ["a", 1], {}, {"a": 1}, {1: 2}, {1e300}, object(), range(3),
)  # fmt: skip


def every_verb() -> Iterator[Verb]:
    for name in verbs.names():
        found = verbs.load(name)
        yield from (found,) if isinstance(found, Verb) else members(found).values()


@pytest.mark.parametrize("verb", list(every_verb()), ids=lambda verb: verb.name.replace(" ", "-"))
def test_no_value_of_an_option_is_an_internal_error(verb: Verb) -> None:
    for option in verb.options.options():
        for way, values in ((option.kind.read, TYPED), (option.checked, GIVEN)):
            for value in values:
                try:
                    way(value)
                except ValueError as error:
                    said = str(error)
                    assert "\n" not in said.strip(), option.name
                    assert len(said) < 1000, option.name
