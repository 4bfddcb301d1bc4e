"""MetaGraphDefs and GraphDefs: written, then run in sessions and eagerly, by a hand's table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip import reference

from .harness import HERE, MODELS, run_keeping
from .tables import Seen, contradicting

if TYPE_CHECKING:
    from .harness import Kept

TEST = """
import pytest

MARK = pytest.mark.tf_roundtrip
LOADERS = ["import_meta_graph", "wrap_function", "wrap_function.own_saver", "import_graph_def"]
OF_WORDS = ["meta_graph.text", "meta_graph.ref", "meta_graph.resource", "graph_def"]


@MARK("words.py:Words", savers=OF_WORDS, loaders=LOADERS, variables=True)
def test_words(roundtrip):
    if roundtrip.cell.operation.value == "inference":
        assert roundtrip.outputs["ids"].tolist() == [3, 4, -1]
        assert roundtrip.outputs["y"].tolist() == [9.0, 11.0]


@MARK(
    "models.py:AddTwo",
    savers=["meta_graph", "meta_graph.allow_empty"],
    loaders=LOADERS,
    operations=["creation", "inference"],
    variables=False,
)
def test_add_two(roundtrip):
    assert roundtrip.outputs["output"] == roundtrip.inputs["input"] + 2


@MARK(
    "models.py:Affine",
    savers=["graph_def.text"],
    loaders=LOADERS,
    operations=["creation", "inference"],
    variables=True,
)
def test_affine(roundtrip):
    assert roundtrip.outputs["y"].shape == (2, 1)
"""

SAVED_UNDER = ("1.15", "2.21")
LOADED_UNDER = ("1.15", "2.21", "2.21+v1")
VALUES = {"values.ckpt.index", "values.ckpt.data-00000-of-00001"}

WORDS = {
    "same": Seen("same"),
    "unsaved": Seen("unsaved", "No variables to save"),
    # Written for resource variables by 2.15 and later.
    "debug": Seen("refused", "mentions attr 'debug_name'"),
    # A MetaGraphDef lists its ops, by which an importer drops default attributes that it does not
    # know. A GraphDef has no such list.
    "grad": Seen("refused", "mentions attr 'grad_"),
    # What the guide restores is `wrapped.variables`: 1.15 has no such attribute, reference
    # variables are not among them, and in graph mode `sess=None` is no session.
    "no_attr": Seen("refused", "'WrappedFunction' object has no attribute 'variables'"),
    "no_vars": Seen("refused", "No variables to save"),
    "no_sess": Seen("refused", "'NoneType' object has no attribute 'run'"),
    "inside": Seen(
        "refused", "The file holds reference variables: scale, offset (dtype with _ref)"
    ),
    "frozen": Seen("absent", "graph_def makes constants of variables"),
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("raw_graphs")
    shutil.copy(MODELS / "words.py", folder)
    shutil.copy(Path(reference.__path__[0]) / "models.py", folder)
    (folder / "test_raw.py").write_text(TEST, encoding="utf-8")
    runtimes = [
        f"--tf-save-runtimes={','.join(SAVED_UNDER)}",
        f"--tf-load-runtimes={','.join(LOADED_UNDER)}",
    ]
    return run_keeping(folder, *runtimes, "--tf-operations=all")


def read_table(file: Path) -> dict[str, Seen]:
    """What the table has, by the ids of the cells."""
    table: dict[str, Seen] = {}
    for raw_line in file.read_text(encoding="utf-8").splitlines():
        line = raw_line.partition("#")[0].strip()
        if line.startswith("["):
            operation, _, loaders = line.strip("[]").partition(": ")
            columns = [(each, under) for each in loaders.split(", ") for under in LOADED_UNDER]
        elif line:
            model, saver, saved, *words = line.split()
            for (loader, loaded), word in zip(columns, words, strict=True):
                key = f"{model}-{saver}_{saved}-to-{loader}_{loaded}-{operation}"
                assert key not in table, f"{key} is there twice"
                table[key] = WORDS[word]
    return table


def test_every_verdict_is_as_the_table_says(raw: Kept) -> None:
    table = read_table(HERE / "data" / "raw_graphs.txt")
    assert len(table) == 9 * 10 + 6 * 4 + 9 * 6 + 3 * 2
    for key in list(table):
        creation = f"{key.partition('-to-')[0]}-creation"
        failed = table[key].verdict == "unsaved"
        table[creation] = Seen("refused", "No variables to save") if failed else Seen("same")
    assert not list(contradicting(table, raw.seen.cells))


def test_what_is_same_passes_and_gives_the_models_numbers(raw: Kept) -> None:
    """The bodies of the tests look at the numbers of what was loaded."""
    outcomes = raw.seen.outcomes()
    same = [key for key, verdict in raw.seen.verdicts().items() if verdict == "same"]
    assert {outcomes[key] for key in same} == {"passed"}
    assert not [key for key in same if raw.seen.cells[key]["max_abs_error"] is None]


@pytest.mark.parametrize("version", ["1.15.5", "2.21.0"])
def test_a_meta_graph_is_a_graph_and_a_checkpoint_beside_it(raw: Kept, version: str) -> None:
    """Nothing of a SavedModel, no path of this machine, and no record among TensorFlow's files."""
    payload = raw.artifacts["Words", "meta_graph.text", version] / "payload"
    assert {file.name for file in payload.iterdir()} == {"graph.pbtxt", *VALUES}
    assert (payload / "graph.pbtxt").read_text(encoding="utf-8").startswith("meta_info_def {")
    binary = raw.artifacts["Words", "meta_graph.resource", version] / "payload"
    assert {file.name for file in binary.iterdir()} == {"graph.pb", *VALUES}
    empty = raw.artifacts["AddTwo", "meta_graph.allow_empty", version] / "payload"
    assert {file.name for file in empty.iterdir()} == {"graph.pb"}


@pytest.mark.parametrize("version", ["1.15.5", "2.21.0"])
def test_a_graph_def_has_constants_where_variables_were(raw: Kept, version: str) -> None:
    artifact = raw.artifacts["Words", "graph_def", version]
    graph = (artifact / "payload" / "graph.pb").read_bytes()
    assert b"scale" in graph
    assert b"VarHandleOp" not in graph
    assert b"VariableV2" not in graph
    record = json.loads((artifact / "record.json").read_text(encoding="utf-8"))
    assert record["variables"] == {"key": "name", "items": []}
    assert record["untrained"] == (
        "a GraphDef holds no variables: frozen into constants were scale, offset"
    )
    assert record["tensors"]["inputs"]["unused"] == "unused:0"
