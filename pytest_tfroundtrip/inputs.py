"""Inputs that somebody gave for a SavedModel: a file of examples, or its own warm-up requests.

Without any an agent makes some up, see ``agent/inputs.py``.
"""

from __future__ import annotations

import base64
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.savedmodel.folders import WARMUP
from pytest_tfroundtrip.savedmodel.pieces import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_tfroundtrip.folder import Folder

#: TensorFlow Serving sends no more than this many, and takes no larger file of them seriously.
REQUESTS_MOST = 1000
_WARMUP_MOST = 1 << 28
DEFAULT = "serving_default"
_DT_STRING = 7
_NAMED = 8  # signatures in a message
_METHOD_INPUT = "inputs"  # of classify and regress, whatever the graph calls it
_KINDS = "biufcSU"  # of numpy's dtypes, that a tensor can be of
#: What json, zipfile and numpy make of a file that is not what it says it is.
_DAMAGE = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, EOFError, MemoryError),
    *(OverflowError, RuntimeError, SyntaxError, struct.error, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class Given:
    """Inputs for a signature.

    ``examples`` has a dict of input name to :data:`~pytest_tfroundtrip.agent.wire.Tensor` for each
    batch; where ``serialized``, each is a string with TensorFlow's own message ``TensorProto``.
    """

    examples: tuple[Mapping[str, wire.Tensor], ...]
    source: str  # for people: where they come from
    serialized: bool = False
    file: Path | None = None  # that they were read from, where it is none of the SavedModel's

    def write(self, file: Path) -> None:
        """As an agent reads it: a tensor by the number of its example and its input's name."""
        tensors = {
            f"{number}/{name}": tensor
            for number, example in enumerate(self.examples)
            for name, tensor in example.items()
        }
        wire.write_tensors(file, tensors)


def given_for(folder: Folder, inputs: Sequence[str], examples: Path | None) -> Given | None:
    """The inputs that somebody gave for a signature, None where nobody did.

    Those of ``examples`` come first, where they are for inputs of these names; then the warm-up
    requests in the folder.

    Args:
        folder: the SavedModel and which of its signatures.
        inputs: the names of that signature's inputs.
        examples: a file of examples.

    Raises:
        UsageProblem: the file of examples cannot be read.
    """
    if examples is not None:
        read = [each for each in read_examples(examples) if set(each) == set(inputs)]
        if read:
            return Given(tuple(read), examples.name, file=examples)
    if folder.signature is None:
        return None
    warmup = folder.file.joinpath(*WARMUP)
    if not warmup.is_file():
        return None
    found = [
        request
        for key, request in requests(warmup)
        if key == folder.signature and set(request) == set(inputs)
    ]
    return Given(tuple(found), "its warm-up requests", serialized=True) if found else None


def suits(folder: Folder) -> bool:
    """Whether the file of examples that was given for a signature has inputs of its names."""
    if folder.examples is None:
        return False
    return any(set(each) == set(folder.inputs) for each in read_examples(folder.examples))


def unmatched(folders: Sequence[Folder]) -> str:
    """What is wrong where a file of examples suits none of the signatures; empty where it does."""
    given = [folder for folder in folders if folder.examples is not None]
    if not given or any(map(suits, given)):
        return ""
    file = given[0].examples
    assert file is not None  # noqa: S101  for the type checker
    named = sorted({", ".join(sorted(each)) for each in read_examples(file)})
    taken = [
        f"{folder.name}{f' ({folder.signature})' if folder.signature else ''}:"
        f" {', '.join(sorted(folder.inputs)) or 'nothing'}"
        for folder in given[:_NAMED]
    ]
    more = f", and {len(given) - _NAMED} more" if len(given) > _NAMED else ""
    return (
        f"the examples in {file} are named {'; '.join(named)}, and no signature takes these."
        f" There are: {'; '.join(taken)}{more}"
    )


@cache
def read_examples(file: Path) -> tuple[Mapping[str, wire.Tensor], ...]:
    """The examples in a file.

    ``.npz``: an array for each input; several examples by names such as ``0/x`` and ``1/x``.
    ``.json``: an object of input names to values, or a list of such objects; ``{"b64": ...}`` is a
    string of bytes, as in TensorFlow Serving's REST API.

    Raises:
        UsageProblem: it cannot be read.
    """
    try:
        return tuple(_of_npz(file) if file.suffix == ".npz" else _of_json(file))
    except _DAMAGE as error:
        msg = (
            f"the examples in {file} cannot be read: {error}. An .npz has an array for each input"
            ' (several examples: "0/x", "1/x"), a .json an object of input names to values, or a'
            " list of them"
        )
        raise UsageProblem(msg) from error


def _of_npz(file: Path) -> Iterator[Mapping[str, wire.Tensor]]:
    import numpy as np  # noqa: PLC0415  only where there are examples

    # Opened here: numpy leaves a file that is no zip open.
    with file.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
        content = {name: arrays[name] for name in arrays.files}
    if not content:
        msg = "there is no array in it"
        raise ValueError(msg)
    for name, array in content.items():
        if array.dtype.kind not in _KINDS:
            msg = f"{name!r} has the dtype {array.dtype}, which no tensor has"
            raise ValueError(msg)
    named = {name: wire.tensor(array) for name, array in content.items()}
    found: dict[int, dict[str, wire.Tensor]] = {}
    for name, tensor in named.items():
        number, slash, rest = name.partition("/")
        if not (slash and number.isdecimal()):
            yield named
            return
        found.setdefault(int(number), {})[rest] = tensor
    for index in sorted(found):
        yield found[index]


def _of_json(file: Path) -> list[Mapping[str, wire.Tensor]]:
    import numpy as np  # noqa: PLC0415  only where there are examples

    content = json.loads(file.read_text(encoding="utf-8"))
    several = content if isinstance(content, list) else [content]
    if not several or not all(isinstance(each, dict) and each for each in several):
        msg = "it holds no object of input names to values"
        raise ValueError(msg)

    def tensor(name: str, value: Any) -> wire.Tensor:
        kinds = {_kind(leaf) for leaf in _leaves(value)}
        if len(kinds) > 1 or None in kinds:
            shown = "a null" if None in kinds else " and ".join(sorted(map(str, kinds)))
            msg = f"{name!r} holds {shown}"
            raise ValueError(msg)
        # Strings as objects: numpy's bytes type drops trailing zero bytes.
        array = np.array(value, dtype=object if "strings" in kinds else None)
        fit = "O" if "strings" in kinds else "biuf"
        if any(isinstance(each, list) for each in array.flat) or array.dtype.kind not in fit:
            msg = f"the rows of {name!r} have several lengths, or its numbers are too large"
            raise ValueError(msg)
        return wire.tensor(array)

    return [
        {name: tensor(name, _decoded(value)) for name, value in each.items()} for each in several
    ]


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) != {"b64"}:
            msg = f'an object in place of a value has the key "b64" alone, not {sorted(value)}'
            raise ValueError(msg)
        return base64.b64decode(value["b64"], validate=True)
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _kind(leaf: Any) -> str | None:
    if isinstance(leaf, (str, bytes)):
        return "strings"
    if isinstance(leaf, bool):
        return "booleans"
    return None if leaf is None else "numbers"


