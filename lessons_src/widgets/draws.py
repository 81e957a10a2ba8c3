"""The random numbers of the widgets, the same here and in the page (`js/random.js`, `js/gradient_experiment.js`).

So what the reader looks at can be had in Python, and the still figure shows what the live one shows.

SplitMix32: the k-th number is a hash of start + k · 0x9e3779b9. Normal numbers by Box and Muller, two from each two.
"""

import numpy as np

INPUT_SIZE = 8
RECURRENT, INPUT, DIRECTION, NOISE = range(4)  # of GradientExplorer
INPUT_VECTORS, OUTPUT_VECTORS, NEGATIVES = range(4, 7)  # of WordVectorStepper
"""Everything random has a stream of its own: a longer sequence begins like a shorter one."""


def uniforms(seed: int, stream: int, count: int) -> np.ndarray:
    """Returns `count` numbers between 0 and 1, a function of seed and stream, never 0 or 1."""
    start = _hash32((_hash32(np.array([seed + _GOLDEN])) + stream) & _ALL)
    steps = 1 + np.arange(count)
    return (_hash32((start + steps * _GOLDEN) & _ALL) + 0.5) / 2**32


def normals(seed: int, stream: int, count: int) -> np.ndarray:
    """Returns `count` numbers of N(0, 1), a function of seed and stream; a longer answer begins like a shorter one."""
    uniform = uniforms(seed, stream, count + count % 2)
    radius = np.sqrt(-2 * np.log(uniform[::2]))
    angle = 2 * np.pi * uniform[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count]


def recurrent(initialisation: str, blocks: int, hidden_size: int, seed: int) -> np.ndarray:
    """W_hh before the gain, (blocks · H, H): each gate's block by itself orthogonal, Gaussian or the identity."""
    if initialisation == "identity":
        return np.tile(np.eye(hidden_size), (blocks, 1))
    draws = normals(seed, RECURRENT, blocks * hidden_size**2).reshape(blocks, hidden_size, hidden_size)
    if initialisation == "orthogonal":
        return np.concatenate([_orthogonal(block) for block in draws])
    return draws.reshape(blocks * hidden_size, hidden_size) / np.sqrt(hidden_size)


def direction(hidden_size: int, seed: int) -> np.ndarray:
    """A random unit vector (H): the loss is the last state seen from this direction, so it is ∂L/∂h_T."""
    draws = normals(seed, DIRECTION, hidden_size)
    return draws / np.linalg.norm(draws)


def _orthogonal(draws: np.ndarray) -> np.ndarray:
    """Q of QR, with R's diagonal made positive: uniform over all orthogonal matrices."""
    q, r = np.linalg.qr(draws)
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


_ALL = 0xFFFFFFFF
_GOLDEN = 0x9E3779B9  # 2³² divided by the golden ratio


def _hash32(x: np.ndarray) -> np.ndarray:
    """The hash "lowbias32" of 32-bit numbers (Chris Wellons, public domain), as `hash32` in js/random.js."""
    y = x.astype(np.uint64) & _ALL
    y = ((y ^ (y >> np.uint64(16))) * 0x7FEB352D) & _ALL
    y = ((y ^ (y >> np.uint64(15))) * 0x846CA68B) & _ALL
    return (y ^ (y >> np.uint64(16))).astype(np.int64)
