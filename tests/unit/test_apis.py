"""Where an API is and where it is not, by its table in ``apis.json``."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime

LOADERS = ("hub_load", "hub_keras_layer", "hub_module")


def missing(api: str, runtime: str) -> str | None:
    return apis().loaders[api].missing_in(parse_runtime(runtime))


@pytest.mark.parametrize("runtime", ["1.15", "1.15+v2", "1.15+hub0.6", "2.8", "2.15+v1"])
@pytest.mark.parametrize("loader", LOADERS)
def test_hub_has_both_generations_up_to_0_15(loader: str, runtime: str) -> None:
    assert missing(loader, runtime) is None


@pytest.mark.parametrize("runtime", ["2.16", "2.21+tf_keras", "2.15+hub0.16"])
def test_hub_module_ended_with_0_15(runtime: str) -> None:
    assert "hub.Module is not in tensorflow-hub 0.16" in str(missing("hub_module", runtime))
    saver = apis().savers["hub_module.train"]
    assert "is not in tensorflow-hub 0.16" in str(saver.missing_in(parse_runtime(runtime)))
    assert missing("hub_load", runtime) is None


def test_without_a_graph_only_where_code_runs_eagerly() -> None:
    assert missing("hub_module.eager", "1.15+v2") is None
    assert missing("hub_module.eager", "2.15") is None
    assert missing("hub_module.eager", "1.15") == "hub.Module is not for behavior v1"
    assert missing("hub_module.eager", "2.15+v1") == "hub.Module is not for behavior v1"


def test_the_layers_own_keras_only_where_it_is_another() -> None:
    assert missing("hub_keras_layer.tf_keras", "2.21") is None
    assert missing("hub_keras_layer.tf_keras", "2.21+v1") is None
    assert missing("hub_keras_layer.tf_keras", "2.21+tf_keras") is not None
    assert missing("hub_keras_layer.tf_keras", "2.15") is not None


def test_estimators_ended_with_2_15() -> None:
    assert missing("hub_keras_layer.estimator", "2.15") is None
    assert missing("hub_keras_layer.estimator", "2.16") is not None
    assert {str(each) for each in apis().loaders["hub_keras_layer.estimator"].operations} == {
        "fine_tuning"
    }
