"""What a test's body gets: the ``roundtrip`` fixture's object."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.folder import Folder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.vocabulary import Verdict

    Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Example:
    """One batch that was fed, and what came of it; arrays by the model's names.

    Strings are object arrays of bytes; bfloat16, which numpy does not have, comes as float32.
    ``saved`` is what the saving process computed, ``outputs`` what the loading one did,
    ``expected`` what the model's own NumPy oracle says (empty without one).
    """

    inputs: dict[str, np.ndarray[Any, Any]]
    outputs: dict[str, np.ndarray[Any, Any]]
    saved: dict[str, np.ndarray[Any, Any]]
    expected: dict[str, np.ndarray[Any, Any]]


@dataclass(repr=False)
class RoundTrip:
    """One cell and what was seen of it. It is judged before the test's body runs.

    ``inputs``, ``outputs`` and ``expected`` are those of the model's first example; ``examples``
    has all. For ``creation`` the outputs are those of the saving process.
    """

    cell: Cell
    observation: Observation

    def __repr__(self) -> str:
        return f"<RoundTrip {self.cell.id}: {self.verdict}>"

    @property
    def verdict(self) -> Verdict:
        """What was seen."""
        return self.observation.verdict

    @property
    def artifact(self) -> Path:
        """The folder of the artifact: what TensorFlow wrote is in ``payload`` below it.

        Of a SavedModel that was there already, of its record; see :attr:`saved_model`.

        Raises:
            LookupError: nothing was saved.
        """
        return _folder(self.observation.artifact, self.cell)

    @property
    def saved_model(self) -> Path:
        """What TensorFlow wrote: a SavedModel's folder, but of raw graphs.

        Raises:
            LookupError: nothing was saved.
        """
        model = self.cell.save.model
        return model.file if isinstance(model, Folder) else self.artifact / "payload"

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Every batch that was fed.

        Raises:
            LookupError: nothing was saved or loaded.
        """
        from pytest_tfroundtrip.agent.wire import read_tensors  # noqa: PLC0415  imports numpy

        record = read_tensors(self.artifact / "record.npz")
        result = self.observation.result
        observed = read_tensors(Path(result) / "observed.npz") if result else {}
        count = len({name.split("/")[1] for name in record if name.startswith("examples/")})
        own = _own_names(self.artifact)

        def part(tensors: dict[str, Any], index: int, kind: str) -> Arrays:
            start = f"examples/{index}/{kind}/"
            names = own["inputs" if kind == "inputs" else "outputs"]
            found = {
                name.removeprefix(start): tensor.value
                for name, tensor in tensors.items()
                if name.startswith(start)
            }
            return {names.get(name, name): array for name, array in found.items()}

        def outputs(index: int) -> Arrays:
            start = f"examples/{index}/"
            ways = {name.split("/")[2] for name in observed if name.startswith(start)}
            # Of several ways to call it they are the same, or the cell has failed.
            for way in sorted(ways, key=lambda way: (way != "signature", way)):
                return part(observed, index, way)
            return {} if observed else part(record, index, "outputs")

        return tuple(
            Example(
                part(record, index, "inputs"),
                outputs(index),
                part(record, index, "outputs"),
                part(record, index, "expected"),
            )
            for index in range(count)
        )

    @property
    def inputs(self) -> Arrays:
        """What was fed, by input name."""
        return self.examples[0].inputs

    @property
    def outputs(self) -> Arrays:
        """What the loaded model gave, by output name."""
        return self.examples[0].outputs

    @property
    def expected(self) -> Arrays:
        """What the model's own NumPy oracle says, by output name; empty without one."""
        return self.examples[0].expected

    @cached_property
    def variables(self) -> Arrays:
        """The restored variables by name, as far as the loader shows them."""
        from pytest_tfroundtrip.agent.wire import read_tensors  # noqa: PLC0415  imports numpy

        result = self.observation.result
        file = Path(result) / "observed.npz" if result else self.artifact / "record.npz"
        return {
            name.removeprefix("variables/"): tensor.value
            for name, tensor in read_tensors(file).items()
            if name.startswith("variables/")
        }


def _own_names(artifact: Path) -> dict[str, dict[str, str]]:
    """{"inputs", "outputs"}: the model's names by those that its saver wrote instead."""
    told = json.loads((artifact / "record.json").read_text(encoding="utf-8")).get("renamed") or {}
    return {
        part: {written: own for own, written in told.get(part, {}).items()}
        for part in ("inputs", "outputs")
    }


def _folder(path: str | None, cell: Cell) -> Path:
    if path is None:
        msg = f"{cell.id} has no artifact: nothing was saved"
        raise LookupError(msg)
    return Path(path)
