"""What ``shell`` takes for a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.commands.shell import _parsed
from tests.saved_models import written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tf2_load_2.21-inference", (None, "tf2_load", "2.21")),
        ("serve-tf1_load_1.15-inference", ("serve", "tf1_load", "1.15")),
        ("a-b-hub_keras_layer.sequential_2.21+tf_keras-fine_tuning",
         ("a-b", "hub_keras_layer.sequential", "2.21+tf_keras")),
        ("saved_model_cli_2.15+v1-inference", (None, "saved_model_cli", "2.15+v1")),
        ("hub_load_my_own-inference", (None, "hub_load", "my_own")),
        ("nothing", None),
        ("tf9_load_2.21-inference", None),
    ],
)  # fmt: skip
def test_an_items_name_says_signature_loader_and_runtime(
    name: str, parts: tuple[str | None, str, str] | None
) -> None:
    assert _parsed(name) == parts


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("models/m", "is no cell of a folder"),
        ("models/m::odd", "is no cell of a folder"),
        ("models/m::tf2_load_2.99-inference", "unknown runtime '2.99'"),
        ("models/nope::tf2_load_2.21-inference", "no SavedModel 'models/nope'"),
        ("models/m::odd-tf2_load_2.21-inference", "no signature 'odd'"),
        ("models/m::wrap_function_2.21-inference", "wrap_function does not load SavedModels"),
        ("models/m::hub_module_2.21-inference", "hub.Module is not in tensorflow-hub 0.16.1"),
    ],
)
def test_what_cannot_be_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    said: str,
) -> None:
    written(tmp_path / "models" / "m")
    monkeypatch.chdir(tmp_path)
    assert main(["shell", cell]) == 2
    assert said in capsys.readouterr().err
