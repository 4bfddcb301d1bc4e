"""What a saving process recorded and what a loading process observed, read from their folders."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.errors import RoundTripError
from pytest_tfroundtrip.judge.contract import Contract
from pytest_tfroundtrip.messages import headline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA = 1
RECORD_JSON = "record.json"
RECORD_NPZ = "record.npz"
OBSERVED_NPZ = "observed.npz"

Tensors: TypeAlias = "Mapping[str, wire.Tensor]"

# What json, zipfile and numpy make of bytes that are not what they say they are. MemoryError: a
# damaged header may claim any shape; RuntimeError: a flipped bit says the file is encrypted.
_DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class ArtifactDamaged(RoundTripError):  # noqa: N818 - says what happened, as pytest's names do
    """A record or a result is missing, cut off, or not in the form this version reads."""


@dataclass(frozen=True)
class Variables:
    """Variables by name, path or position: ``key`` says which ("name", "path", "order").

    ``names`` are all there are; ``values`` may lack some that could not be read. ``references``
    are TF1's reference variables among them.
    """

    key: str
    names: tuple[str, ...]
    values: Tensors
    references: frozenset[str] = frozenset()
    renewed: frozenset[str] = frozenset()  # have another value each time the model is loaded

    @classmethod
    def parse(
        cls, raw: Mapping[str, Any] | None, values: Tensors, renewed: Iterable[str] = ()
    ) -> Variables | None:
        """The variables of their JSON form (null: not shown) and the tensors of the ``.npz``."""
        if raw is None:
            return None
        items = raw["items"]
        return cls(
            str(raw["key"]),
            tuple(str(item["name"]) for item in items),
            values,
            frozenset(str(item["name"]) for item in items if item.get("kind") == "ref"),
            frozenset(renewed),
        )


@dataclass(frozen=True)
class Example:
    """One batch: what was fed, what the saving process computed, what an oracle says of it."""

    inputs: Tensors
    outputs: Tensors
    expected: Tensors | None = None


@dataclass(frozen=True)
class Trained:
    """What one step of gradient descent on the first example did in the saving process.

    ``variables`` are the trained ones, by the names of the record's variables.
    """

    outputs: Tensors  # of that example, after the step
    variables: Tensors


@dataclass(frozen=True)
class Record:
    """An artifact's record: what every load of it is held against."""

    examples: tuple[Example, ...]
    contract: Contract | None
    signature: str | None
    variables: Variables | None
    callable: bool  # the saved object can be called when restored
    trained: Trained | None = None
    resaved: Tensors | None = None  # all that is stored of variables in what was saved again
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)  # record.json as it stands

    @property
    def unsteady(self) -> bool:
        """Whether the model gives other values each time: it is random, counts, or tells time."""
        return bool(self.raw.get("unsteady"))

    @property
    def rounding(self) -> Mapping[str, float]:
        """How far the last bit of the inputs moved each output where they were recorded."""
        return dict(self.raw.get("rounding") or {})

    @property
    def uncalled(self) -> str:
        """Why nobody knows what the model gives; empty where that is known."""
        lead, _, message = str(self.raw.get("uncalled") or "").partition("\n")
        return f"{lead} {headline(message)}".strip()

    @property
    def refused(self) -> str:
        """Whose inputs the model refused, a file's name for one; empty where it refused none."""
        return str(self.raw.get("refused") or "")

    @property
    def renamed_inputs(self) -> Mapping[str, str]:
        """The written names of the model's inputs, where the saver has names of its own."""
        return dict((self.raw.get("renamed") or {}).get("inputs", {}))

    @property
    def renamed_outputs(self) -> Mapping[str, str]:
        """The same of its outputs."""
        return dict((self.raw.get("renamed") or {}).get("outputs", {}))


@dataclass(frozen=True)
class Observed:
    """What one load gave.

    ``outputs`` has one entry per example: by the way it was called, the tensors by name.
    """

    calls: tuple[str, ...]
    outputs: tuple[Mapping[str, Tensors], ...]
    contract: Contract | None
    variables: Variables | None
    returned: str = ""  # the class of what the load API returned
    notes: tuple[str, ...] = ()


