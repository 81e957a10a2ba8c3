"""The claims that the chapters test. A cell that tests one ends in an assertion and then calls `verdict`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from IPython.display import Markdown, display


@dataclass(frozen=True)
class Claim:
    """A sentence found in the notes that this book grew from.

    Attributes:
        wording: the claim, in our words.
        source: the letter of the note, as the page of claims lists them.
    """

    wording: str
    source: str


CLAIMS: Mapping[str, Claim] = MappingProxyType(
    {
        "one-hot-lookup": Claim("An embedding layer encodes each word one-hot and multiplies by a matrix.", "A, C"),
        "one-hot-similarity": Claim("One-hot vectors carry no similarity.", "C"),
        "queen": Claim("king − man + woman = queen.", "C"),
        "cbow-mean": Claim("CBOW divides the sum of the context vectors by 2 × window.", "C"),
        "scores-size": Claim("The vector of scores is as long as the vocabulary.", "C"),
        "window-weights": Claim(
            "A fixed window weighs the same word differently by position, and grows with the window.", "C"
        ),
        "random-h0": Claim("The first hidden state is random.", "A, B"),
        "state-holds-all": Claim("The hidden state holds everything that came before.", "B; A and D deny it"),
        "one-to-many": Claim(
            "One input and many outputs, or many inputs and one output, are shapes of their own.", "C"
        ),
        "bidirectional-shape": Claim("The states of a bidirectional layer are (2, B, H), its outputs 2H wide.", "A, E"),
        "batch-first": Claim("`batch_first` puts the batch first.", "E"),
        "markov-loss": Claim("A Markov model must throw information away.", "D"),
        "truncated-why": Claim("Truncated backpropagation exists because full backpropagation is too slow.", "B"),
        "tanh-range": Claim("tanh vanishes less than sigmoid because its range is twice as wide.", "A"),
        "tanh-saturates": Claim("tanh still saturates, so gradients still vanish.", "A, C"),
        "relu-explodes": Claim("With ReLU the hidden state explodes.", "D"),
        "clip": Claim("Clipping fixes exploding gradients.", "B"),
        "squash": Claim("Squashing by a sigmoid, step after step, loses the first state.", "D"),
        "lstm-solves": Claim("The LSTM solves vanishing and exploding gradients.", "A"),
        "cell-linear": Claim("What is in the cell passes no further nonlinearity.", "C"),
        "gates-see": Claim("Every gate sees the previous hidden state and the current input.", "A, C"),
        "architecture": Claim("Vanishing gradients are fixed by changing the architecture.", "B"),
        "gru-names": Claim(
            "The GRU's reset gate is an output gate, its update gate an input and a forget gate in one; "
            "its hidden state is the output gate.",
            "C; the last part D",
        ),
        "gru-formulas": Claim("The update gate is computed with the reset gate's weights.", "C, as printed"),
        "gru-convention": Claim("1 − z multiplies the past.", "C"),
        "gru-faster": Claim("The GRU is faster and smaller.", "C"),
        "gru-better": Claim(
            "The GRU beats the LSTM and generalises better, having fewer parameters.", "D; C sees little difference"
        ),
        "lstm-long": Claim("The LSTM suits long dependencies and much data.", "C"),
        "last-step": Claim("A bidirectional classifier may read the output at the last time step.", "A"),
        "summary-vector": Claim("The encoder's last state summarises the whole sentence.", "B"),
        "decoder-zeros": Claim("A decoder may be fed zeros.", "B"),
        "sqrt-dk": Claim("Scores are divided by √d_k, which is 8.", "D"),
        "ffn-independent": Claim(
            "In an encoder block attention mixes the positions, and the feed-forward part treats each one alone.", "D"
        ),
        "parallel": Claim("A Transformer's encoder handles n words at once, at the price of memory.", "D"),
    }
)


def verdict(claim_id: str, result: str, evidence: str) -> None:
    """Displays what came of testing a claim, and leaves it in the output's metadata for the page of all claims.

    Args:
        claim_id: a key of CLAIMS.
        result: "holds", "holds if …" or "does not hold", with a condition where one is needed.
        evidence: one sentence whose numbers come from the run.
    """
    if claim_id not in CLAIMS:
        raise ValueError(f"claim_id: expected one of {', '.join(CLAIMS)}, got {claim_id!r}")
    if not result.startswith(("holds", "does not hold")):
        raise ValueError(f"result: expected it to begin with 'holds' or 'does not hold', got {result!r}")
    claim = CLAIMS[claim_id]
    text = f"> **Claim.** {claim.wording} *(note {claim.source})*\n>\n> **Verdict: {result}.** {evidence}"
    record = {"claim": claim_id, "result": result, "evidence": evidence}
    display(Markdown(text), metadata={"unrolled": record})
