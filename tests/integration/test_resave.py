"""Loaded with ``tf.saved_model.load``, saved again by that release, read by a third."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .harness import REFERENCE, run

if TYPE_CHECKING:
    from .harness import Run

#: What came of saving again, by (saver, runtime that saved again), under 1.15, 2.15 and 2.21.
RESAVED = {
    ("builder_1.15", "2.15"): "differs",  # its reference variables are not in the new file
    ("builder_1.15", "2.21+v1"): "differs",
    ("builder.resource_1.15", "2.15"): "same",
    ("builder.resource_1.15", "2.21+v1"): "same",
    ("tf_module_2.21", "2.15"): "same",
    ("tf_module_2.21", "2.21+v1"): "same",
    ("hub_module_1.15", "2.15"): "drift",  # tag serve instead of none, a predict signature
    ("hub_module_1.15", "2.21+v1"): "drift",
}


@pytest.fixture(scope="module")
def resaves(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(
        tmp_path_factory.mktemp("resaves"),
        *(*REFERENCE, "-k", "affine"),
        "--tf-savers=builder,builder.resource,tf_module,hub_module",
        "--tf-loaders=tf1_load,tf2_load,c_api",
        "--tf-save-runtimes=1.15,2.21",
        "--tf-load-runtimes=2.15,2.21",
        "--tf-resave-runtimes=2.15,2.21+v1",
        "--tf-operations=creation,resave,inference",
    )


def test_what_is_lost_on_the_way_is_seen_in_the_file(resaves: Run) -> None:
    assert resaves.status == 0, resaves.output
    for (saved, runtime), verdict in RESAVED.items():
        cell = resaves.cells[f"affine-{saved}-to-tf2_load_{runtime}-resave"]
        assert cell["verdict"] == verdict, cell
        assert cell["promise"] == "unpromised"
    lost = resaves.cells["affine-builder_1.15-to-tf2_load_2.15-resave"]
    assert lost["cause"] == "resave-loses-reference-variables"
    assert "variable 'w' is not in what was saved again" in lost["message"]


@pytest.mark.parametrize("saved", ["builder.resource_1.15", "tf_module_2.21", "hub_module_1.15"])
@pytest.mark.parametrize("again", ["2.15", "2.21+v1"])
@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load", "c_api"])
def test_a_third_computes_what_the_first_did(
    resaves: Run, saved: str, again: str, loader: str
) -> None:
    cell = resaves.cells[f"affine-{saved}-resave_{again}-to-{loader}_2.21-inference"]
    assert (cell["verdict"], cell["resave_runtime"]) == ("same", again), cell


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load", "c_api"])
def test_nobody_reads_what_has_lost_its_variables(resaves: Run, loader: str) -> None:
    cell = resaves.cells[f"affine-builder_1.15-resave_2.15-to-{loader}_2.21-inference"]
    assert cell["verdict"] == "refused"
    assert cell["cause"] == "resaved-without-reference-variables"
    assert cell["outcome"] == "xfailed"
