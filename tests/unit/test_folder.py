"""What of a SavedModel's folder is tried, and under what it is computed what it should give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.folder import Folder, folders_of, from_json, nearest, written_under
from pytest_tfroundtrip.savedmodel.meta_graph import stamp_of
from pytest_tfroundtrip.savedmodel.origin import Traces
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import found_at, read_stamps
from tests.saved_models import DATA, written

if TYPE_CHECKING:
    from pathlib import Path


def folders(path: Path, root: Path | None = None, **more: Any) -> tuple[Folder, ...]:
    found = found_at(path)
    return folders_of(found, read_stamps(found), root=root or path, **more)


def test_each_signature_is_one_and_the_default_one_has_the_plain_name(tmp_path: Path) -> None:
    made = folders(written(tmp_path / "m", signatures=("classify", "serving_default")))
    assert [(each.signature, each.slug, each.default) for each in made] == [
        ("classify", "m.classify", False),
        ("serving_default", "m", True),
    ]


def test_a_signature_with_two_names_is_tried_once(tmp_path: Path) -> None:
    """An Estimator's default signature is one of the others by a second name."""
    made = folders(written(tmp_path / "m", signatures=("serving_default",), same=("regression",)))
    assert [each.signature for each in made] == ["serving_default"]


def test_without_a_default_signature_the_first_is_that(tmp_path: Path) -> None:
    made = folders(written(tmp_path / "m", signatures=("b", "a")))
    assert [(each.signature, each.default) for each in made] == [("a", True), ("b", False)]


def test_a_model_without_signatures_is_tried_all_the_same(tmp_path: Path) -> None:
    (made,) = folders(written(tmp_path / "m", signatures=()))
    assert made.signature is made.function is made.called is None
    assert made.default


def test_without_signatures_each_function_is_one_and_call_is_the_default() -> None:
    made = folders(DATA / "functions-2.8")
    assert [(each.signature, each.function, each.slug, each.default) for each in made] == [
        (None, "__call__", "functions-2.8", True),
        (None, "tokenize", "functions-2.8.tokenize", False),
        (None, "total", "functions-2.8.total", False),
        (None, "forget", "functions-2.8.forget", False),
    ]
    assert made[0].inputs == ("ids", "weights")
    assert [each.called for each in made] == [each.function for each in made]


def test_functions_can_be_named_where_there_is_no_signature() -> None:
    (made,) = folders(DATA / "functions-2.8", signatures=["total"])
    assert (made.function, made.default, made.inputs) == ("total", True, ("rows",))
    with pytest.raises(LookupError, match="There are: none, only functions: __call__, tokenize"):
        folders(DATA / "functions-2.8", signatures=["other"])


def test_where_there_are_signatures_functions_are_not_tried() -> None:
    """The restored __call__ of such is called beside its signature, where it takes the same."""
    assert [each.function for each in folders(DATA / "tf_module-2.15")] == [None]


def test_whether_there_are_variables_is_read_from_the_objects(tmp_path: Path) -> None:
    """TensorFlow 2 writes a folder of variables though there are none."""
    model = written(tmp_path / "m", objects=False)
    (model / "variables").mkdir(exist_ok=True)
    assert [each.variables for each in folders(model)] == [True]  # as far as a TF1 file tells
    (counted,) = folders(DATA / "tf_module-2.15")
    assert counted.variables is True
    head = message("MetaGraphDef")()
    head.object_graph_def.nodes.add().user_object.identifier = "_generic_user_object"
    assert stamp_of(head, Traces(keras_metadata=False, hub_module=False)).variables is False


def test_signatures_that_are_named_are_those_that_are_tried(tmp_path: Path) -> None:
    path = written(tmp_path / "m", signatures=("a", "b"))
    assert [each.signature for each in folders(path, signatures=["b"])] == ["b"]
    with pytest.raises(LookupError, match=r"no signature 'c'\. There are: a, b"):
        folders(path, signatures=["c"])


@pytest.mark.parametrize(
    ("tags", "chosen"),
    [
        ([("serve", "gpu"), ("serve",)], ("serve",)),
        ([("train",), ()], ()),
        ([("serve", "tpu"), ("other",)], ("other",)),
        ([("train", "serve")], ("serve", "train")),
    ],
)
def test_the_graph_that_is_served_is_tried(
    tmp_path: Path, tags: list[tuple[str, ...]], chosen: tuple[str, ...]
) -> None:
    assert folders(written(tmp_path / "m", tags=tuple(tags)))[0].tags == chosen


def test_tags_that_are_named_choose_the_graph(tmp_path: Path) -> None:
    path = written(tmp_path / "m", tags=(("serve",), ("serve", "gpu"), ()))
    assert folders(path, tags=["gpu", "serve"])[0].tags == ("gpu", "serve")
    assert folders(path, tags=[])[0].tags == ()
    with pytest.raises(LookupError, match=r"no meta graph has the tags tpu\. There are: serve; "):
        folders(path, tags=["tpu"])


def test_odd_names_stand_in_no_id_and_are_still_told_apart(tmp_path: Path) -> None:
    made = folders(written(tmp_path / "my model::1", signatures=("a b", "a:b", "serving_default")))
    assert [each.slug for each in made] == ["my_model__1.a_b", "my_model__1.a_b_2", "my_model__1"]


@pytest.mark.parametrize(
    ("tensorflow", "name", "release"),
    [
        ("2.10.1", "2.10", "2.10.1"),
        ("2.4.0-rc1", "2.4", "2.4.0"),
        ("1.12.0-dev20181012", "1.12", "1.12.0"),
        ("2.99.0", "2.99", "2.99.0"),
        ("", "unknown", "0.0.0"),
        ("my build", "unknown", "0.0.0"),
        ("7", "unknown", "0.0.0"),
    ],
)
def test_a_stamp_is_a_runtime_whether_there_is_one_or_not(
    tensorflow: str, name: str, release: str
) -> None:
    runtime = written_under(tensorflow)
    assert (runtime.name, runtime.release.tensorflow) == (name, release)


@pytest.mark.parametrize(
    ("stamp", "order"),
    [
        ("2.8.1", ["2.8", "2.8+v1", "2.15", "2.21", "1.15"]),
        ("2.10.0", ["2.15", "2.21", "2.8", "2.8+v1", "1.15"]),
        ("1.12.0", ["1.15", "2.8", "2.8+v1", "2.15", "2.21"]),
        ("2.22.0", ["2.21", "2.15", "2.8", "2.8+v1", "1.15"]),
        ("", ["2.21", "2.15", "2.8", "2.8+v1", "1.15"]),
    ],
)
def test_the_release_that_wrote_it_is_asked_first_then_newer_ones(
    stamp: str, order: list[str]
) -> None:
    among = [parse_runtime(name) for name in ("1.15", "2.8+v1", "2.15", "2.8", "2.21")]
    assert [each.name for each in nearest(written_under(stamp), among)] == order


def test_it_goes_to_another_process_and_back(tmp_path: Path) -> None:
    for each in folders(written(tmp_path / "a" / "m", signatures=("a",)), tmp_path / "a"):
        assert from_json(each.to_json()) == each
