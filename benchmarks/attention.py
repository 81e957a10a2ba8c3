"""Our attention against torch's: one thread, float32.

Ours gives the weights beside the context, because the chapters look at them. torch's scaled_dot_product_attention
never holds the weights of all pairs at once, and gives none; its "math" form does hold them.
"""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from benchmarks import timing
from benchmarks.layers import Pass, both_ways
from benchmarks.styles import HeadLoop
from benchmarks.timing import Effort
from lessons_src import attention

SIZES = ((32, 4, 32, 16), (8, 8, 128, 64), (1, 8, 1024, 64))
"""(B, heads, T, d): a model of chapter 16, a small Transformer, and one long text."""
MASKS = ("none", "causal", "padding")
MARK = 1.0
"""What our MultiHeadAttention may cost, as a multiple of the heads one after another."""

Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


def mask_of(name: str, batch: int, steps: int) -> Tensor | None:
    """True where a step may look: broadcasts to (B, heads, T, T). Sequences that are padded lose up to half."""
    if name == "none":
        return None
    if name == "causal":
        return attention.causal_mask(steps)
    lengths = torch.linspace(steps / 2, steps, batch).long()
    return attention.padding_mask(lengths, steps)[:, None, None]


def mixes(mask: Tensor | None) -> dict[str, Mix]:
    """Context from query, key and value: torch's fast form, torch's plain form, and ours."""

    def fast(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return scaled_dot_product_attention(query, key, value, mask)

    def plain(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):
            return scaled_dot_product_attention(query, key, value, mask)

    def ours(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return attention.scaled_dot_product(query, key, value, mask).context

    return {"torch": fast, "math": plain, "ours": ours}


def passes(mix: Mix, size: tuple[int, int, int, int]) -> dict[str, Pass]:
    """`mix` forward alone, without gradients, and forward and backward."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(*size, generator=generator) for _ in range(3)]
    leaves = [given.clone().requires_grad_() for given in inputs]
    direction = torch.randn(*size, generator=generator)

    def forward() -> None:
        with torch.no_grad():
            mix(inputs[0], inputs[1], inputs[2])

    def both() -> None:
        for leaf in leaves:
            leaf.grad = None
        mix(leaves[0], leaves[1], leaves[2]).backward(direction)

    return {"forward": forward, "both": both}


class Weighing(nn.Module):
    """torch.nn.MultiheadAttention on one sequence, with or without the weights of each head."""

    def __init__(self, layer: nn.MultiheadAttention, need_weights: bool) -> None:
        super().__init__()
        self.layer, self.need_weights = layer, need_weights

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, E) → (B, T, E)."""
        mixed, _ = self.layer(x, x, x, need_weights=self.need_weights, average_attn_weights=False)
        return mixed


class Ours(nn.Module):
    """Our MultiHeadAttention on one sequence."""

    def __init__(self, layer: nn.MultiheadAttention) -> None:
        super().__init__()
        self.layer = attention.MultiHeadAttention(layer.embed_dim, layer.num_heads)
        self.layer.load_state_dict(layer.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, E) → (B, T, E)."""
        mixed, _ = self.layer(x, x, x)
        return mixed


def heads(size: tuple[int, int, int, int]) -> dict[str, nn.Module]:
    """Multi-head self-attention: torch's with and without weights, ours, and the heads one after another."""
    _, count, _, width = size
    layer = nn.MultiheadAttention(count * width, count, batch_first=True)
    return {
        "torch": Weighing(layer, False),
        "weights": Weighing(layer, True),
        "ours": Ours(layer),
        "head loop": HeadLoop(layer),
    }


def main(effort: Effort) -> None:
    """Prints both tables."""
    print("Attention: float32; CPU time, medians [quartiles] of ratios within interleaved rounds")
    print("sdpa: scaled_dot_product_attention, which gives no weights; math: the same, told to hold all weights\n")
    print(
        f"{'B, heads, T, d':>16}{'mask':>9}{'':10}{'sdpa':>11}{'ours / sdpa':>22}{'math / sdpa':>22}{'ours / math':>22}"
    )
    for size in effort.some(SIZES):
        for mask in effort.some(MASKS):
            time_mixes(effort, size, mask)
    print("\nMulti-head self-attention, forward + backward; weights: nn.MultiheadAttention with need_weights=True;")
    print("head loop: three nn.Linear for each head, one head after another\n")
    print(f"{'B, heads, T, d':>16}{'nn':>11}{'ours / nn':>22}{'ours / weights':>22}{'ours / head loop':>22}{'mark':>6}")
    for size in effort.some(SIZES):
        time_heads(effort, size)


def time_mixes(effort: Effort, size: tuple[int, int, int, int], mask: str) -> None:
    """Prints two rows of the first table: forward, and both ways."""
    contestants = {name: passes(mix, size) for name, mix in mixes(mask_of(mask, size[0], size[2])).items()}
    for way in ("forward", "both"):
        found = effort.rounds({name: ways[way] for name, ways in contestants.items()})
        pairs = (("ours", "torch"), ("math", "torch"), ("ours", "math"))
        shown = "".join(f"{timing.shown(found, *pair):>22}" for pair in pairs)
        print(f"{', '.join(map(str, size)):>16}{mask:>9}{way:>10}{_milliseconds(found)}{shown}", flush=True)
    if effort.profile:
        for name in ("torch", "ours"):
            print(f"      {name}, both: {timing.where(contestants[name]['both'])}")


def time_heads(effort: Effort, size: tuple[int, int, int, int]) -> None:
    """Prints a row of the second table."""
    batch, count, steps, width = size
    x, direction = torch.randn(2, batch, steps, count * width, generator=torch.Generator().manual_seed(0))
    found = effort.rounds({name: both_ways(model, x, direction) for name, model in heads(size).items()})
    within = "within" if timing.ratios(found, "ours", "head loop")[1] <= MARK else "ABOVE"
    shown = "".join(f"{timing.shown(found, 'ours', name):>22}" for name in ("torch", "weights", "head loop"))
    print(f"{', '.join(map(str, size)):>16}{_milliseconds(found)}{shown}{MARK:6.1f}  {within}", flush=True)


def _milliseconds(found: timing.Seconds) -> str:
    return f"{1000 * statistics.median(found['torch']):8.2f} ms"
