"""Which globs of a baseline a run would have matched, had there been such cells."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.covering import Covered

RUNTIMES = ("1.15", "2.0", "2.1", "2.15", "2.21", "2.21+v1")
KNOWN = {
    "saver": ("builder", "tf_module", "tf_module.concrete"),
    "loader": ("tf1_load", "tf2_load", "keras_load"),
    "operation": ("creation", "inference", "fine_tuning", "resave"),
    **dict.fromkeys(("save_runtime", "load_runtime", "resave_runtime"), RUNTIMES),
}
AFFINE = "affine-builder_2.15-to-tf1_load_1.15-inference"
RESAVED = "affine-builder_1.15-resave_2.15-to-tf1_load_2.21-inference"
FOLDER = "m/1.serve-to-tf2_load_2.15-inference"


def covered(generated: tuple[str, ...] = (), /, **chosen: str) -> Covered:
    """A run of axes that were narrowed to some names."""
    names = {axis: tuple(text.split(",")) for axis, text in chosen.items()}
    return Covered(generated, known=KNOWN, chosen=names)


def test_a_whole_run_covers_whatever_is_asked() -> None:
    assert all(covered().covers(glob) for glob in (AFFINE, FOLDER, "*", "odd"))


def test_what_was_generated_was_left_out_later() -> None:
    assert not covered((AFFINE,)).covers(AFFINE)
    assert not covered((AFFINE,)).covers("affine-*")
    assert covered((AFFINE,)).covers(FOLDER)


@pytest.mark.parametrize(
    ("glob", "chosen", "covers"),
    [
        (AFFINE, {"saver": "builder"}, True),
        (AFFINE, {"saver": "tf_module"}, False),
        (AFFINE, {"save_runtime": "1.15,2.15", "load_runtime": "1.15"}, True),
        (AFFINE, {"save_runtime": "1.15"}, False),
        (AFFINE, {"load_runtime": "2.15"}, False),
        (AFFINE, {"loader": "tf1_load"}, True),
        (AFFINE, {"loader": "tf2_load"}, False),
        (AFFINE, {"operation": "creation"}, False),
        (AFFINE, {"operation": "creation,inference"}, True),
        (AFFINE, {"resave_runtime": "2.15"}, True),
        ("affine-tf_module.concrete_2.21+v1-creation", {"saver": "tf_module"}, False),
        ("affine-tf_module_2.21+v1-creation", {"load_runtime": "1.15", "loader": "x"}, True),
        ("affine-tf_module_2.21+v1-creation", {"save_runtime": "2.21"}, False),
        (RESAVED, {"save_runtime": "1.15"}, True),
        (RESAVED, {"resave_runtime": "2.21"}, False),
        # A star may be what was not chosen.
        ("affine-*_2.15-to-tf1_load_1.15-inference", {"saver": "builder"}, False),
        ("affine-builder_2.?-to-tf1_load_1.15-inference", {"save_runtime": "2.0,2.1"}, True),
        ("affine-builder_2.*-to-tf1_load_1.15-inference", {"save_runtime": "2.0,2.1"}, False),
        ("affine-*", {"loader": "tf1_load"}, False),
        ("affine-*", {"operation": "creation,inference,fine_tuning,resave"}, True),
        ("*-to-tf1_load_1.15-*", {"loader": "tf1_load", "load_runtime": "1.15"}, True),
        ("*-to-tf1_load_1.15-*", {"operation": "inference"}, False),
        ("affine-builder_2.15-to-tf1_load_*", {"load_runtime": "1.15"}, False),
        ("affine-builder_2.15-to-tf1_load_*", {"loader": "tf1_load"}, True),
        # Of a folder nobody chooses who wrote it.
        (FOLDER, {"saver": "builder", "save_runtime": "1.15", "load_runtime": "2.15"}, True),
        (FOLDER, {"load_runtime": "1.15"}, False),
        ("my_model-to-tf2_load_2.15-inference", {"saver": "builder"}, True),
    ],
)  # fmt: skip
def test_what_was_chosen_is_covered(glob: str, chosen: dict[str, str], covers: bool) -> None:
    assert covered(**chosen).covers(glob) is covers


def test_of_named_places_only_the_models_there_are_known() -> None:
    there = ("affine-builder_2.15-to-tf1_load_2.15-inference", "affine-builder_1.15-creation")
    run = Covered(there, known=KNOWN, places=True)
    assert run.covers("affine-builder_1.15-to-tf1_load_2.15-inference")
    assert not run.covers(AFFINE)  # nothing there is loaded by 1.15: it may be elsewhere
    assert not run.covers("other-builder_1.15-to-tf1_load_2.15-inference")
    assert not run.covers("*-builder_1.15-to-tf1_load_2.15-inference")


def test_below_a_folder_there_are_all_of_its_models() -> None:
    run = Covered((), known=KNOWN, places=True, parents=True)
    assert run.covers(FOLDER)
    assert not run.covers(AFFINE)


def test_of_what_could_not_be_collected_nothing_is_known() -> None:
    assert not Covered((), known=KNOWN, uncollected=True).covers(AFFINE)
