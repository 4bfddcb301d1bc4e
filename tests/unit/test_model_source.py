from __future__ import annotations

from pathlib import Path

import pytest

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.model_source import find_model, holds_model, named_files

SOURCE = """
import tensorflow as tf
class Base(tf.Module):
    inputs = {}
class Affine(Base):
    def keras_model(self): ...
class Plain(Base):
    pass
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    named_files.cache_clear()
    (tmp_path / "tests").mkdir()
    (tmp_path / "affine.py").write_text(SOURCE)
    return tmp_path.resolve()


def find(reference: object, root: Path) -> object:
    return find_model(reference, beside=root / "tests", root=root, variables=None)


def test_a_model_is_found_beside_its_test_then_below_the_rootdir(root: Path) -> None:
    found = find_model("affine.py:Affine", beside=root / "tests", root=root, variables=True)
    assert (found.name, found.file, found.variables) == ("Affine", root / "affine.py", True)
    (root / "tests" / "affine.py").write_text(SOURCE)
    nearer = find_model("affine.py:Affine", beside=root / "tests", root=root, variables=None)
    assert nearer.file == root / "tests" / "affine.py"


@pytest.mark.parametrize(("name", "has"), [("Affine", True), ("Plain", False)])
def test_whether_it_has_a_keras_model_is_read_from_the_source(
    root: Path, name: str, has: bool
) -> None:
    model = find_model(f"affine.py:{name}", beside=root, root=root, variables=None)
    assert model.keras_model is has


def test_what_it_inherits_from_elsewhere_is_left_open(root: Path) -> None:
    (root / "far.py").write_text("from base import Base\nclass Far(Base): pass\n")
    model = find_model("far.py:Far", beside=root, root=root, variables=None)
    assert model.keras_model is None


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("missing.py:Affine", "no model file missing.py: looked for"),
        ("affine.py:Afine", "has no class 'Afine'. Did you mean 'Affine'?"),
        ("affine.py", "as 'path.py:Class'"),
        ("affine:Affine", "as 'path.py:Class'"),
        (Path, "brings TensorFlow into pytest's own process"),
        (7, "as 'path.py:Class', not 7"),
    ],
)
def test_what_cannot_be_a_model_is_said_in_one_sentence(
    root: Path, reference: object, message: str
) -> None:
    with pytest.raises(UsageProblem) as error:
        find(reference, root)
    assert message in str(error.value)


def test_a_file_in_newer_or_older_syntax_is_the_agents_affair(root: Path) -> None:
    (root / "old.py").write_text("print 'two'\nclass Old: pass\n")
    model = find_model("old.py:Old", beside=root, root=root, variables=None)
    assert model.keras_model is None


def test_model_files_are_known_by_their_shape_or_by_a_mark(root: Path) -> None:
    assert holds_model(root / "affine.py", root)
    (root / "helper.py").write_text("import tensorflow as tf\nprint(tf)\n")
    assert not holds_model(root / "helper.py", root)
    (root / "odd.py").write_text("import tensorflow as tf\nOdd = type('Odd', (tf.Module,), {})\n")
    (root / "test_odd.py").write_text("@pytest.mark.tf_roundtrip('odd.py:Odd')\ndef test(): ...\n")
    named_files.cache_clear()
    assert holds_model(root / "odd.py", root)
