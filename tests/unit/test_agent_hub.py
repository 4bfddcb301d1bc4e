"""What ``hub.KerasLayer`` is told besides its handle, by what was saved."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.agent import hub, hub_layers
from pytest_tfroundtrip.agent.record import Artifact

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def fake_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ``hub.KerasLayer`` that is nothing but its arguments."""
    fake = SimpleNamespace(KerasLayer=lambda _handle, **arguments: arguments)
    monkeypatch.setitem(sys.modules, "tensorflow_hub", fake)


def artifact(
    folder: Path,
    *,
    inputs: tuple[str, ...] = ("x",),
    outputs: tuple[str, ...] = ("y",),
    tags: tuple[str, ...] = ("serve",),
    key: str = "serving_default",
    module: bool = False,
    **more: Any,
) -> Artifact:
    """An artifact whose payload has no more than the file that marks the TF1 Hub format."""
    if module:
        (folder / "tfhub_module.pb").touch()
    signature = {"inputs": dict.fromkeys(inputs), "outputs": dict.fromkeys(outputs)}
    contract = {"tags": list(tags), "signatures": {key: signature}}
    record = {"signature": key, "contract": contract, "callable": False, **more}
    return Artifact(str(folder), record, {})


def arguments(artifact: Artifact, variant: str | None = None) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = hub_layers.Layers(artifact, variant).all()
    return layers


def test_without_a_call_it_is_told_the_signature(tmp_path: Path) -> None:
    assert arguments(artifact(tmp_path)) == [
        {"signature": "serving_default", "signature_outputs_as_dict": True}
    ]


def test_an_object_that_can_be_called_needs_nothing(tmp_path: Path) -> None:
    assert arguments(artifact(tmp_path, callable=True)) == [{}]


def test_an_object_of_two_inputs_goes_by_its_signature_and_says_so(tmp_path: Path) -> None:
    layers = hub_layers.Layers(artifact(tmp_path, inputs=("a", "b"), callable=True), None)
    assert layers.make()["signature"] == "serving_default"
    assert "this one takes 2" in str(layers.note)


def test_a_keras_model_of_two_inputs_is_called(tmp_path: Path) -> None:
    keras = {"inputs": ["b", "a"], "outputs": ["y"]}
    saved = artifact(tmp_path, inputs=("a", "b"), callable=True, keras=keras)
    layers = hub_layers.Layers(saved, None)
    assert (layers.all(), layers.inputs, layers.note) == ([{}], ["b", "a"], None)


def test_output_key_takes_a_layer_for_each_output(tmp_path: Path) -> None:
    saved = artifact(tmp_path, outputs=("z", "y"), callable=True)
    assert arguments(saved, "output_key") == [
        {"signature": "serving_default", "output_key": "y"},
        {"signature": "serving_default", "output_key": "z"},
    ]


def test_the_default_signature_of_the_tf1_hub_format_is_left_out_once(tmp_path: Path) -> None:
    saved = artifact(tmp_path, tags=(), key="default", module=True)
    assert arguments(saved) == [{"signature": "default", "signature_outputs_as_dict": True}]
    assert arguments(saved, "output_key") == [{"output_key": "y"}]


def test_with_default_names_the_tf1_hub_format_needs_nothing(tmp_path: Path) -> None:
    names = ("default",)
    saved = artifact(tmp_path, inputs=names, outputs=names, tags=(), key="default", module=True)
    for variant in (None, "output_key", "sequential"):
        assert arguments(saved, variant) == [{}]


def test_an_output_called_default_is_nothing_special_elsewhere(tmp_path: Path) -> None:
    saved = artifact(tmp_path, outputs=("default",))
    assert arguments(saved, "output_key") == [
        {"signature": "serving_default", "output_key": "default"}
    ]


@pytest.mark.parametrize(
    ("tags", "told"), [((), None), (("serve",), None), (("bar", "foo"), {"foo", "bar"})]
)
def test_tags_are_named_where_no_reader_guesses_them(
    tmp_path: Path, tags: tuple[str, ...], told: set[str] | None
) -> None:
    saved = artifact(tmp_path, tags=tags)
    assert hub.tags_of(saved) == told
    assert arguments(saved)[0].get("tags") == told


def test_a_sequential_is_given_tensors(tmp_path: Path) -> None:
    assert arguments(artifact(tmp_path), "sequential") == [
        {"signature": "serving_default", "output_key": "y"}
    ]
    assert arguments(artifact(tmp_path, callable=True), "tf_keras") == [{"output_key": "y"}]
    keras = {"inputs": ["x"], "outputs": ["y"]}
    assert arguments(artifact(tmp_path, callable=True, keras=keras), "sequential") == [{}]


def test_one_input_is_given_by_position_and_several_by_keyword() -> None:
    def echo(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"args": args, "kwargs": kwargs}

    training = {"training": True}
    one = hub.by_position(echo, {}, training)(x=1)
    assert one == {"args": (1,), "kwargs": training}
    two = hub.by_position(echo, {}, training)(x=1, y=2)
    assert two == {"args": (), "kwargs": {"x": 1, "y": 2, "training": True}}


def test_a_keras_model_takes_and_gives_lists_in_its_own_order() -> None:
    keras = {"inputs": ["b", "a"], "outputs": ["second", "first"]}
    call = hub.by_position(lambda given: [each * 10 for each in given], {"keras": keras})
    assert call(a=1, b=2) == {"second": 20, "first": 10}
