"""What an artifact's files foretell is told with what was seen, and never in its place."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from known_cells import known_cell

from pytest_tfroundtrip.catalogue.runtime import OwnRuntime
from pytest_tfroundtrip.engine import files, predictions
from pytest_tfroundtrip.engine.artifacts import Saved
from pytest_tfroundtrip.engine.predictions import Predictions
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.observation import Observation, from_json
from pytest_tfroundtrip.savedmodel.model import Format
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.vocabulary import Foreseen, Verdict
from tests.saved_models import DATA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Artifact = Callable[..., Path]

SEEN = Observation(Verdict.SAME, seconds=1.0)
OLD = known_cell("tf_module@2.15 -> tf2_load@2.8")


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    """An artifact of the store, with one of the models that TensorFlow wrote."""

    def made(name: str, tags: list[str]) -> Path:
        folder = tmp_path / name
        shutil.copytree(DATA / name, folder / "payload")
        (folder / "record.json").write_text(json.dumps({"contract": {"tags": tags}}))
        return folder

    return made


def told(folder: Path, cell: Any = OLD, seen: Observation = SEEN) -> Observation:
    return Predictions().told(seen, cell, Saved(folder))


def test_it_is_told_beside_what_was_seen(artifact: Artifact) -> None:
    seen = told(artifact("tf_module-2.15", ["serve"]))
    assert seen.predicted is Foreseen.WILL_FAIL
    assert seen.predicted_reason == "TensorFlow 2.8 does not have the op DisableCopyOnRead."
    assert replace(seen, predicted=None, predicted_reason="") == SEEN
    assert seen.mispredicted
    assert not replace(seen, verdict=Verdict.REFUSED).mispredicted
    assert from_json(json.loads(json.dumps(seen.to_json()))) == seen


def test_nothing_is_told_of_a_load_that_nothing_speaks_against(artifact: Artifact) -> None:
    folder = artifact("tf_module-2.15", ["serve"])
    assert told(folder, known_cell("tf_module@2.15 -> tf2_load@2.15")) is SEEN
    assert from_json(json.loads(json.dumps(SEEN.to_json()))) == SEEN


@pytest.mark.parametrize("verdict", [Verdict.ABSENT, Verdict.ENV_ERROR, Verdict.UNSAVED])
def test_nothing_is_told_of_what_was_not_loaded(artifact: Artifact, verdict: Verdict) -> None:
    seen = Observation(verdict)
    assert told(artifact("tf_module-2.15", ["serve"]), seen=seen) is seen


def test_nothing_is_told_of_what_nobody_could_call(artifact: Artifact) -> None:
    """A load and a call are foretold; without the call it may well come back."""
    seen = replace(SEEN, not_compared=("values (not called: it has no signature)",))
    assert told(artifact("tf_module-2.15", ["serve"]), seen=seen) is seen


def test_it_is_of_the_meta_graph_that_is_loaded(artifact: Artifact) -> None:
    folder = artifact("hub_module-1.15", [])
    tool = known_cell("hub_module@1.15 -> saved_model_cli@2.8")
    assert told(folder, tool).predicted is Foreseen.WILL_FAIL  # which cannot ask for no tag
    (folder / "record.json").write_text(json.dumps({"contract": {"tags": ["train"]}}))
    assert told(folder, tool) is SEEN
    (folder / "record.json").write_text(json.dumps({"contract": {"tags": ["other"]}}))
    assert told(folder, tool) is SEEN


@pytest.mark.parametrize("way", ["no-record", "no-model", "damaged", "no-contract"])
def test_what_cannot_be_read_costs_no_answer(artifact: Artifact, way: str) -> None:
    folder = artifact("tf_module-2.15", ["serve"])
    if way == "no-record":
        (folder / "record.json").unlink()
    elif way == "no-model":
        (folder / "payload/saved_model.pb").unlink()
    elif way == "damaged":
        (folder / "payload/saved_model.pb").write_bytes(b"\x08\x01\x12\xff")
    else:
        (folder / "record.json").write_text("{}")
    assert told(folder) is SEEN


def test_what_is_too_large_is_not_read(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = artifact("tf_module-2.15", ["serve"])
    size = (folder / "payload/saved_model.pb").stat().st_size
    monkeypatch.setitem(predictions._MOST, Format.BINARY, size)
    assert told(folder) is not SEEN
    monkeypatch.setitem(predictions._MOST, Format.BINARY, size - 1)
    assert told(folder) is SEEN


def test_an_artifact_is_read_once(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = artifact("tf_module-2.15", ["serve"])
    kept = Predictions()
    first = kept.told(SEEN, OLD, Saved(folder))
    monkeypatch.delattr(files, "read_saved_model")
    assert kept.told(SEEN, OLD, Saved(folder)) == first


def test_what_was_read_for_its_faults_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shutil.copytree(DATA / "tf_module-2.15", tmp_path / "model")
    (tmp_path / "record.json").write_text(json.dumps({"contract": {"tags": ["serve"]}}))
    saved = Saved(tmp_path, payload=place)
    assert saved.faults == ()
    monkeypatch.delattr(files, "read_saved_model")
    assert Predictions().told(SEEN, OLD, saved).predicted is Foreseen.WILL_FAIL


def _op(graph: Any) -> None:
    graph.graph_def.node.add(name="a", op="Acme>Op")


def _type_spec(graph: Any) -> None:
    given = graph.object_graph_def.concrete_functions["f"].output_signature.type_spec_value
    given.type_spec_class = 12  # REGISTERED_TYPE_SPEC
    given.type_spec_class_name = "acme_ops.Spec"


@pytest.mark.parametrize(("add", "loader"), [(_op, "tf1_load"), (_type_spec, "tf2_load")])
def test_an_own_runtime_may_import_what_registers_an_op_or_a_type(
    artifact: Artifact, add: Callable[[Any], None], loader: str
) -> None:
    folder = artifact("tf_module-2.15", ["serve"])
    file = folder / "payload/saved_model.pb"
    saved = message("SavedModel").FromString(file.read_bytes())
    add(saved.meta_graphs[0])
    file.write_bytes(saved.SerializeToString())
    cell = known_cell(f"tf_module@2.15 -> {loader}@2.15")
    assert told(folder, cell).predicted is Foreseen.WILL_FAIL
    own = OwnRuntime("prod", "2.15.1", imports=("acme_ops",))
    assert cell.load_runtime is not None
    mine = replace(cell, load_runtime=replace(cell.load_runtime, own=own))
    assert told(folder, mine) is SEEN
    other = replace(mine, load_runtime=replace(cell.load_runtime, own=replace(own, imports=())))
    assert told(folder, other).predicted is Foreseen.WILL_FAIL


def test_a_folder_of_somebodys_is_read_where_it_is_and_by_the_tags_that_are_said(
    tmp_path: Path,
) -> None:
    place = DATA / "hub_module-1.15"  # two meta graphs
    cell = known_cell("hub_module@1.15 -> tf2_load@2.8")
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"contract": {"tags": ["train"]}}))
    ours = Predictions().told(SEEN, cell, Saved(tmp_path, payload=place))
    assert ours.predicted is Foreseen.WILL_FAIL  # tf.saved_model.load has to be told which
    folder = Folder(
        name="m",
        file=place,
        root=place,
        tags=("train",),
        signature="default",
        default=True,
        tensorflow="1.15.5",
        savers=("hub_module",),
    )
    theirs = replace(cell, save=replace(cell.save, model=folder))
    record.unlink()
    assert Predictions().told(SEEN, theirs, Saved(tmp_path, payload=place)) is SEEN
    layer = known_cell("hub_module@1.15 -> tfsm_layer@2.21")
    by_layer = replace(layer, save=replace(layer.save, model=folder))
    seen = Predictions().told(SEEN, by_layer, Saved(tmp_path, payload=place))
    assert seen.predicted is Foreseen.WILL_FAIL  # it has no argument for tags
