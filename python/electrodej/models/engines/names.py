"""The engines by their names, and the option that chooses one, the same in every verb that runs a network."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from electrodej.options import Choice, option

EngineName: TypeAlias = Literal["auto", "openvino", "onnxruntime", "keras"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


def engine_option(**more: Any) -> Any:
    """Declare ``engine``: what computes networks."""
    return option(
        "auto",
        Choice(ENGINES),
        "what computes networks; auto: what electrodej doctor says, the lightest that can",
        **more,
    )
