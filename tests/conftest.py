"""Settings that all tests share."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: the tests run in parallel

from hypothesis import settings

# Cases are drawn anew from the same seed each time, so that a pass can be repeated.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
