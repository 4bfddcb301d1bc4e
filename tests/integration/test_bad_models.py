"""Models that are wrong, or do harm: a clear message each, and nobody else suffers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .harness import Run, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TIMEOUT = 12  # seconds a step may take; a good one takes less than one

GOOD = """
import os, signal, sys, threading, time
import numpy as np
import tensorflow as tf

class Model(tf.Module):
    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = {"x": [1.0, 2.0]}
    def __call__(self, x):
        return {"y": x * 2.0}
"""


def calling(*lines: str) -> str:
    """The good model, with these lines at the start of its ``__call__``."""
    head, _, tail = GOOD.partition("        return ")
    return head + "".join(f"        {line}\n" for line in lines) + "        return " + tail


@dataclass(frozen=True)
class Bad:
    """A model that cannot be saved: its file, and what is said of it."""

    name: str
    source: str
    verdict: str
    message: str  # a regular expression
    outcome: str = "failed"


# A fault of the model's own is `unsaved`, an error at setup: TensorFlow was never asked.
BAD = (
    Bad(
        "import_fails",
        "import tensorflow as tf\nimport no_such_module\nclass Model(tf.Module): ...\n",
        "unsaved",
        r"import_fails\.py:Model cannot be imported: ModuleNotFoundError: No module named"
        r" 'no_such_module'",
        "error",
    ),
    Bad(
        "syntax_wrong",
        "import tensorflow as tf\nclass Model(tf.Module):\n    inputs = {\n",
        "unsaved",
        r"Python 3\.11 of this runtime \(TensorFlow 2\.15\.1\) cannot read \S*syntax_wrong\.py",
        "error",
    ),
    Bad(
        "exits_at_import",
        "import sys\nimport tensorflow as tf\nclass Model(tf.Module): ...\nsys.exit(3)\n",
        "unsaved",
        r"cannot be imported: SystemExit",
        "error",
    ),
    Bad(
        "without_inputs",
        GOOD.replace("    inputs = ", "    inputs_of_another_name = "),
        "unsaved",
        r"without_inputs\.py:Model has no `inputs`",
        "error",
    ),
    Bad(
        "without_examples",
        GOOD.replace("    examples = ", "    examples_of_another_name = "),
        "unsaved",
        r"without_examples\.py:Model has no `examples`",
        "error",
    ),
    Bad(
        "shape_wrong",
        GOOD.replace('{"x": [1.0, 2.0]}', '{"x": [[1.0], [2.0]]}'),
        "unsaved",
        r"example 0, input 'x' has shape \[2, 1\], but `inputs` says",
        "error",
    ),
    Bad(
        "dtype_wrong",
        GOOD.replace('{"x": [1.0, 2.0]}', '{"x": ["one", "two"]}'),
        "unsaved",
        r"example 0, input 'x' has dtype .*, but `inputs` says float32",
        "error",
    ),
    Bad(
        "name_wrong",
        GOOD.replace('{"x": [1.0, 2.0]}', '{"z": [1.0, 2.0]}'),
        "unsaved",
        r"example 0 lacks x and has z, which is no input",
        "error",
    ),
    Bad(
        "call_raises",
        calling("raise KeyError('no such weight')"),
        "unsaved",
        r"__call__ raised KeyError: 'no such weight'",
        "error",
    ),
    Bad(
        "call_returns_no_dict",
        GOOD.replace('{"y": x * 2.0}', "x * 2.0"),
        "unsaved",
        r"__call__ returned an? \w*Tensor\. Return a dict",
        "error",
    ),
    Bad(
        "sleeps", calling("time.sleep(600)"), "timeout", rf"killed after {TIMEOUT} s, in stage call"
    ),
    Bad(
        "segfaults",
        calling("os.kill(os.getpid(), signal.SIGSEGV)"),
        "crashed",
        r"killed by signal 11 \(SIGSEGV\)",
    ),
    Bad(
        "is_killed",
        calling("os.kill(os.getpid(), signal.SIGKILL)"),
        "crashed",
        r"killed by signal 9 \(SIGKILL\), as the kernel does when memory runs out",
    ),
    Bad("exits", calling("os._exit(0)"), "crashed", r"ended with exit code 0 before the step was"),
    Bad(
        "wants_all_memory",
        calling("np.ones(1 << 58)"),
        "unsaved",
        r"__call__ raised \w*MemoryError: Unable to allocate",
        "error",
    ),
)
HARMLESS = {
    "prints": calling(
        "print('a line of noise\\n' * 400_000)", "os.write(2, b'more noise' * 100_000)"
    ),
    "starts_threads": calling(
        "for _ in range(20):",
        "    threading.Thread(target=time.sleep, args=(600,)).start()",
    ),
    "leaves_a_daemon": calling(
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork() == 0:",
        "        os.setsid(); time.sleep(600)",
        "    os._exit(0)",
    ),
}


def write(folder: Path, models: Iterable[tuple[str, str]]) -> None:
    """A file for each model, and a test for each."""
    lines = ["import pytest"]
    for name, source in models:
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        lines += [
            f"@pytest.mark.tf_roundtrip('{name}.py:Model', variables=False)",
            f"def test_{name}(roundtrip): pass",
        ]
    (folder / "test_models.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def cell_of(seen: Run, name: str, part: str) -> dict[str, object]:
    """A model's cell; the class has the same name everywhere, so its file tells them apart."""
    (cell,) = (
        cell
        for cell in seen.report["cells"]
        if cell["file"].endswith(f"{name}.py") and (part == "creation") == (not cell["load"])
    )
    return dict(cell)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All of them in one run, which they must not disturb."""
    folder = tmp_path_factory.mktemp("bad")
    models = [(bad.name, bad.source) for bad in BAD]
    write(folder, [*models, *HARMLESS.items(), ("good", GOOD)])
    return run(
        folder,
        *("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load"),
        f"--tf-timeout={TIMEOUT}",
    )


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_it_is_said_clearly(seen: Run, bad: Bad) -> None:
    creation = cell_of(seen, bad.name, "creation")
    assert (creation["verdict"], creation["outcome"]) == (bad.verdict, bad.outcome)
    assert re.search(bad.message, str(creation["message"]))
    assert re.search(bad.message, " ".join(seen.output.split()))


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_its_load_points_to_the_save(seen: Run, bad: Bad) -> None:
    load = cell_of(seen, bad.name, "load")
    assert (load["verdict"], load["outcome"]) == ("unsaved", "skipped")


@pytest.mark.parametrize("name", [*HARMLESS, "good"])
def test_the_rest_comes_back_the_same(seen: Run, name: str) -> None:
    for part in ("creation", "load"):
        cell = cell_of(seen, name, part)
        assert (cell["verdict"], cell["outcome"]) == ("same", "passed")


def test_one_agent_served_them_all(seen: Run) -> None:
    assert len(seen.agents) == 1


def test_nothing_is_left_running(seen: Run) -> None:
    assert not seen.left


def test_what_is_printed_stays_in_logs(seen: Run) -> None:
    assert "noise" not in seen.output
    assert len(seen.output) < 100_000


def test_no_traceback_of_ours_is_shown(seen: Run) -> None:
    assert seen.status == 1
    assert "Traceback" not in seen.output
    assert "pytest_tfroundtrip/" not in seen.output


def test_syntax_that_an_old_python_cannot_read(tmp_path: Path) -> None:
    """Python 3.7 of 1.15 knows no walrus; 3.11 of 2.15 does."""
    write(tmp_path, [("walrus", calling("(z := x)"))])
    seen = run(tmp_path, "--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    assert seen.status == 1
    old = seen.cells["model-builder_1.15-creation"]
    assert (old["verdict"], old["outcome"]) == ("unsaved", "error")
    assert re.search(
        r"Python 3\.7 of this runtime \(TensorFlow 1\.15\.5\) cannot read \S*walrus\.py line \d+",
        old["message"],
    )
    assert "every chosen runtime reads" in " ".join(seen.output.split())
    assert seen.cells["model-builder_2.15-to-tf1_load_2.15-inference"]["outcome"] == "passed"
