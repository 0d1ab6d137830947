"""Protocol buffers read field by field, without the library that wrote them.

A message is a row of fields, each a number, a kind and a value: a whole number (kind 0), eight bytes (1),
bytes of a stated length (2), or four bytes (5). See https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10


class DamagedError(ValueError):
    """The bytes are no such message."""


class Message:
    """The fields of a message, by their numbers.

    Examples
    --------
    >>> message = Message(bytes([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69]))
    >>> message.number(1), message.text(2), message.number(3)
    (150, 'hi', 0)
    """

    def __init__(self, content: bytes | memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in _fields(memoryview(content)):
            self._fields.setdefault(number, []).append(value)

    def numbers(self, field: int) -> list[int]:
        """Return whole numbers, one by one or packed, as signed 64-bit numbers."""
        found: list[int] = []
        for value in self._fields.get(field, ()):
            if isinstance(value, int):
                found.append(_signed(value))
                continue
            place = 0
            while place < len(value):
                number, place = _varint(value, place)
                found.append(_signed(number))
        return found

    def number(self, field: int) -> int:
        """Return the last of such numbers, or 0."""
        found = self.numbers(field)
        return found[-1] if found else 0

    def parts(self, field: int) -> list[memoryview]:
        """Return what has a length: texts, bytes and inner messages."""
        found = self._fields.get(field, [])
        if not all(isinstance(value, memoryview) for value in found):
            raise DamagedError(f"field {field} is a number")
        return [value for value in found if isinstance(value, memoryview)]

    def part(self, field: int) -> memoryview:
        """Return the last of these, or nothing."""
        found = self.parts(field)
        return found[-1] if found else memoryview(b"")

    def texts(self, field: int) -> list[str]:
        """Return texts."""
        try:
            return [str(value, "utf-8") for value in self.parts(field)]
        except UnicodeDecodeError as error:
            raise DamagedError(f"field {field} is no text") from error

    def text(self, field: int) -> str:
        """Return the last text, or an empty one."""
        found = self.texts(field)
        return found[-1] if found else ""

    def messages(self, field: int) -> list[Message]:
        """Return inner messages."""
        return [Message(value) for value in self.parts(field)]

    def message(self, field: int) -> Message:
        """Return the last inner message, or an empty one."""
        return Message(self.part(field))

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return field in self._fields


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise DamagedError("a field has no number")
        if kind == _VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == _BYTES:
            length, place = _varint(content, place)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise DamagedError(f"a field is of the unknown kind {kind}")
        if length > len(content) - place:
            raise DamagedError("it ends in the middle of a field")
        yield number, content[place : place + length]
        place += length


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count in range(_LONGEST_VARINT):
        if place >= len(content):
            raise DamagedError("it ends in the middle of a number")
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place
    raise DamagedError("a number has no end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
