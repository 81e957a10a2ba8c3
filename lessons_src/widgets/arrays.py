"""Arrays cross between Python and the page as bytes, never as text. The other half is `js/arrays.js`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets
from torch import Tensor

DTYPES = ("<f2", "<f4", "<f8")

Packed = dict[str, Any]
"""{"dtype": one of DTYPES, "shape": list of int, "data": bytes, little-endian, row by row}."""


def pack(values: Tensor | np.ndarray) -> Packed:
    """Returns the array as bytes, in the smallest of float16, float32 and float64 that loses nothing."""
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    array = array.astype("<f8")
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes ∞, which differs, so the next type is tried
        dtype = next(d for d in DTYPES if np.array_equal(array.astype(d).astype("<f8"), array, equal_nan=True))
    return {"dtype": dtype, "shape": list(array.shape), "data": array.astype(dtype).tobytes()}


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """Returns what `pack`, or the page, has packed, as float64."""
    flat = np.frombuffer(packed["data"], dtype=packed["dtype"])
    return flat.reshape(packed["shape"]).astype(np.float64)


class PackedArray(traitlets.TraitType):
    """A trait that is a NumPy array in Python and bytes on the way to the page and back."""

    info_text = "an array of numbers"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag(sync=True, to_json=_to_json, from_json=_from_json)

    def make_dynamic_default(self) -> np.ndarray:
        """No array yet: one of no numbers."""
        return np.empty(0)

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """Anything NumPy takes as numbers."""
        try:
            return np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            self.error(obj, value)
            raise


def _to_json(value: np.ndarray, _: Any) -> Packed:
    return pack(value)


def _from_json(value: Mapping[str, Any], _: Any) -> np.ndarray:
    return unpack(value)
