"""``inference``: feed the recorded inputs through every way of calling the model."""

import os

from .. import record, variables, wire
from ..errors import Absent, Refusal


def run(loaded, artifact, folder, report):
    """Write ``observed.npz`` into ``folder`` and return the step's payload."""
    observed = {}
    seen = loaded.contract()
    report.stage("call")
    function = artifact.record.get("function")
    if function and not getattr(loaded, "calls_functions", False):
        raise Refusal(
            "there is no signature to call; functions of the restored object, here %r, cannot be "
            "called through %s" % (function["name"], loaded.returned)
        )
    fed = record.inputs_of(artifact)
    if not fed and seen is None:
        raise Absent(
            "it loads nothing before it is called, and nobody knows what this takes: %s"
            % artifact.record.get("uncalled")
        )
    calls = loaded.calls() if fed else []  # of a SavedModel that nobody knows how to call
    for name, call in calls:
        report.details["call"] = name  # which one failed, if one does
        for index, inputs in enumerate(fed):
            for output, each in call(inputs).items():
                observed["examples/%d/%s/%s" % (index, name, output)] = each
    report.details.pop("call", None)
    found = loaded.variables()
    if found is not None:
        for name, each in found.tensors.items():
            observed["variables/%s" % name] = each
    wire.write_tensors(os.path.join(folder, "observed.npz"), observed)
    return {
        "contract": seen,
        "variables": variables.seen(found),
        "returned": loaded.returned,
        "calls": [name for name, _ in calls],
        "notes": loaded.notes,
    }
