"""Bad input is refused, at once and in words: which argument, what came, what was expected."""

import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from lessons_src import (
    alignments,
    brackets,
    checks,
    claims,
    data,
    decoding,
    forcing,
    language_models,
    pairs,
    plotting,
    sampling,
    seq2seq,
    text,
    training,
    word2vec,
)
from lessons_src.cells import GRUCell, LSTMCell, RNNCell
from lessons_src.layers import GRU, LSTM, RNN, from_torch
from lessons_src.models import CharModel
from lessons_src.text import Vocabulary, common_alphabet, common_tokens, tokenize, words
from lessons_src.tracing import clamp_gate, trace

ALL: Any = (RNN, LSTM, GRU)
NAN = math.nan


pytestmark = pytest.mark.usefixtures("unchecked_shapes")


class Refusal(NamedTuple):
    """A call that must fail: with which type, and what its message must say."""

    call: Callable[[], object]
    error: type[Exception]
    argument: str
    came: str
    expected: str


def broken(layer: nn.Module, name: str = "weight_hh_l0") -> nn.Module:
    with torch.no_grad():
        layer.get_parameter(name)[0, 0] = NAN
    return layer


def run(layer: Any, x: Any = None, **arguments: Any) -> Callable[[], object]:
    """Calls a layer of input size 3 and hidden size 4 on two sequences of five steps, unless x is given."""
    return lambda: layer(3, 4)(torch.zeros(2, 5, 3) if x is None else x, **arguments)


def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.zeros(shape, dtype=dtype)


