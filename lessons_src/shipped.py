"""Small trained models that come with the package: float16 weights, and one text that says what they are."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

WEIGHTS = Path(__file__).parent / "weights"


def write(path: Path, form: str, about: Mapping[str, Any], model: nn.Module) -> None:
    """Stores the model's weights, rounded to float16, under their names, beside `about`.

    Args:
        path: of the file, ending in .npz.
        form: names the kind of model and the version of its layout.
        about: all that is needed to build the model before its weights are put in; JSON must be able to hold it.
        model: the trained model.
    """
    arrays = {name: weight.half().numpy() for name, weight in model.state_dict().items()}
    np.savez_compressed(path, about=np.array(json.dumps({"format": form, **about})), **arrays)


def read(path: Path, form: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `write` stored: about, and the weights in float32. Use it inside `expecting`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError, KeyError, and others that `expecting` turns into a sentence: it is damaged, or is something else.
    """
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    about = json.loads(str(arrays.pop("about")))
    if about["format"] != form:
        raise ValueError(f"made for another format ({about['format']!r})")
    if not all(array.dtype == np.float16 and np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("expected finite float16 weights")
    return about, {name: torch.from_numpy(array).float() for name, array in arrays.items()}


@contextmanager
def expecting(path: Path, what: str) -> Iterator[None]:
    """Turns whatever a damaged file breaks into one sentence: "PATH: expected WHAT; …".

    Args:
        path: of the file.
        what: the kind of model and the command that writes it.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: expected {what}; {error}") from error
