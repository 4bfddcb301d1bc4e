"""What ``pytest --markers`` says of our marks."""

from __future__ import annotations

ROUND_TRIP_MARK = (
    "tf_roundtrip(model, *, runtimes, save_runtimes, load_runtimes, resave_runtimes, savers, "
    "loaders, operations, expect, rtol, atol, seed, variables, accept): save the model "
    "'path.py:Class' with each save API under each runtime, load it with each load API under each "
    "runtime, and judge what came back; the test takes the fixture roundtrip and runs once for "
    "each cell. "
    "tf_roundtrip(saved_model='DIR', *, tags, signatures, examples, ...): the same of a SavedModel "
    "that is there already: a folder, a .tar.gz, a handle of TensorFlow Hub, a URL of fsspec's"
)
#: The keywords of the mark that each cell has.
CELL_WORDS = (
    *("save", "save_runtime", "resave_runtime", "load", "load_runtime"),
    *("operation", "direction", "promise"),
)
CELL_MARK = (
    f"tf_cell({', '.join(CELL_WORDS)}): what a cell "
    "is; put on by the plugin, all strings, for selection: -m \"tf_cell(load='keras_load')\""
)