def read_record(folder: Path) -> Record:
    """Read ``record.json`` and ``record.npz`` of an artifact.

    Raises:
        ArtifactDamaged: either is missing or unreadable, or they contradict each other.
    """
    raw = _read_json(folder / RECORD_JSON)
    groups = _grouped(_read_npz(folder / RECORD_NPZ))
    try:
        if raw["schema"] != SCHEMA:
            msg = f"it is of schema {raw['schema']}, this version reads {SCHEMA}"
            raise ValueError(msg)
        examples = []
        for index in range(int(raw["examples"])):
            parts = groups.pop(f"examples/{index}", {})
            examples.append(
                Example(
                    parts.get("inputs", {}),
                    parts.get("outputs", {}),
                    parts.get("expected"),
                )
            )
        values = groups.pop("variables", {}).get("", {})
        trained = _trained(groups.pop("trained", {}).get("", {}))
        resaved = groups.pop("resaved", {}).get("", {})
        if groups:
            msg = f"{RECORD_NPZ} also holds {', '.join(sorted(groups))}"
            raise ValueError(msg)
        return Record(
            tuple(examples),
            Contract.parse(raw["contract"]),
            raw["signature"],
            Variables.parse(raw["variables"], values, raw.get("renewed") or ()),
            bool(raw["callable"]),
            trained,
            resaved if raw.get("resaved") else None,
            raw,
        )
    except _DAMAGE as error:
        raise _damaged(folder / RECORD_JSON, error) from error


def read_observed(folder: Path, payload: Mapping[str, Any]) -> Observed:
    """Read ``observed.npz`` of a load's folder; ``payload`` is what its agent answered.

    Raises:
        ArtifactDamaged: the file is missing or unreadable, or the answer is not in form.
    """
    groups = _grouped(_read_npz(folder / OBSERVED_NPZ))
    try:
        values = groups.pop("variables", {}).get("", {})
        count = 1 + max((int(key.partition("/")[2]) for key in groups), default=-1)
        return Observed(
            tuple(payload["calls"]),
            tuple(groups.get(f"examples/{index}", {}) for index in range(count)),
            Contract.parse(payload["contract"]),
            Variables.parse(payload["variables"], values),
            str(payload.get("returned") or ""),
            tuple(dict.fromkeys(str(note) for note in payload.get("notes") or ())),
        )
    except _DAMAGE as error:
        raise _damaged(folder / OBSERVED_NPZ, error) from error


def _trained(tensors: Tensors) -> Trained | None:
    parts: dict[str, dict[str, wire.Tensor]] = {"outputs": {}, "variables": {}}
    for path, tensor in tensors.items():
        part, _, name = path.partition("/")
        parts[part][name] = tensor
    return Trained(parts["outputs"], parts["variables"]) if tensors else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            msg = "it holds no JSON object"
            raise TypeError(msg)
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return raw


def _read_npz(path: Path) -> dict[str, wire.Tensor]:
    try:
        tensors: dict[str, wire.Tensor] = wire.read_tensors(str(path))
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return tensors


def _grouped(tensors: Tensors) -> dict[str, dict[str, dict[str, wire.Tensor]]]:
    """``examples/0/outputs/y`` as ``["examples/0"]["outputs"]["y"]``; a name may hold slashes."""
    groups: dict[str, dict[str, dict[str, wire.Tensor]]] = {}
    for path, tensor in tensors.items():
        kind, _, rest = path.partition("/")
        if kind == "examples":
            index, _, rest = rest.partition("/")
            part, _, name = rest.partition("/")
            groups.setdefault(f"{kind}/{index}", {}).setdefault(part, {})[name] = tensor
        else:
            groups.setdefault(kind, {}).setdefault("", {})[rest] = tensor
    return groups


def _damaged(path: Path, error: BaseException) -> ArtifactDamaged:
    if isinstance(error, FileNotFoundError):
        why = "it is not there"
    elif isinstance(error, KeyError):
        why = f"it has no {error}"
    else:
        why = str(error) or type(error).__name__
    return ArtifactDamaged(
        f"{path} cannot be read: {why}. It was cut off, changed, or written by another version of"
        f" pytest-tfroundtrip. Delete the folder {path.parent} and run again: what is in the cache"
        " is then made anew. Where the folder is checked in, restore it from there."
    )
