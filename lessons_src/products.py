"""The two matrix products over all steps of a sequence at once: most of a layer's arithmetic, none of its ideas.

In 32-bit numbers on a CPU they are written as a convolution with a 1×1 kernel, which is the same sum: torch gives
convolutions to oneDNN but matrix products to MKL, which was half as fast where we measured (benchmarks/README.md).
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d, linear
from torch.nn.grad import conv2d_weight

WORTH_IT = 4_000_000
"""Multiplications from which on the shorter product outweighs the longer call."""


def over_steps(
    x: Float[Tensor, "time batch features"], weight: Float[Tensor, "gates features"], bias: Float[Tensor, " gates"]
) -> Float[Tensor, "time batch gates"]:
    """W x_t + b for every step t."""
    if not _as_convolution(x, len(weight)):
        return linear(x, weight, bias)
    return conv2d(_image(x), weight[:, :, None, None], bias).permute(0, 2, 3, 1).squeeze(2)


def sum_over_steps(
    d_a: Float[Tensor, "time batch gates"], x: Float[Tensor, "time batch features"]
) -> Float[Tensor, "gates features"]:
    """Σ_t ∂L/∂a_t x_tᵀ, over steps and sequences: the gradient of a weight that is used at every step."""
    if not _as_convolution(x, d_a.shape[2]):
        return d_a.flatten(0, 1).T @ x.flatten(0, 1)
    return conv2d_weight(_image(x), (d_a.shape[2], x.shape[2], 1, 1), _image(d_a))[:, :, 0, 0]


def _as_convolution(x: Tensor, gates: int) -> bool:
    small = x.numel() * gates < WORTH_IT
    return not small and x.dtype == torch.float32 and x.device.type == "cpu" and torch.backends.mkldnn.is_available()


def _image(sequence: Tensor) -> Tensor:
    """The steps as a batch of images one pixel wide and B high; the channels are the features and lie side by side."""
    return sequence.contiguous()[:, :, None].permute(0, 3, 1, 2)
