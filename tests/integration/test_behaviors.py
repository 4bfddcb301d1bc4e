"""TF1 compat mode in TF2, TF2 behavior in 1.15, Keras 2 beside Keras 3: against a hand's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .harness import HERE, REFERENCE, run
from .tables import contradicting, creations, read_table

if TYPE_CHECKING:
    from pathlib import Path

RUNTIMES = ("1.15+v2", "2.15+v1", "2.21+v1", "2.21+tf_keras")


def test_every_verdict_is_as_the_table_says(tmp_path: Path) -> None:
    seen = run(
        tmp_path,
        *(*REFERENCE, f"--tf-runtimes={','.join(RUNTIMES)}"),
        *("--tf-savers=builder,tf_module,keras", "-k", "affine"),
    )
    loads = read_table(HERE / "data" / "behaviors.txt", RUNTIMES)
    assert len(loads) == 12 * 12
    assert not list(contradicting(loads | creations(loads), seen.cells))
    assert seen.status == 0, seen.output
    keras = {runtime["name"]: runtime["keras"][0] for runtime in seen.report["runtimes"]}
    assert keras == {"1.15+v2": "2", "2.15+v1": "2", "2.21+v1": "3", "2.21+tf_keras": "2"}
    # Behaviors are set in an agent's children; only what TensorFlow reads at import needs another.
    assert len(seen.agents) == 4
