"""The encoder and the decoder do what their equations say; padding has no influence; forcing is what it is called."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from lessons_src import seq2seq, training
from lessons_src.labelled import IGNORED
from lessons_src.layers import GRU
from lessons_src.pairs import copies
from lessons_src.seq2seq import END_ID, START, START_ID, Seq2Seq, target_vocabulary
from lessons_src.text import Vocabulary
from tests.strategies import close

PAIRS = (("ab", "b"), ("abcab", "bacba"), ("c", "")), (("bca", "ab"),)


def model(**options: object) -> Seq2Seq:
    torch.manual_seed(0)
    options = {"embedding_size": 4, "hidden_size": 5} | options
    return Seq2Seq(Vocabulary("abc·"), target_vocabulary(["abc"]), **options).double()  # type: ignore[arg-type]


VARIANTS = [
    {"attention": attention, "cell": cell, "bidirectional": both}
    for attention, cell, both in [
        ("none", "LSTM", True),
        ("none", "GRU", False),
        ("dot", "GRU", True),
        ("dot", "LSTM", False),
        ("additive", "RNN", True),
        ("additive", "LSTM", True),
    ]
]


@pytest.mark.parametrize("options", VARIANTS)
def test_padding_and_the_other_pairs_of_a_batch_have_no_influence(options: dict[str, object]) -> None:
    net = model(**options)
    batch = net.batch(PAIRS[0])
    tokens = torch.tensor([[START_ID, 2, 3]]).expand(3, -1)
    encoded = net.encode(batch.source, batch.lengths)
    together = net.decode(tokens, encoded.state, encoded)
    for row, (source, _) in enumerate(PAIRS[0]):
        alone = net.encode(net.source.encode(source)[None])
        single = net.decode(tokens[:1], alone.state, alone)
        close(single.scores, together.scores[row : row + 1], "scores")
        if together.weights is not None:
            assert single.weights is not None
            close(single.weights, together.weights[row : row + 1, :, : len(source)], "weights")
            assert (together.weights[row, :, len(source) :] == 0).all()


@pytest.mark.parametrize("options", VARIANTS)
def test_step_by_step_equals_all_at_once(options: dict[str, object]) -> None:
    net = model(**options)
    encoded = net.encode(torch.tensor([[0, 1, 2]]))
    tokens = torch.tensor([[START_ID, 2, 4, 3]])
    whole, state, steps = net.decode(tokens, encoded.state, encoded), encoded.state, []
    for t in range(4):
        step = net.decode(tokens[:, t : t + 1], state, encoded)
        state = step.state
        steps.append(step.scores)
    close(torch.cat(steps, 1), whole.scores)


def test_the_scores_are_the_equations_with_dot_attention() -> None:
    net = model(bidirectional=False)
    encoded = net.encode(torch.tensor([[0, 1, 2]]))
    tokens = torch.tensor([[START_ID, 2]])
    found = net.decode(tokens, encoded.state, encoded)
    assert isinstance(net.decoder, GRU)
    h = net.decoder(net.target_embedding(tokens), encoded.state)[0][0, 1]
    scores = torch.stack([h @ net.score.key.weight @ output for output in encoded.outputs[0]])
    weights = torch.softmax(scores, 0)
    context = sum(weight * output for weight, output in zip(weights, encoded.outputs[0], strict=True))
    mixed = torch.tanh(net.combine.weight @ torch.cat([context, h]) + net.combine.bias)  # type: ignore[list-item]
    close(found.scores[0, 1], net.head.weight @ mixed + net.head.bias, "scores")
    assert found.weights is not None
    close(found.weights[0, 1], weights, "weights")


def test_without_attention_the_decoder_knows_the_last_state_and_nothing_else() -> None:
    net = model(attention="none")
    encoded = net.encode(torch.tensor([[0, 1, 2]]))
    other = seq2seq.Encoded(encoded.outputs + 1.0, encoded.mask, encoded.state)
    tokens = torch.tensor([[START_ID, 2]])
    assert torch.equal(
        net.decode(tokens, encoded.state, encoded).scores, net.decode(tokens, encoded.state, other).scores
    )


@pytest.mark.parametrize("attention", ["dot", "additive"])
def test_the_weights_change_when_the_encoders_outputs_change(attention: str) -> None:
    net = model(attention=attention)
    encoded = net.encode(torch.tensor([[0, 1, 2]]))
    changed = encoded.outputs.clone()
    changed[0, 1] += 1.0
    tokens = torch.tensor([[START_ID]])
    before = net.decode(tokens, encoded.state, encoded).weights
    after = net.decode(tokens, encoded.state, seq2seq.Encoded(changed, encoded.mask, encoded.state)).weights
    assert before is not None
    assert after is not None
    assert (before - after).abs().max() > 1e-3


def test_the_bridge_brings_the_last_states_of_both_directions_to_one() -> None:
    net = model()
    source = torch.tensor([[0, 1, 2]])
    _, ends = net.encoder(net.source_embedding(source))
    assert net.bridge is not None
    close(net.encode(source).state[0, 0], torch.tanh(net.bridge(torch.cat([ends[0, 0], ends[1, 0]]))))


def test_given_weights_take_the_place_of_its_own() -> None:
    net = model()
    encoded = net.encode(torch.tensor([[0, 1, 2]]))
    tokens = torch.tensor([[START_ID]])
    own = net.decode(tokens, encoded.state, encoded)
    same = net.decode(tokens, encoded.state, encoded, own.weights)
    forced = net.decode(tokens, encoded.state, encoded, torch.tensor([[[0.0, 0.0, 1.0]]]).double())
    assert torch.equal(own.scores, same.scores)
    assert not torch.allclose(own.scores, forced.scores)


def test_a_batch_closes_and_pads_its_targets() -> None:
    batch = model().batch([("ab", "ba"), ("abc", "")])
    assert batch.source.tolist() == [[0, 1, 3], [0, 1, 2]]
    assert batch.lengths.tolist() == [2, 3]
    assert batch.target.tolist() == [[3, 2, END_ID], [END_ID, IGNORED, IGNORED]]


def test_batches_show_every_pair_before_any_comes_again() -> None:
    net = model()
    pairs = copies(10, 1, shortest=3, longest=3).train
    firsts = torch.cat([batch.source for batch in net.batches(pairs, 5, batch_size=4)])
    assert len(firsts) == 20
    first, second = (sorted(map(tuple, half.tolist())) for half in (firsts[:10], firsts[10:]))
    assert first == second


def test_batches_keep_the_whole_of_every_pair() -> None:
    net = model()
    pairs = copies(30, 1, shortest=1, longest=9).train
    for drawn in net.batches(pairs, 5, batch_size=6):
        for ids, length, target in zip(drawn.source, drawn.lengths, drawn.target, strict=True):
            assert int((target != IGNORED).sum()) == length + 1
            assert len(ids) == drawn.lengths.max() >= length
        assert (drawn.target != IGNORED).any(0).all()


def test_the_loss_with_teacher_forcing_is_the_cross_entropy_of_each_true_token() -> None:
    net = model()
    batch = net.batch(PAIRS[1])
    encoded = net.encode(batch.source, batch.lengths)
    scores = net.decode(torch.tensor([[START_ID, 2, 3]]), encoded.state, encoded).scores[0]
    close(seq2seq.loss(net, batch), cross_entropy(scores, torch.tensor([2, 3, END_ID])))


def test_padding_of_targets_does_not_count() -> None:
    net = model()
    losses = [seq2seq.loss(net, net.batch([pair])) * (len(pair[1]) + 1) for pair in PAIRS[0]]
    tokens = sum(len(target) + 1 for _, target in PAIRS[0])
    close(seq2seq.loss(net, net.batch(PAIRS[0])), sum(losses) / tokens)  # type: ignore[arg-type]


def test_free_running_reads_what_it_would_have_written() -> None:
    net = model()
    batch = net.batch(PAIRS[1])
    encoded = net.encode(batch.source, batch.lengths)
    read, state, scores = torch.tensor([[START_ID]]), encoded.state, []
    for _ in range(3):
        step = net.decode(read, state, encoded)
        state, read = step.state, step.scores.argmax(-1)
        scores.append(step.scores[0, 0])
    close(seq2seq.loss(net, batch, forcing=0.0), cross_entropy(torch.stack(scores), batch.target[0]))


def test_forcing_in_between_is_drawn_from_the_generator() -> None:
    net = model()
    batch = net.batch([*PAIRS[0], *PAIRS[1]] * 4)

    def value(seed: int, forcing: float) -> Tensor:
        return seq2seq.loss(net, batch, forcing=forcing, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(value(1, 0.5), value(1, 0.5))
    assert not torch.equal(value(1, 0.5), value(2, 0.5))
    close(value(1, 1 - 1e-12), seq2seq.loss(net, batch), "nearly always forced")


def test_a_decoder_fed_zeros_does_not_see_the_token_before() -> None:
    net = model(decoder_input="zeros")
    encoded = net.encode(torch.tensor([[0, 1]]))
    one, other = (net.decode(torch.tensor([[START_ID, k]]), encoded.state, encoded).scores for k in (2, 3))
    assert torch.equal(one, other)


@pytest.mark.parametrize("attention", seq2seq.ATTENTIONS)
def test_it_learns_to_turn_a_short_text_round(attention: str) -> None:
    torch.manual_seed(0)
    pairs = [(text, text[::-1]) for text in ("ab", "ba", "abc", "cab", "c", "acb")]
    net = Seq2Seq(Vocabulary("abc·"), target_vocabulary(["abc"]), embedding_size=8, hidden_size=16, attention=attention)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    *_, last = training.train(net, [net.batch(pairs)] * 60, seq2seq.loss, optimizer)
    assert last.loss < 0.05


@pytest.mark.usefixtures("unchecked_shapes")
def test_bad_arguments_are_refused_in_a_sentence() -> None:
    net = model()
    with pytest.raises(ValueError, match="attention: expected one of none, dot, additive, got 'luong'"):
        model(attention="luong")
    with pytest.raises(ValueError, match="target: expected a vocabulary that begins with START and END"):
        Seq2Seq(Vocabulary("abc·"), Vocabulary("abc·"))
    with pytest.raises(ValueError, match="sources of at least one character"):
        net.batch([("", "a")])
    with pytest.raises(ValueError, match="at least one pair"):
        net.batch([])
    with pytest.raises(ValueError, match=r"forcing: expected a number from 0 to 1, got 1\.5"):
        seq2seq.loss(net, net.batch(PAIRS[1]), forcing=1.5)
    with pytest.raises(ValueError, match=r"generator: expected a torch\.Generator"):
        seq2seq.loss(net, net.batch(PAIRS[1]), forcing=0.5)
    with pytest.raises(ValueError, match="source: expected values from 0 to 3, got 9"):
        net.encode(torch.tensor([[9]]))
    plain = model(attention="none")
    encoded = plain.encode(torch.tensor([[0]]))
    with pytest.raises(ValueError, match="weights: expected None for a model without attention"):
        plain.decode(torch.tensor([[START_ID]]), encoded.state, encoded, torch.ones(1, 1, 1).double())
    assert START in net.target.alphabet
