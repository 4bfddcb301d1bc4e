"""Where Keras' ways to and from a SavedModel exist, and what they are held to."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime


def exists(name: str, runtime: str) -> bool:
    catalogue = apis()
    api = {**catalogue.savers, **catalogue.loaders}[name]
    return api.missing_in(parse_runtime(runtime, {})) is None


@pytest.mark.parametrize(
    ("name", "there", "missing"),
    [
        ("keras_export", ["2.12", "2.15+v1", "2.21", "2.21+tf_keras"], ["1.15", "2.11"]),
        ("keras_saved_model", ["1.15", "1.15+v2", "2.8", "2.21+v1"], []),
        ("keras.save_model", ["1.15", "2.21"], []),
        # Keras 2 as a package of its own has no such layer.
        ("tfsm_layer", ["2.16", "2.21", "2.21+v1"], ["1.15", "2.15", "2.21+tf_keras"]),
        ("tfsm_layer.signature", ["2.21"], ["2.15", "2.21+tf_keras"]),
    ],
)
def test_an_api_exists_from_the_release_and_in_the_keras_that_brought_it(
    name: str, there: list[str], missing: list[str]
) -> None:
    assert [runtime for runtime in there if not exists(name, runtime)] == []
    assert [runtime for runtime in missing if exists(name, runtime)] == []


@pytest.mark.parametrize("saver", ["keras", "keras_export", "keras_saved_model"])
def test_a_saver_of_keras_models_needs_the_models_keras_model(saver: str) -> None:
    assert apis().savers[saver].keras_model


def test_a_variant_calls_the_function_beside_the_method() -> None:
    savers = apis().savers
    assert savers["keras.save_model"].calls == "tf.keras.models.save_model"
    assert savers["keras.save_model"].keras_model
    assert not savers["keras.save_model"].default


def test_none_of_them_is_tried_unless_it_is_asked_for() -> None:
    catalogue = apis()
    names = ("keras_export", "keras_saved_model", "tfsm_layer", "tfsm_layer.signature")
    every = {**catalogue.savers, **catalogue.loaders}
    assert not [name for name in names if every[name].default]
