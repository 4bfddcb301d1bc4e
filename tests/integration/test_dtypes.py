"""Every dtype, rank 0 to 4 and unknown ones, several names, empty batches: across releases."""

from __future__ import annotations

import shutil
from itertools import product

import pytest

from .harness import MODELS, Run, run

PAIRS = (
    ("1.15", "1.15"),
    ("1.15", "2.15"),
    ("1.15", "2.21"),
    ("2.15", "1.15"),
    ("2.15", "2.21"),
    ("2.21", "1.15"),
    ("2.21", "2.15"),
    ("2.21", "2.21"),
)
#: Where variables go: 1.15 reads none of a newer file's (test_reference.py says why).
READABLE = [pair for pair in PAIRS if pair[0] == "1.15" or pair[1] != "1.15"]
SAVERS = ("builder", "tf_module", "tf_module.concrete", "estimator")
LOADERS = ("tf1_load", "tf2_load")
TEST = """
import pytest

MARK = pytest.mark.tf_roundtrip
OF_MODULES = {savers!r}


@MARK("zoo.py:Dtypes", savers=OF_MODULES, loaders={loaders!r}, variables=False)
def test_dtypes(roundtrip):
    whole, empty = roundtrip.examples
    assert len(whole.outputs) == 16
    assert whole.outputs["out_int64"].tolist() == [[0, 1], [-(2**63), 2**63 - 1]]
    assert whole.outputs["out_uint64"].tolist() == [[1, 2], [2**64 - 1, 0]]
    assert whole.outputs["out_bool"].tolist() == [[False, True], [True, False]]
    assert whole.outputs["out_complex128"].tolist() == [[0, 1e-300], [1 + 2j, -3j]]
    strings = [[b"", b"\\xff\\0\\0"], [b"a\\0", "\\u00fc".encode()]]
    assert whole.outputs["out_string"].tolist() == strings
    for name, array in empty.outputs.items():
        assert array.shape == (0, 2), name


@MARK("zoo.py:Ranks", savers=OF_MODULES, loaders={loaders!r}, variables=False)
def test_ranks(roundtrip):
    # An Estimator's inputs are batches: it was fed a vector where the model takes a scalar.
    scalar = (1,) if roundtrip.cell.save.saver.name == "estimator" else ()
    shapes = {{name: array.shape for name, array in roundtrip.outputs.items()}}
    assert shapes == {{
        "q0": scalar, "q1": (2,), "q2": (2, 1), "q3": (2, 1, 3), "q4": (2, 1, 2, 1), "w": (1, 1, 1)
    }}


@MARK("zoo.py:Weights", savers=OF_MODULES, loaders={loaders!r}, variables=True)
def test_weights(roundtrip):
    assert roundtrip.outputs["y"].tolist() == [11.5, 12.5]


@MARK("keras_dtypes.py:KerasDtypes", savers=["keras"], variables=False)
def test_keras(roundtrip):
    whole, empty = roundtrip.examples
    assert whole.outputs["out_int64"].tolist() == [[-(2**63), 2**63 - 1]]
    assert whole.outputs["out_string"].tolist() == [[b"a\\0", b"\\xff\\0"]]
    assert whole.outputs["out_float64"][0, 0] == 1e300
    for name, array in empty.outputs.items():
        assert array.shape == (0, 2), name
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run of everything; what cannot go together fails in it, and is left out below."""
    folder = tmp_path_factory.mktemp("dtypes")
    for name in ("zoo.py", "keras_dtypes.py"):
        shutil.copy(MODELS / name, folder)
    test = TEST.format(savers=list(SAVERS), loaders=list(LOADERS))
    (folder / "test_dtypes.py").write_text(test, encoding="utf-8")
    return run(folder)


def assert_same(seen: Run, ids: list[str]) -> None:
    """The cells are ``same``, and the body that looks at their values passed."""
    assert ids
    found = {key: (seen.cells[key]["verdict"], seen.cells[key]["outcome"]) for key in ids}
    assert {key: each for key, each in found.items() if each != ("same", "passed")} == {}


@pytest.mark.parametrize("model", ["dtypes", "ranks"])
@pytest.mark.parametrize(("saved", "loaded"), PAIRS)
def test_modules(seen: Run, model: str, saved: str, loaded: str) -> None:
    """Models without variables, which go everywhere but for the step of an Estimator."""
    savers = [
        saver
        for saver in SAVERS
        if saver != "estimator" or saved == "1.15" or (saved == "2.15" and loaded != "1.15")
    ]
    assert_same(seen, [f"{model}-{saver}_{saved}-creation" for saver in savers])
    assert_same(
        seen,
        [
            f"{model}-{saver}_{saved}-to-{loader}_{loaded}-inference"
            for saver, loader in product(savers, LOADERS)
        ],
    )


@pytest.mark.parametrize(("saved", "loaded"), READABLE)
def test_variables_of_several_dtypes_and_places(seen: Run, saved: str, loaded: str) -> None:
    ids = [
        f"weights-{saver}_{saved}-to-{loader}_{loaded}-inference"
        for saver, loader in product(("builder", "tf_module", "tf_module.concrete"), LOADERS)
    ]
    assert_same(seen, ids)


@pytest.mark.parametrize(("saved", "loaded"), [pair for pair in PAIRS if pair[0] != "2.21"])
def test_keras(seen: Run, saved: str, loaded: str) -> None:
    """load_model of 1.15 makes names of its own, that of 2.21 takes no SavedModel."""
    loaders = ["tf1_load", "tf2_load", *(["keras_load"] if loaded == "2.15" else [])]
    assert_same(seen, [f"keras_dtypes-keras_{saved}-creation"])
    assert_same(
        seen, [f"keras_dtypes-keras_{saved}-to-{each}_{loaded}-inference" for each in loaders]
    )
