"""Training does without torch's compiler, and who compiles gets it."""

import subprocess
import sys
from types import ModuleType

import pytest

from lessons_src import late_compiler

FRESH = """
import sys, torch
from lessons_src import training

def trained():
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    adam = torch.optim.Adam(model.parameters())
    loss = lambda model, x: model(x).square().mean()
    list(training.train(model, [torch.ones(2, 3)] * 3, loss, adam))
    return model.weight.detach()

before = trained()
assert not {"sympy", "torch._dynamo.eval_frame"} & set(sys.modules), "training loaded the compiler"

double = torch.compile(lambda x: 2 * x, backend="eager", fullgraph=True)
assert double(torch.ones(2)).tolist() == [2, 2]
import torch._dynamo.config
assert torch._dynamo.config is sys.modules["torch._dynamo.config"], "the compiler is not the real one"
assert torch.equal(trained(), before)
"""
"""For a Python of its own, as other tests may have loaded the compiler."""


def test_training_does_not_load_the_compiler_and_who_compiles_loads_it() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", FRESH], capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_a_compiler_that_was_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = ModuleType(late_compiler.NAME)
    monkeypatch.setitem(sys.modules, late_compiler.NAME, loaded)
    late_compiler.postpone()
    assert sys.modules[late_compiler.NAME] is loaded
