"""Tables of what is to be seen, written by hand, and what their words mean."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LOADERS = ("tf1_load", "tf2_load", "keras_load")


@dataclass(frozen=True)
class Seen:
    """A word of the tables: a verdict, and a piece of TensorFlow's own message."""

    verdict: str
    message: str = ""
    cause: str | None = None


WORDS = {
    "same": Seen("same"),
    "absent": Seen("absent"),
    "unsaved": Seen("unsaved"),
    "debug": Seen("refused", "mentions attr 'debug_name'", "debug-name-attr"),
    "copy": Seen("refused", "DisableCopyOnRead", "disable-copy-on-read"),
    "uninit": Seen("refused", "uninitialized value", "uninitialized-ref-in-graph-mode"),
    "no_model": Seen("refused", "which is no Keras Model", "not-a-keras-model"),
    "no_layers": Seen("refused", "out of range", "no-keras-layers"),
    "keras3": Seen("refused", "Keras 3 only supports", "keras3-loads-no-savedmodel"),
    "rank_1": Seen("refused", "Could not find matching function", "keras-rank-1-input"),
    "names": Seen("drift", "'input_1'", "keras-names-lost"),
    "metadata": Seen("refused", "Expecting value: line 1 column 1", "keras-metadata-json"),
    "keras3_saves": Seen("refused", "deprecated in Keras 3", "keras3-saves-no-savedmodel"),
}


def read_table(file: Path, load_runtimes: Sequence[str]) -> dict[str, Seen]:
    """What is to be seen by the ids of loads, for each model that a table names."""
    seen: dict[str, Seen] = {}
    models: list[str] = []
    columns = list(product(load_runtimes, LOADERS))
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            models = line.strip("[]").partition(":")[0].split(", ")
        elif line:
            saved, saver, *words = line.split()
            for model in models:
                for (loaded, loader), word in zip(columns, words, strict=True):
                    key = f"{SLUGS[model]}-{saver}_{saved}-to-{loader}_{loaded}-inference"
                    assert key not in seen, f"{file.name} has {key} twice"
                    seen[key] = WORDS[word]
    return seen


SLUGS = {"AddTwo": "add_two", "Affine": "affine", "TwoByTwo": "two_by_two"}


def creations(table: Mapping[str, Seen]) -> dict[str, Seen]:
    """What is to be seen of the saves that a table's loads need."""
    of_loads = {"absent": WORDS["absent"], "unsaved": WORDS["keras3_saves"]}
    return {
        f"{key.partition('-to-')[0]}-creation": of_loads.get(seen.verdict, WORDS["same"])
        for key, seen in table.items()
    }


def contradicting(
    table: Mapping[str, Seen], cells: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Where a run's cells are not as the table says: a line for each."""
    for key in sorted(table.keys() ^ cells.keys()):
        yield f"{key} is in the {'table' if key in table else 'run'} only"
    for key in sorted(table.keys() & cells.keys()):
        seen, cell = table[key], cells[key]
        as_written = (
            cell["verdict"] == seen.verdict
            and seen.message in cell["message"]
            and (seen.cause is None or cell["cause"] == seen.cause)
        )
        if not as_written:
            yield f"{key}: {seen}, but {cell['verdict']} [{cell['cause']}] {cell['message'][:200]}"
