"""Series of numbers for chapter-sized experiments: one that was observed, and two whose rule is known."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from lessons_src import checks

FIRST_YEAR = 1700

_SUNSPOTS = """
5 11 16 23 36 58 29 20 10 8 3 0 0 2 11 27 47 63 60 39
28 26 22 11 21 40 78 122 103 73 47 35 11 5 16 34 70 81 111 101
73 40 20 16 5 11 22 40 60 80.9 83.4 47.7 47.8 30.7 12.2 9.6 10.2 32.4 47.6 54
62.9 85.9 61.2 45.1 36.4 20.9 11.4 37.8 69.8 106.1 100.8 81.6 66.5 34.8 30.6 7 19.8 92.5 154.4 125.9
84.8 68.1 38.5 22.8 10.2 24.1 82.9 132 130.9 118.1 89.9 66.6 60 46.9 41 21.3 16 6.4 4.1 6.8
14.5 34 45 43.1 47.5 42.2 28.1 10.1 8.1 2.5 0 1.4 5 12.2 13.9 35.4 45.8 41.1 30.1 23.9
15.6 6.6 4 1.8 8.5 16.6 36.3 49.6 64.2 67 70.9 47.8 27.5 8.5 13.2 56.9 121.5 138.3 103.2 85.7
64.6 36.7 24.2 10.7 15 40.1 61.5 98.5 124.7 96.3 66.6 64.5 54.1 39 20.6 6.7 4.3 22.7 54.8 93.8
95.8 77.2 59.1 44 47 30.5 16.3 7.3 37.6 74 139 111.2 101.6 66.2 44.7 17 11.3 12.4 3.4 6
32.3 54.3 59.7 63.7 63.5 52.2 25.4 13.1 6.8 6.3 7.1 35.6 73 85.1 78 64 41.8 26.2 26.7 12.1
9.5 2.7 5 24.4 42 63.5 53.8 62 48.5 43.9 18.6 5.7 3.6 1.4 9.6 47.4 57.1 103.9 80.6 63.6
37.6 26.1 14.2 5.8 16.7 44.3 63.9 69 77.8 64.9 35.7 21.2 11.1 5.7 8.7 36.1 79.7 114.4 109.6 88.8
67.8 47.5 30.6 16.3 9.6 33.2 92.6 151.6 136.3 134.7 83.9 69.4 31.5 13.9 4.4 38 141.7 190.2 184.8 159
112.3 53.9 37.6 27.9 10.2 15.1 47 93.8 105.9 105.5 104.5 66.6 68.9 38 34.5 15.5 12.6 27.5 92.5 155.4
154.6 140.4 115.9 66.6 45.9 17.9 13.4 29.4
"""


def sunspots() -> Float[Tensor, " years"]:
    """Wolf's yearly sunspot numbers from 1700 to 1987, (288,) float64: no unit, 0 for a year without spots.

    Version 1 of the series, to a tenth, as NOAA's National Geophysical Data Center published it (public domain): the
    values of the copy in statsmodels, sunspots_yearly.dat; other copies differ by 0.1 or 0.2 in 1962, 1980, 1981 and
    1987. Up to 1748, before regular observations, they are whole numbers. Yule (yule1927) introduced autoregression
    for the part from 1749 to 1924.
    """
    return torch.tensor([float(number) for number in _SUNSPOTS.split()], dtype=torch.float64)


def drifting(steps: int, *, coefficient: float = 0.9, noise: float = 1.0, seed: int = 0) -> Float[Tensor, " steps"]:
    """x_t = φ x_{t−1} + ε_t, ε_t from N(0, σ²): a series that is Markov of order 1, (steps,) float64.

    Args:
        steps: T.
        coefficient: φ, between −1 and 1, so that the series stays within bounds.
        noise: σ.
        seed: of the draws; x_1 comes from the distribution that the series keeps, N(0, σ² / (1 − φ²)).
    """
    checks.whole_number("steps", steps)
    checks.number_between("coefficient", coefficient, -0.999, 0.999)
    checks.number_between("noise", noise, 0.0, math.inf)
    generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
    draws = noise * torch.randn(steps, generator=generator, dtype=torch.float64)
    x = [float(draws[0]) / math.sqrt(1 - coefficient**2)]
    for draw in draws[1:].tolist():
        x.append(coefficient * x[-1] + draw)
    return torch.tensor(x, dtype=torch.float64)


def two_rhythms(steps: int, *, noise: float = 0.1, seed: int = 0) -> Float[Tensor, " steps"]:
    """sin(2πt / 9) + sin(2πt / 61) + noise: a fast and a slow rhythm, (steps,) float64.

    Args:
        steps: T.
        noise: the standard deviation of what is added to each value.
        seed: of the noise.
    """
    checks.whole_number("steps", steps)
    checks.number_between("noise", noise, 0.0, math.inf)
    generator = torch.Generator().manual_seed(checks.whole_number("seed", seed, least=0))
    turn = 2 * math.pi * torch.arange(steps, dtype=torch.float64)
    return (
        torch.sin(turn / 9)
        + torch.sin(turn / 61)
        + noise * torch.randn(steps, generator=generator, dtype=torch.float64)
    )
