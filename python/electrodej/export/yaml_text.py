"""YAML of plain values, always with the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def to_yaml(value: Mapping[str, Any]) -> str:
    """Return mappings, lists, texts, numbers, truth values and None as block YAML.

    >>> print(to_yaml({"name": "a: b", "sizes": [1, 2.5], "inner": {"on": True, "none": None}}), end="")
    name: "a: b"
    sizes:
      - 1
      - 2.5
    inner:
      "on": true
      none: null
    """
    return "\n".join(_mapping(value, "")) + "\n"


def _mapping(value: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key, entry in value.items():
        lines += _entry(f"{indent}{_key(key)}:", entry, indent)
    return lines


def _entry(head: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [head, *_mapping(value, indent + "  ")]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        lines = [head]
        for item in value:
            lines += _item(item, indent + "  ")
        return lines
    return [f"{head} {_scalar(value)}"]


def _item(value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        lines = _mapping(value, indent + "  ")
        return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]
    return [f"{indent}- {_scalar(value)}"]


def _scalar(value: Any) -> str:
    # What JSON writes is YAML too, but for 1e-06, which YAML 1.1 takes for a text.
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")
    return text


def _key(key: str) -> str:
    # YAML 1.1 takes these for truth values.
    return (
        json.dumps(key)
        if key.lower() in ("on", "off", "yes", "no", "y", "n", "true", "false", "null")
        else key
    )
