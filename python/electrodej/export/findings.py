"""What a check found: fine, worth knowing, or a reason why a zip does not run in Fiji."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "problem", "not done"]
Check = Literal["structure", "operations", "running", "onnx", "context"]


@dataclass(frozen=True)
class Finding:
    """One line of a verification.

    Attributes
    ----------
    check
        "structure", "operations", "running", "onnx" or "context".
    status
        "ok"; "note": worth knowing, it runs; "problem": it does not run in Fiji, or gives wrong numbers
        there; "not done": this check could not be made here.
    text
        What was found, and what to do.
    """

    check: Check
    status: Status
    text: str


def ok(check: Check, text: str) -> Finding:
    """Return a good finding."""
    return Finding(check, "ok", text)


def note(check: Check, text: str) -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(check, "note", text)


def problem(check: Check, text: str) -> Finding:
    """Return a reason why the zip does not run in Fiji."""
    return Finding(check, "problem", text)


def not_done(check: Check, text: str) -> Finding:
    """Return the reason why a check was not made."""
    return Finding(check, "not done", text)
