from __future__ import annotations

import pytest

from electrodej.phantom import Phantom, make_phantom, make_slice


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """A volume with some dozens of whole particles of every kind."""
    return make_phantom(
        (72, 120, 132),
        spacing=(0.25, 0.25, 0.25),
        seed=11,
        cored_share=0.3,
        cracked_share=0.3,
        crackled_share=0.1,
        broken_share=0.2,
    )


@pytest.fixture(scope="session")
def section() -> Phantom:
    """A slice as large as the real one, at the size its particles have there."""
    return make_slice((755, 406), spacing=(0.14, 0.14, 0.14), seed=1)


PLAIN = {
    "ellipticity": 0.0,
    "bumpiness": 0.0,
    "roughness": 0.0,
    "cored_share": 0.0,
    "cracked_share": 0.0,
    "crackled_share": 0.0,
    "broken_share": 0.0,
    "fogged_share": 0.0,
}


@pytest.fixture
def plain() -> dict[str, float]:
    """Options that leave perfect, whole balls."""
    return dict(PLAIN)