def train(**arguments: Any) -> list[training.StepRecord]:
    model = nn.Linear(1, 1)
    options: dict[str, Any] = {
        "batches": [zeros(1, 1)],
        "loss": lambda m, b: m(b).sum(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
    }
    return list(training.train(model, **(options | arguments)))


SUMS = (("1+2", "3"), ("4+4", "8"))

REFUSALS: dict[str, Refusal] = {
    "a name that is no str": Refusal(lambda: data.plain(5), TypeError, "name", "int", "a str"),  # type: ignore[arg-type]
    "one module alone": Refusal(lambda: data.highlighted_source("os"), TypeError, "modules", "'os'", "a list of names"),
    "a module that is not there": Refusal(
        lambda: data.highlighted_source(["no.such"]), ValueError, "modules", "'no.such'", "of the standard library"
    ),
    "names with a validation of its own": Refusal(
        lambda: data.names(validation=0.2),  # type: ignore[arg-type]
        TypeError,
        "validation",
        "0.2",
        "True or False",
    ),
    "a line of pairs that is a number": Refusal(
        lambda: pairs.plain_width(5),  # type: ignore[arg-type]
        TypeError,
        "text",
        "int",
        "a str",
    ),
    "brackets of negative length": Refusal(lambda: brackets.generate(0, -5), ValueError, "length", "-5", "at least 1"),
    "brackets of a seed in words": Refusal(
        lambda: brackets.generate("one", 5),  # type: ignore[arg-type]
        TypeError,
        "seed",
        "'one'",
        "a whole number",
    ),
    "brackets in bytes": Refusal(lambda: brackets.annotate(b"()"), TypeError, "text", "bytes", "a str"),  # type: ignore[arg-type]
    "classes of no text": Refusal(lambda: brackets.classify(None), TypeError, "text", "NoneType", "a str"),  # type: ignore[arg-type]
    "characters that occur zero times": Refusal(
        lambda: common_alphabet("ab", 0), ValueError, "least", "0", "at least 1"
    ),
    "an alphabet of a list": Refusal(
        lambda: common_alphabet(["ab"]),  # type: ignore[arg-type]
        TypeError,
        "text",
        "list",
        "a str",
    ),
    "ids between two tokens": Refusal(
        lambda: Vocabulary("ab·").decode(torch.tensor([0.5])), TypeError, "ids", "float32", "whole numbers"
    ),
    "a prompt that is no str": Refusal(
        lambda: sampling.sample(CharModel("ab·"), 5, 1),  # type: ignore[arg-type]
        TypeError,
        "prompt",
        "int",
        "a str",
    ),
    "no sources": Refusal(
        lambda: decoding.greedy(seq2seq.model_for(SUMS), []), ValueError, "sources", "none", "at least one text"
    ),
    "no pairs to judge": Refusal(
        lambda: decoding.exact_match(seq2seq.model_for(SUMS), []), ValueError, "pairs", "none", "at least one pair"
    ),
    "an empty source to align": Refusal(
        lambda: alignments.align(seq2seq.model_for(SUMS), ""), ValueError, "source", "empty", "at least one character"
    ),
    "pairs to learn from, none": Refusal(
        lambda: seq2seq.model_for(()), ValueError, "pairs", "none", "at least one pair"
    ),
    "pairs that are words of two letters": Refusal(
        lambda: seq2seq.model_for(["ab"]),  # type: ignore[list-item]
        TypeError,
        "pairs",
        "'ab'",
        "(source, target)",
    ),
    "a perplexity of NaN": Refusal(
        lambda: language_models.perplexity(torch.tensor([-1.0, NAN])),
        ValueError,
        "log_probabilities",
        "NaN",
        "expected numbers",
    ),
    "what was written, of another shape": Refusal(
        lambda: forcing.share_behind(zeros(2, 3).long(), zeros(2, 4).long(), 0),
        ValueError,
        "written",
        "(2, 3)",
        "(2, 4)",
    ),
    "cell given one number": Refusal(
        lambda: LSTMCell(3, 4)(torch.tensor(1.0)), ValueError, "x_t", "()", "(batch, input_size = 3)"
    ),
    "cell of another input size": Refusal(
        lambda: RNNCell(3, 4)(zeros(2, 5)), ValueError, "x_t", "(2, 5)", "(batch, input_size = 3)"
    ),
    "cell with a state of batch 1": Refusal(
        lambda: GRUCell(3, 4)(zeros(2, 3), zeros(1, 4)), ValueError, "h_prev", "(1, 4)", "(batch = 2, hidden_size = 4)"
    ),
    "cell with one state of two": Refusal(
        lambda: LSTMCell(3, 4)(zeros(2, 3), zeros(2, 4)), TypeError, "state", "Tensor", "a pair of tensors (h, c)"
    ),
    "cell with a cell state of batch 1": Refusal(
        lambda: LSTMCell(3, 4)(zeros(2, 3), (zeros(2, 4), zeros(1, 4))), ValueError, "c_prev", "(1, 4)", "batch = 2"
    ),
    "cell of size zero": Refusal(lambda: LSTMCell(0, 4), ValueError, "input_size", "0", "at least 1"),
    "cell with an unknown activation": Refusal(
        lambda: RNNCell(3, 4, nonlinearity="gelu"),
        ValueError,
        "nonlinearity",
        "'gelu'",
        "tanh, relu, sigmoid, identity",
    ),
    "unknown activation": Refusal(
        lambda: RNN(3, 4, nonlinearity="softmax"), ValueError, "nonlinearity", "'softmax'", "one of tanh, relu"
    ),
    "no activation": Refusal(
        lambda: RNN(3, 4, nonlinearity=None),  # type: ignore[arg-type]
        ValueError,
        "nonlinearity",
        "None",
        "one of tanh",
    ),
    "a pair of states for a GRU": Refusal(
        run(GRU, state=(zeros(1, 2, 4), zeros(1, 2, 4))), TypeError, "state", "tuple", "a tensor"
    ),
    "one state for an LSTM": Refusal(run(LSTM, state=zeros(1, 2, 4)), TypeError, "state", "Tensor", "(h, c)"),
    "three states for an LSTM": Refusal(run(LSTM, state=(zeros(1, 2, 4),) * 3), TypeError, "state", "tuple", "(h, c)"),
    "an LSTM's cell state of batch 1": Refusal(
        run(LSTM, state=(zeros(1, 2, 4), zeros(1, 1, 4))), ValueError, "state, c_0", "(1, 1, 4)", "batch = 2"
    ),
    "dropout where nothing lies between": Refusal(
        lambda: LSTM(3, 4, dropout=0.5), ValueError, "dropout", "0.5", "num_layers = 1 expected 0"
    ),
    "from_torch of a linear layer": Refusal(
        lambda: from_torch(nn.Linear(2, 2)),  # type: ignore[arg-type]
        TypeError,
        "layer",
        "Linear",
        "an RNN, LSTM or GRU of torch.nn",
    ),
    "from_torch of an LSTM with projections": Refusal(
        lambda: from_torch(nn.LSTM(3, 4, proj_size=2)), TypeError, "layer", "proj_size=2", "without projections"
    ),
    "clamping an unknown gate": Refusal(
        lambda: clamp_gate(LSTM(3, 4), "z", 1), ValueError, "gate", "'z'", "one of i, f, g, o"
    ),
    "clamping a gate without a name": Refusal(
        lambda: clamp_gate(GRU(3, 4), 0, 1),  # type: ignore[arg-type]
        ValueError,
        "gate",
        "0",
        "one of r, z, n",
    ),
    "clamping half open": Refusal(lambda: clamp_gate(LSTM(3, 4), "f", 0.5), ValueError, "value", "0.5", "0 or 1 for f"),
    "clamping a candidate at 0": Refusal(
        lambda: clamp_gate(GRU(3, 4), "n", 0), ValueError, "value", "0", "-1 or 1 for n"
    ),
    "clamping an RNN": Refusal(
        lambda: clamp_gate(RNN(3, 4), "f", 0),  # type: ignore[type-var]
        TypeError,
        "layer",
        "RNN",
        "an LSTM or GRU",
    ),
    "clamping without biases": Refusal(
        lambda: clamp_gate(LSTM(3, 4, bias=False), "f", 0), ValueError, "layer", "±∞", "with biases"
    ),
    "clamping a unit that does not exist": Refusal(
        lambda: clamp_gate(LSTM(3, 4), "f", 0, [1, 4]), ValueError, "units", "4", "below hidden_size = 4"
    ),
    "clamping a negative unit": Refusal(
        lambda: clamp_gate(LSTM(3, 4), "f", 0, [-1]), ValueError, "units", "-1", "at least 0"
    ),
    "clamping one unit without a list": Refusal(
        lambda: clamp_gate(LSTM(3, 4), "f", 0, 2),  # type: ignore[arg-type]
        TypeError,
        "units",
        "2",
        "the numbers of some units",
    ),
    "tracing torch's own layer": Refusal(
        lambda: trace(nn.LSTM(3, 4), zeros(2, 5, 3)),  # type: ignore[arg-type]
        TypeError,
        "layer",
        "LSTM",
        "of lessons_src.layers",
    ),
    "tracing one step": Refusal(
        lambda: trace(LSTM(3, 4), zeros(5, 3)), ValueError, "x", "(5, 3)", "(batch, time, input_size = 3)"
    ),
    "tracing a state of batch 1": Refusal(
        lambda: trace(GRU(3, 4), zeros(2, 5, 3), state=zeros(1, 1, 4)), ValueError, "state", "(1, 1, 4)", "batch = 2"
    ),
    "tracing NaN weights": Refusal(
        lambda: trace(broken(GRU(3, 4)), zeros(2, 5, 3)),  # type: ignore[arg-type]
        ValueError,
        "weight_hh_l0",
        "NaN",
        "expected numbers",
    ),
    "tracing a loss of many numbers": Refusal(
        lambda: trace(LSTM(3, 4), zeros(2, 5, 3), lambda y: y), ValueError, "loss", "(2, 5, 4)", "one number"
    ),
    "tracing a loss that is a float": Refusal(
        lambda: trace(LSTM(3, 4), zeros(2, 5, 3), lambda y: 1.0),  # type: ignore[arg-type,return-value]
        ValueError,
        "loss",
        "1.0",
        "one number",
    ),
    "words for Word2Vec that are no corpus": Refusal(
        lambda: word2vec.Word2Vec([["a", "b"]]),  # type: ignore[arg-type]
        TypeError,
        "corpus",
        "list",
        "Corpus.of",
    ),
    "negatives from words that never occur": Refusal(
        lambda: word2vec.noise_distribution(torch.zeros(3).long()), ValueError, "counts", "0", "at least one above 0"
    ),
    "tracing a loss that forgets y": Refusal(
        lambda: trace(LSTM(3, 4), zeros(2, 5, 3), lambda y: torch.tensor(1.0)),
        ValueError,
        "loss",
        "does not depend on y",
        "a function of y",
    ),
    "a vocabulary from a set": Refusal(
        lambda: Vocabulary({"a", "b"}),  # type: ignore[arg-type]
        TypeError,
        "alphabet",
        "{",
        "a str, or a list of tokens",
    ),
    "an empty token": Refusal(lambda: Vocabulary(["a", ""]), TypeError, "alphabet", "['a', '']", "not empty"),
    "an empty alphabet": Refusal(lambda: Vocabulary(""), ValueError, "alphabet", "''", "at least two"),
    "an alphabet of the unknown alone": Refusal(lambda: Vocabulary("·"), ValueError, "alphabet", "'·'", "at least two"),
    "a repeated character": Refusal(lambda: Vocabulary("aba·"), ValueError, "alphabet", "'a'", "each token once"),
    "encoding bytes": Refusal(
        lambda: Vocabulary("ab·").encode(b"ab"),  # type: ignore[arg-type]
        TypeError,
        "text",
        "bytes",
        "a str",
    ),
    "a text for a vocabulary of words": Refusal(
        lambda: Vocabulary(["the", "cat"]).encode("the cat"), TypeError, "text", "'the cat'", "a list of tokens"
    ),
    "a text with nothing in the vocabulary": Refusal(
        lambda: Vocabulary("ab·").encode("漢字", some_known=True), ValueError, "text", "'漢字'", "tokens of 'ab·'"
    ),
    "an empty text to train on": Refusal(
        lambda: Vocabulary("ab·").encode("", some_known=True), ValueError, "text", "''", "tokens of 'ab·'"
    ),
    "decoding an id beyond the alphabet": Refusal(
        lambda: Vocabulary("ab·").decode(torch.tensor([0, 3])), ValueError, "ids", "3", "from 0 to 2"
    ),
    "an alphabet of no text": Refusal(lambda: common_alphabet(""), ValueError, "text", "an empty text", "at least one"),
    "an alphabet that nothing reaches": Refusal(
        lambda: common_alphabet("abc", least=2), ValueError, "text", "no character occurs 2 times", "empty"
    ),
    "words of no text": Refusal(lambda: words(3), TypeError, "text", "int", "a str"),  # type: ignore[arg-type]
    "tokens of bytes": Refusal(lambda: tokenize(b"a"), TypeError, "text", "bytes", "a str"),  # type: ignore[arg-type]
    "an unknown unit": Refusal(lambda: tokenize("a", "syllable"), ValueError, "unit", "'syllable'", "word, character"),
    "common tokens of a str": Refusal(lambda: common_tokens("abc"), TypeError, "tokens", "'abc'", "a list of tokens"),
    "common tokens that nothing reaches": Refusal(
        lambda: common_tokens(["a"], least=2), ValueError, "tokens", "none of the 1", "empty"
    ),
    "a model with an unknown cell": Refusal(
        lambda: CharModel("ab·", cell="Transformer"), ValueError, "cell", "'Transformer'", "one of RNN, LSTM, GRU"
    ),
    "a model without classes": Refusal(
        lambda: CharModel("ab·", classes=()), ValueError, "classes", "none", "at least one label"
    ),
    "a model with a number of classes": Refusal(
        lambda: CharModel("ab·", classes=3),  # type: ignore[arg-type]
        TypeError,
        "classes",
        "3",
        "a tuple of labels",
    ),
    "a model of size zero": Refusal(
        lambda: CharModel("ab·", hidden_size=0), ValueError, "hidden_size", "0", "at least 1"
    ),
    "a model given text": Refusal(lambda: CharModel("ab·")("ab"), TypeError, "ids", "str", "a tensor"),
    "a model given one-hot vectors": Refusal(
        lambda: CharModel("ab·")(zeros(1, 2, 3)), TypeError, "ids", "torch.float32", "torch.int64"
    ),
    "a model given one sequence without a batch": Refusal(
        lambda: CharModel("ab·")(torch.tensor([0, 1])), ValueError, "ids", "(2,)", "(batch, time)"
    ),
    "a model given nothing": Refusal(
        lambda: CharModel("ab·")(zeros(1, 0, dtype=torch.int64)), ValueError, "ids", "(1, 0)", "(batch, time)"
    ),
    "a model given an id beyond its alphabet": Refusal(
        lambda: CharModel("ab·")(torch.tensor([[0, 3]])), ValueError, "ids", "3", "from 0 to 2"
    ),
    "a model given a negative id": Refusal(
        lambda: CharModel("ab·")(torch.tensor([[-1, 1]])), ValueError, "ids", "-1", "from 0 to 2"
    ),
    "clipping at 0": Refusal(lambda: train(clip_norm=0), ValueError, "clip_norm", "0", "above 0"),
    "clipping at NaN": Refusal(lambda: train(clip_norm=NAN), ValueError, "clip_norm", "nan", "a number from 0"),
    "clipping at a word": Refusal(lambda: train(clip_norm="1"), TypeError, "clip_norm", "'1'", "a number"),
    "a loss of many numbers": Refusal(
        lambda: train(loss=lambda m, b: m(zeros(2, 1))), ValueError, "loss", "(2, 1)", "one number"
    ),
    "a loss that is a float": Refusal(lambda: train(loss=lambda m, b: 0.5), ValueError, "loss", "0.5", "as a tensor"),
    "a schedule of no steps": Refusal(lambda: training.warm_cosine(0), ValueError, "steps", "0", "at least 1"),
    "a negative warm-up": Refusal(lambda: training.warm_cosine(9, -1), ValueError, "warmup", "-1", "at least 0"),
    "a floor above 1": Refusal(lambda: training.warm_cosine(9, 0, 2.0), ValueError, "floor", "2.0", "from 0 to 1"),
    "no sequences to recall": Refusal(
        lambda: data.first_symbol_recall(0, 5), ValueError, "sequences", "0", "at least 1"
    ),
    "half a step": Refusal(
        lambda: data.first_symbol_recall(3, 2.5),  # type: ignore[arg-type]
        TypeError,
        "steps",
        "2.5",
        "a whole number",
    ),
    "no distractors": Refusal(
        lambda: data.first_symbol_recall(3, 5, distractors=0), ValueError, "distractors", "0", "at least 1"
    ),
    "one step to add over": Refusal(lambda: data.adding(3, 1), ValueError, "steps", "1", "at least 2"),
    "a seed of None": Refusal(
        lambda: data.adding(3, 4, seed=None),  # type: ignore[arg-type]
        TypeError,
        "seed",
        "None",
        "a whole number",
    ),
    "reading no file": Refusal(
        lambda: data.read_text(None),  # type: ignore[arg-type]
        TypeError,
        "path",
        "NoneType",
        "a str or a Path",
    ),
    "a figure without words": Refusal(
        lambda: plotting.figure_html(plotting.subplots()[0], "  "), ValueError, "alt", "'  '", "a sentence"
    ),
    "a verdict on an unknown claim": Refusal(
        lambda: claims.verdict("nobody-said", "holds", "1 = 1"),
        ValueError,
        "claim_id",
        "'nobody-said'",
        "one of one-hot-lookup",
    ),
    "an unclear verdict": Refusal(
        lambda: claims.verdict("clip", "maybe", "1 = 1"), ValueError, "result", "'maybe'", "begin with 'holds'"
    ),
}

for layer in ALL:
    name = layer.__name__
    REFUSALS |= {
        f"{name}, {what}": Refusal(call, error, argument, came, expected)
        for what, call, error, argument, came, expected in (
            ("x without a batch", run(layer, zeros(5, 3)), ValueError, "x", "(5, 3)", "(batch, time, input_size = 3)"),
            (
                "x of rank 4",
                run(layer, zeros(1, 2, 5, 3)),
                ValueError,
                "x",
                "(1, 2, 5, 3)",
                "(batch, time, input_size = 3)",
            ),
            ("x of another feature size", run(layer, zeros(2, 5, 4)), ValueError, "x", "(2, 5, 4)", "input_size = 3"),
            ("an empty sequence", run(layer, zeros(2, 0, 3)), ValueError, "x", "(2, 0, 3)", "(batch, time,"),
            ("an empty batch", run(layer, zeros(0, 5, 3)), ValueError, "x", "(0, 5, 3)", "(batch, time,"),
            ("x a list", run(layer, [[[0.0] * 3]]), TypeError, "x", "list", "a tensor"),
            ("x a string", run(layer, "text"), TypeError, "x", "str", "a tensor"),
            ("x None", lambda layer=layer: layer(3, 4)(None), TypeError, "x", "NoneType", "a tensor"),
            ("x a generator", run(layer, iter([zeros(5, 3)])), TypeError, "x", "list_iterator", "a tensor"),
            (
                "x in float64",
                run(layer, zeros(2, 5, 3, dtype=torch.float64)),
                TypeError,
                "x",
                "float64",
                "torch.float32",
            ),
            ("x of ids", run(layer, zeros(2, 5, 3, dtype=torch.int64)), TypeError, "x", "torch.int64", "torch.float32"),
            ("x elsewhere", run(layer, torch.zeros(2, 5, 3, device="meta")), ValueError, "x", "meta", "on cpu"),
            ("a length of 0", run(layer, lengths=[5, 0]), ValueError, "lengths", "0", "from 1 to 5"),
            ("a length beyond T", run(layer, lengths=[6, 5]), ValueError, "lengths", "6", "from 1 to 5"),
            ("a negative length", run(layer, lengths=[5, -1]), ValueError, "lengths", "-1", "from 1 to 5"),
            ("one length for two", run(layer, lengths=[5]), ValueError, "lengths", "(1,)", "(2,)"),
            ("one length without a list", run(layer, lengths=5), ValueError, "lengths", "()", "(2,)"),
            ("lengths with a fraction", run(layer, lengths=[5, 2.5]), TypeError, "lengths", "float32", "whole numbers"),
            (
                "lengths that are a mask",
                run(layer, lengths=[True, False]),
                TypeError,
                "lengths",
                "bool",
                "whole numbers",
            ),
            ("lengths with None", run(layer, lengths=[5, None]), TypeError, "lengths", "[5, None]", "2 whole numbers"),
            ("lengths in words", run(layer, lengths="55"), TypeError, "lengths", "'55'", "2 whole numbers"),
            (
                "lengths from a generator",
                run(layer, lengths=(t for t in (5, 5))),
                TypeError,
                "lengths",
                "generator",
                "2 whole",
            ),
            ("a size of 0", lambda layer=layer: layer(0, 4), ValueError, "input_size", "0", "at least 1"),
            ("a negative size", lambda layer=layer: layer(3, -4), ValueError, "hidden_size", "-4", "at least 1"),
            (
                "a size with a fraction",
                lambda layer=layer: layer(3, 4.0),
                TypeError,
                "hidden_size",
                "4.0",
                "whole number",
            ),
            ("a size of True", lambda layer=layer: layer(True, 4), TypeError, "input_size", "True", "whole number"),
            ("a size in words", lambda layer=layer: layer("3", 4), TypeError, "input_size", "'3'", "whole number"),
            ("a size of None", lambda layer=layer: layer(3, None), TypeError, "hidden_size", "None", "whole number"),
            ("no layers", lambda layer=layer: layer(3, 4, 0), ValueError, "num_layers", "0", "at least 1"),
            ("bias of 1", lambda layer=layer: layer(3, 4, 1, 1), TypeError, "bias", "1", "True or False"),
            (
                "both ways in words",
                lambda layer=layer: layer(3, 4, bidirectional="yes"),
                TypeError,
                "bidirectional",
                "'yes'",
                "True",
            ),
            (
                "dropout above 1",
                lambda layer=layer: layer(3, 4, 2, dropout=1.5),
                ValueError,
                "dropout",
                "1.5",
                "from 0 to 1",
            ),
            (
                "dropout of NaN",
                lambda layer=layer: layer(3, 4, 2, dropout=NAN),
                ValueError,
                "dropout",
                "nan",
                "from 0 to 1",
            ),
            (
                "dropout of True",
                lambda layer=layer: layer(3, 4, 2, dropout=True),
                TypeError,
                "dropout",
                "True",
                "a number",
            ),
            (
                "NaN weights",
                lambda layer=layer: broken(layer(3, 4))(zeros(2, 5, 3)),
                ValueError,
                "weight_hh_l0",
                "NaN",
                "numbers",
            ),
            (
                "NaN in the second layer",
                lambda layer=layer: broken(layer(3, 4, 2), "weight_ih_l1")(zeros(2, 5, 3)),
                ValueError,
                "weight_ih_l1",
                "NaN",
                "numbers",
            ),
        )
    }
    for what, state, error, came, expected in (
        ("of batch 1", zeros(1, 1, 4), ValueError, "(1, 1, 4)", "batch = 2"),
        ("of another batch", zeros(1, 3, 4), ValueError, "(1, 3, 4)", "batch = 2"),
        ("of another size", zeros(1, 2, 5), ValueError, "(1, 2, 5)", "hidden_size = 4"),
        ("of another depth", zeros(2, 2, 4), ValueError, "(2, 2, 4)", "num_layers * num_directions = 1"),
        ("without layers", zeros(2, 4), ValueError, "(2, 4)", "num_layers * num_directions = 1"),
        ("in float64", zeros(1, 2, 4, dtype=torch.float64), TypeError, "float64", "torch.float32"),
        ("in words", "zeros", TypeError, "str", "tensor"),
    ):
        given: Any = state if layer is not LSTM or isinstance(state, str) else (state, state)
        REFUSALS[f"{name}, a state {what}"] = Refusal(run(layer, state=given), error, "state", came, expected)


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_bad_input_is_refused_by_name_with_what_came_and_what_was_expected(refusal: Refusal) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        refusal.call()
    message = str(caught.value)
    assert type(caught.value) is refusal.error
    assert re.match(rf"{refusal.argument}\b", message), message
    assert refusal.came in message
    assert refusal.expected in message


def test_a_whole_number_may_have_a_greatest_value() -> None:
    assert checks.whole_number("seed", 7, most=7) == 7
    with pytest.raises(ValueError, match="seed: expected a whole number of at most 7, got 8"):
        checks.whole_number("seed", 8, most=7)


def test_numpys_whole_numbers_are_whole_numbers() -> None:
    size = SimpleNamespace(three=torch.arange(4).numpy()[3])
    assert checks.whole_number("size", size.three) == 3
    assert type(checks.whole_number("size", size.three)) is int


def test_lengths_may_come_as_a_list_a_tuple_an_array_or_a_tensor() -> None:
    for lengths in ([2, 1], (2, 1), torch.tensor([2, 1]).numpy(), torch.tensor([2, 1], dtype=torch.int32)):
        assert checks.sequence_lengths(lengths, 2, 2).tolist() == [2, 1]


def test_infinite_biases_are_no_reason_to_refuse_since_a_clamp_is_one() -> None:
    checks.no_nan("bias_ih_l0", torch.tensor([torch.inf, -torch.inf, 1.0]))


def test_a_text_with_nothing_in_the_vocabulary_may_still_be_looked_at() -> None:
    model = CharModel("ab·")
    scores, _ = model(model.vocabulary.encode("漢字")[None])
    assert scores.isfinite().all()
    assert text.Vocabulary("ab·").decode(model.vocabulary.encode("漢字")) == "··"
