"""Field reports that no other test reproduces: files that real readers refuse, by their messages.

``tests/unit/data/field_reports.toml`` has all of them, and says which test is whose.
"""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.savedmodel.protos import message
from tests.saved_models import copied

from .harness import Run, private_cache, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOADERS = ("tf1_load", "tf2_load", "c_api")
#: A folder: the op that is added to its graph.
OPS = {
    "forest": "SimpleMLLoadModelFromPathWithHandle",
    "addon": "TFRA>CuckooHashTableOfTensors",
    "random": "StatelessRandomGetKeyCounter",  # TensorFlow 2.5 and later have it
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reports")
    models = folder / "models"
    copied("tf_module-2.15", models / "newer")
    copied("keras-2.8", models / "older")
    copied("keras-2.8", models / "empty").joinpath("saved_model.pb").write_bytes(b"")
    for name, op in OPS.items():
        _with_op(copied("keras-2.8", models / name), op)
    for each in models.iterdir():
        shutil.rmtree(each / "assets.extra")
    chosen = (f"--tf-loaders={','.join(LOADERS)}", "--tf-runtimes=1.15,1.15+v2,2.8")
    return run(folder, *chosen, "models", cache=private_cache(folder))


def _with_op(model: Path, op: str) -> None:
    file = model / "saved_model.pb"
    # What our own types have no field for, protobuf keeps and writes again.
    whole = message("SavedModel").FromString(file.read_bytes())
    whole.meta_graphs[0].graph_def.node.add(name="added", op=op)
    file.write_bytes(whole.SerializeToString())


def cell(seen: Run, name: str, loader: str, runtime: str) -> Mapping[str, Any]:
    (found,) = (
        each
        for each in seen.cells.values()
        if (each["model"], each["load"], each["load_runtime"]) == (name, loader, runtime)
    )
    return found


@pytest.mark.parametrize(
    ("name", "cause", "runtimes"),
    [
        ("forest", "decision-forests-not-imported", ("1.15", "2.8")),
        ("addon", "custom-op-library", ("1.15", "2.8")),
        ("random", "op-not-registered", ("1.15",)),
    ],
)
def test_an_op_that_the_reader_does_not_have_is_named(
    seen: Run, name: str, cause: str, runtimes: tuple[str, ...]
) -> None:
    # tf2_load reads functions, not the graph that the op stands in.
    for loader, runtime in product(("tf1_load", "c_api"), runtimes):
        found = cell(seen, name, loader, runtime)
        assert (found["verdict"], found["cause"]) == ("refused", cause), found["message"]
        assert f"'{OPS[name]}'" in found["message"]
        assert OPS[name] in found["why"]


def test_a_reader_without_python_meets_the_same(seen: Run) -> None:
    found = cell(seen, "newer", "c_api", "2.8")
    assert (found["verdict"], found["cause"]) == ("refused", "disable-copy-on-read")
    assert "2.11 or earlier" in found["remedy"]


def test_a_broken_file_is_named_before_tensorflow_is_asked(seen: Run) -> None:
    empty = [each for each in seen.cells.values() if each["model"] == "empty"]
    assert len(empty) == len(LOADERS) * 3
    told = {(each["verdict"], each["cause"]) for each in empty}
    assert told == {("refused", "empty-file")}, [each["message"] for each in empty]
    assert all("saved_model.pb is empty" in each["why"] for each in empty)


def test_a_loader_holds_what_it_loaded(seen: Run) -> None:
    """1.15 is the release in which a signature alone does not: see loaded-object-deleted."""
    found = cell(seen, "older", "tf2_load", "1.15+v2")
    assert (found["verdict"], found["outcome"]) == ("same", "passed"), found["message"]
    assert not [each for each in found["not_compared"] if each.startswith("values")]