@cache
def requests(file: Path) -> tuple[tuple[str, Mapping[str, wire.Tensor]], ...]:
    """The warm-up requests of TensorFlow Serving: for which signature, and its inputs serialized.

    Those of a kind that no signature takes (sessions, several models) are left out, so is what
    comes after something that is not in form.
    """
    return tuple(_requests(file))


def _requests(file: Path) -> Iterator[tuple[str, Mapping[str, wire.Tensor]]]:
    import numpy as np  # noqa: PLC0415  only where there are requests

    from pytest_tfroundtrip.savedmodel.file import parsed  # noqa: PLC0415  brings protobuf

    def string(content: bytes) -> wire.Tensor:
        array = np.empty((), dtype=object)
        array[()] = content
        return wire.Tensor("string", array)

    for record in _records(file):
        try:
            log = parsed("PredictionLog", record)
        except Damaged:
            return
        if log.HasField("predict_log"):
            request = log.predict_log.request
            inputs = {name: string(request.inputs[name]) for name in request.inputs}
        elif log.HasField("classify_log") or log.HasField("regress_log"):
            kind = "classify_log" if log.HasField("classify_log") else "regress_log"
            request = getattr(log, kind).request
            inputs = {_METHOD_INPUT: string(_strings(_examples_of(request.input)))}
        else:
            continue
        yield request.model_spec.signature_name or DEFAULT, inputs


def _examples_of(given: Any) -> list[bytes]:
    """Serialized Examples; a message with another one after it is the two merged.

    The context comes first, so that an Example's own features hold: as TensorFlow Serving has it
    (``InputToSerializedExampleTensor`` in its ``servables/tensorflow/util.cc``).
    """
    if given.HasField("example_list_with_context"):
        both = given.example_list_with_context
        return [both.context + each for each in both.examples]
    return list(given.example_list.examples)


def _strings(strings: Sequence[bytes]) -> bytes:
    """A serialized TensorProto: a vector of strings."""
    from pytest_tfroundtrip.savedmodel.protos import message  # noqa: PLC0415  brings protobuf

    made = message("StringTensor")(dtype=_DT_STRING, string_val=strings)
    made.tensor_shape.dim.add(size=len(strings))
    return bytes(made.SerializeToString())


def _records(file: Path) -> Iterator[bytes]:
    """The records of a TFRecord file: length, checksum, content, checksum."""
    try:
        if file.stat().st_size > _WARMUP_MOST:
            return
        content = file.read_bytes()
    except OSError:
        return
    position = 0
    for _ in range(REQUESTS_MOST):
        if position + 12 > len(content):
            return
        (length,) = struct.unpack_from("<Q", content, position)
        start = position + 12
        if start + length + 4 > len(content):
            return
        yield content[start : start + length]
        position = start + length + 4
