"""Noise as a function of place: hashed, so that a voxel looks the same in whatever slab it is computed.

Only +, -, *, / and integer operations, so that every machine gets the same bits.
"""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled, compiled_inline

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xC2B2AE3D27D4EB4F)
_C = np.uint64(0x165667B19E3779F9)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S16 = np.uint64(16)
_S32 = np.uint64(32)
_S48 = np.uint64(48)
_LOW16 = np.uint64(0xFFFF)
_LOW21 = np.uint64(0x1FFFFF)
_S21 = np.uint64(21)
_S42 = np.uint64(42)
# Unsigned, so that no index is checked for counting from the end.
_U1, _U2, _U3, _U4, _U5, _U6, _U7, _U8, _U9, _U10, _U11 = (np.uint64(n) for n in range(1, 12))

# A lattice of uniform numbers in -1..1, interpolated with smoothstep weights, has this standard deviation:
# sqrt((26 / 35)^3 / 3).
VALUE_NOISE_STD = 0.369656


@compiled_inline
def hash3(seed: int, i: int, j: int, k: int) -> np.uint64:
    """64 well-mixed bits for a lattice point (SplitMix64's finisher)."""
    h = np.uint64(seed) + np.uint64(i) * _A + np.uint64(j) * _B + np.uint64(k) * _C
    h = (h ^ (h >> _S30)) * _M1
    h = (h ^ (h >> _S27)) * _M2
    return h ^ (h >> _S31)


@compiled_inline
def uniform3(seed: int, i: int, j: int, k: int) -> float:
    """A number in 0..1 for a lattice point."""
    return float(hash3(seed, i, j, k) >> _S32) * (1.0 / 4294967296.0)


# A channel's memory: cell (i, j, k) and seed, then the numbers at the cell's eight corners.
_SLOTS = 12


@compiled
def noise_memory(channels: int) -> np.ndarray:
    """What `value_noise` met last in each channel: a cell and the numbers at its corners.

    Neighbouring voxels mostly share a cell, and hashing its corners is most of the work. The memory
    changes nothing in the result; each thread has its own. One flat array, because every call passes it on.
    """
    return np.full(channels * _SLOTS, np.inf)


@compiled
def _fill(memory: np.ndarray, slot: int, seed: int, i: int, j: int, k: int) -> None:
    memory[slot] = i
    memory[slot + 1] = j
    memory[slot + 2] = k
    memory[slot + 3] = seed
    for corner in range(8):
        h = hash3(seed, i + (corner >> 2), j + ((corner >> 1) & 1), k + (corner & 1))
        memory[slot + 4 + corner] = float(h >> _S32) * (2.0 / 4294967296.0) - 1.0


@compiled_inline
def value_noise(memory: np.ndarray, channel: int, seed: int, z: float, y: float, x: float) -> float:
    """Smooth noise in -1..1 that changes over a distance of about 1; ``seed`` below 2^53."""
    fz = math.floor(z)
    fy = math.floor(y)
    fx = math.floor(x)
    m = np.uint64(channel * _SLOTS)
    if memory[m] != fz or memory[m + _U1] != fy or memory[m + _U2] != fx or memory[m + _U3] != seed:
        _fill(memory, channel * _SLOTS, seed, int(fz), int(fy), int(fx))
    tz, ty, tx = z - fz, y - fy, x - fx
    tz = tz * tz * (3.0 - 2.0 * tz)
    ty = ty * ty * (3.0 - 2.0 * ty)
    tx = tx * tx * (3.0 - 2.0 * tx)
    front = memory[m + _U4] + tx * (memory[m + _U5] - memory[m + _U4])
    far = memory[m + _U6] + tx * (memory[m + _U7] - memory[m + _U6])
    front += ty * (far - front)
    back = memory[m + _U8] + tx * (memory[m + _U9] - memory[m + _U8])
    far = memory[m + _U10] + tx * (memory[m + _U11] - memory[m + _U10])
    back += ty * (far - back)
    value: float = front + tz * (back - front)
    return value


@compiled_inline
def turned_noise(memory: np.ndarray, channel: int, seed: int, z: float, y: float, x: float) -> float:
    """`value_noise` on a lattice that stands askew, so that its axes do not show."""
    return value_noise(
        memory,
        channel,
        seed,
        0.7071 * z + 0.5 * y - 0.5 * x,
        -0.7071 * z + 0.5 * y - 0.5 * x,
        0.7071 * y + 0.7071 * x,
    )


@compiled
def layered_noise(
    memory: np.ndarray,
    channel: int,
    seed: int,
    z: float,
    y: float,
    x: float,
    octaves: int,
    gain: float,
) -> float:
    """Octaves of noise, each of half the size and ``gain`` the height; standard deviation 1.

    Uses as many channels of the memory as there are octaves, from ``channel`` on.
    """
    total = 0.0
    power = 0.0
    height = 1.0
    for octave in range(octaves):
        total += height * turned_noise(memory, channel + octave, seed + octave * 7919, z, y, x)
        power += height * height
        height *= gain
        z, y, x = 2.03 * z + 11.7, 2.03 * y + 5.3, 2.03 * x + 8.9
    return total / (VALUE_NOISE_STD * math.sqrt(power))


@compiled
def wall_distance(seed: int, z: float, y: float, x: float) -> tuple[float, np.uint64]:
    """Distance to the wall between the two nearest of scattered points' cells, and a hash of that wall."""
    i, j, k = math.floor(z), math.floor(y), math.floor(x)
    first = 1e30
    second = 1e30
    first_id = np.uint64(0)
    second_id = np.uint64(0)
    for di in range(-1, 2):
        for dj in range(-1, 2):
            for dk in range(-1, 2):
                h = hash3(seed, i + di, j + dj, k + dk)
                pz = i + di + float(h & _LOW21) / 2097152.0 - z
                py = j + dj + float((h >> _S21) & _LOW21) / 2097152.0 - y
                px = k + dk + float((h >> _S42) & _LOW21) / 2097152.0 - x
                square = pz * pz + py * py + px * px
                if square < first:
                    second, second_id = first, first_id
                    first, first_id = square, h
                elif square < second:
                    second, second_id = square, h
    return 0.5 * (math.sqrt(second) - math.sqrt(first)), first_id ^ second_id


@compiled
def white_noise(seed: int, z0: int, y0: int, x0: int, out: np.ndarray) -> None:
    """Fill ``out`` with independent, nearly normal numbers of deviation 1: sums of four uniform ones."""
    scale = math.sqrt(3.0) / 65536.0
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                h = hash3(seed, z0 + z, y0 + y, x0 + x)
                total = (h & _LOW16) + ((h >> _S16) & _LOW16) + ((h >> _S32) & _LOW16) + (h >> _S48)
                out[z, y, x] = (float(total) - 131070.0) * scale
