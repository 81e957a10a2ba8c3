"""Plain data as JSON: all that passes between the judge and the student's process. No code, no pickle.

Tensors, arrays, numbers, strings, None, True, False, and lists, tuples and dicts of them. Whatever arrives is read as
coming from a stranger: sizes, shapes and nesting are checked before anything is built.
"""

import base64
import binascii
import json
import math
import struct
from typing import Any

import numpy as np
import torch

TENSORS = {
    name: getattr(torch, name)
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
}
ARRAYS = tuple(name for name in TENSORS if name != "bfloat16")
DEPTH = 20
"""How deep lists may be nested."""
HEADER = struct.Struct(">Q")
"""Before each message: its length in bytes."""


class NotPlainData(ValueError):
    """A value, or a message, that is not plain data."""


def frame(message: object) -> bytes:
    """A message with its length before it."""
    body = json.dumps(message).encode()
    return HEADER.pack(len(body)) + body


def message(body: bytes) -> dict[str, Any]:
    """The message in `body`, which must be a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotPlainData("the answer cannot be read") from error
    if not isinstance(found, dict):
        raise NotPlainData("the answer cannot be read")
    return found


def encode(value: object, depth: int = 0) -> Any:
    """`value` in JSON's types; what holds several values becomes a dict of its kind and its content."""
    if depth > DEPTH:
        raise NotPlainData(f"lists may be nested {DEPTH} deep, and this goes deeper")
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        if value.bit_length() > 1024:
            raise NotPlainData(f"a whole number of {value.bit_length()} bits is too long")
        return int(value)
    if isinstance(value, torch.Tensor):
        return {"tensor": _tensor(value)}
    if isinstance(value, np.generic):
        return encode(value.item(), depth)
    if isinstance(value, np.ndarray):
        if value.dtype.name not in ARRAYS:
            raise NotPlainData(f"an array of {value.dtype.name} is no plain data")
        native = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
        return {"array": [value.dtype.name, list(value.shape), base64.b64encode(native.tobytes()).decode()]}
    if isinstance(value, list | tuple):
        return {"list" if isinstance(value, list) else "tuple": [encode(item, depth + 1) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]}
    raise NotPlainData(
        f"a value of type {type(value).__name__}; tensors, arrays, numbers, strings, None, True, False "
        "and lists, tuples and dicts of them can be graded"
    )


def _tensor(value: torch.Tensor) -> list[object]:
    name = str(value.dtype).removeprefix("torch.")
    if name not in TENSORS or value.layout != torch.strided or value.device.type != "cpu":
        raise NotPlainData(f"a tensor of {name}, {value.layout}, on {value.device} is no plain data")
    data = value.detach().contiguous().reshape(-1).view(torch.uint8) if value.numel() else torch.empty(0)
    return [name, list(value.shape), base64.b64encode(data.numpy().tobytes()).decode()]


def decode(value: object, depth: int = 0) -> Any:
    """The value that `encode` wrote; anything else is refused."""
    if value is None or isinstance(value, bool | str | float | int):
        return value
    if depth > DEPTH or not isinstance(value, dict) or len(value) != 1:
        raise NotPlainData("the answer cannot be read")
    ((kind, content),) = value.items()
    if not isinstance(content, list):
        raise NotPlainData("the answer cannot be read")
    if kind in ("tensor", "array"):
        return _numbers(kind, content)
    if kind in ("list", "tuple"):
        items = [decode(item, depth + 1) for item in content]
        return items if kind == "list" else tuple(items)
    if kind == "dict" and all(isinstance(pair, list) and len(pair) == 2 for pair in content):
        try:
            return {decode(key, depth + 1): decode(item, depth + 1) for key, item in content}
        except TypeError as error:  # a list as a key
            raise NotPlainData("the answer cannot be read") from error
    raise NotPlainData("the answer cannot be read")


def _numbers(kind: str, content: list[Any]) -> torch.Tensor | np.ndarray:
    """A tensor or an array, built only if name, shape and number of bytes agree."""
    if len(content) != 3 or content[0] not in (TENSORS if kind == "tensor" else ARRAYS):
        raise NotPlainData("the answer cannot be read")
    name, shape, text = content
    if not isinstance(shape, list) or not isinstance(text, str) or len(shape) > 16:
        raise NotPlainData("the answer cannot be read")
    if not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise NotPlainData("the answer cannot be read")
    try:
        data = bytearray(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise NotPlainData("the answer cannot be read") from error
    if len(data) != math.prod(shape) * TENSORS[name].itemsize:
        raise NotPlainData("the answer cannot be read")
    if kind == "array":
        return np.frombuffer(data, dtype=name).reshape(shape)
    return (
        torch.frombuffer(data, dtype=TENSORS[name]).reshape(shape) if data else torch.empty(shape, dtype=TENSORS[name])
    )
