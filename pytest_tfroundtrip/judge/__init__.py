"""What differs between an artifact's record and what a loader gave back, and the verdict on it.

Knows neither pytest nor TensorFlow: two folders of ``.npz`` and JSON go in, a
:class:`~pytest_tfroundtrip.judge.bench.Judgement` comes out. Imports numpy, so the plugin imports
it only when there is something to judge.
"""

from pytest_tfroundtrip.judge.bench import Judgement
from pytest_tfroundtrip.judge.judge import (
    judge_creation,
    judge_fine_tuning,
    judge_inference,
    judge_resave,
)
from pytest_tfroundtrip.judge.records import (
    ArtifactDamaged,
    Example,
    Observed,
    Record,
    Trained,
    Variables,
    read_observed,
    read_record,
)
from pytest_tfroundtrip.judge.saves import judge_saves

__all__ = [
    "ArtifactDamaged",
    "Example",
    "Judgement",
    "Observed",
    "Record",
    "Trained",
    "Variables",
    "judge_creation",
    "judge_fine_tuning",
    "judge_inference",
    "judge_resave",
    "judge_saves",
    "read_observed",
    "read_record",
]
