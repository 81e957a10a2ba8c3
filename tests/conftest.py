"""Settings that all tests share."""

import os
import signal
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: the tests run in parallel

import jaxtyping
import pytest
from hypothesis import settings

signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background ignores Ctrl-C for all

# Cases are drawn anew from the same seed each time, so that a pass can be repeated.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """As readers run it: without the type checks of the tests, which would refuse before the package's own words."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
