"""``fine_tuning``: one step of gradient descent on what was loaded, see ``training.py``."""

import os

from .. import record, training


def why_not(artifact):
    """Why nothing of an artifact can be trained, whoever loads it; None where something can."""
    if artifact.record.get("trained") is not None:
        return None
    why = artifact.record.get("untrained") or "its record has no step to compare with"
    return "there is nothing to train: %s" % why


def run(loaded, artifact, folder, report):
    """Train one step; write ``observed.npz`` into ``folder``, return the step's payload."""
    told = artifact.record["trained"]
    report.stage("train")
    way, trained = loaded.train(record.inputs_of(artifact)[0])
    training.write(os.path.join(folder, "observed.npz"), trained, way)
    return {
        "contract": None,
        "variables": {
            "key": told["key"],
            "items": [{"name": name} for name in sorted(trained.variables)],
        },
        "returned": loaded.returned,
        "calls": [way],
        "notes": loaded.notes,
    }
