"""What a person writes to try one cell: import TensorFlow, load, call, print. Python 3.6 syntax.

``python naive.py tf1_load|tf2_load FOLDER [--repeat N]`` with the Python of any TensorFlow. One
line of JSON comes out: the outputs of the first pass, whether every pass gave the same, and the
processor and wall seconds of each.
"""

import argparse
import json
import resource
import time
from typing import Any

import numpy as np
import tensorflow as tf

# The examples of the reference model Affine; cells.py holds them against the artifact's record.
EXAMPLES = (
    np.array([[1.0, 2.0, 3.0], [-0.5, 0.25, 8.0]], np.float32),
    np.zeros((0, 3), np.float32),
)
SIGNATURE = "serving_default"

tf1 = tf.compat.v1


def tf1_load(folder: str) -> Any:
    """Load into a session; run the signature's tensors and read the variables."""
    with tf.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        signature = tf1.saved_model.load(session, ["serve"], folder).signature_def[SIGNATURE]
        feed, fetch = signature.inputs["x"].name, signature.outputs["y"].name
        outputs = [session.run(fetch, {feed: example}) for example in EXAMPLES]
        return {"session": outputs}, session.run(tf1.global_variables())


def tf2_load(folder: str) -> Any:
    """Load eagerly, or where TensorFlow builds graphs into one of its own."""
    if tf.executing_eagerly():
        loaded = tf.saved_model.load(folder)
        calls = {
            name: [np.asarray(function(x=tf.constant(each))["y"]) for each in EXAMPLES]
            for name, function in _functions(loaded)
        }
        return calls, [each.numpy() for each in _variables(loaded)]
    with tf.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        loaded = tf.compat.v2.saved_model.load(folder)
        x = tf1.placeholder(tf.float32, [None, 3])
        fetches = {name: function(x=x)["y"] for name, function in _functions(loaded)}
        session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
        session.run(tf1.tables_initializer())
        calls = {
            name: [session.run(fetch, {x: each}) for each in EXAMPLES]
            for name, fetch in fetches.items()
        }
        return calls, session.run(_variables(loaded))


def _functions(loaded: Any) -> Any:
    """The signature and, where it was restored, the object's own ``__call__``."""
    functions = [("signature", loaded.signatures[SIGNATURE])]
    if hasattr(loaded, "w"):  # tf.saved_model.save's; a Builder's loads as a bag of variables
        functions.append(("call", loaded))
    return functions


def _variables(loaded: Any) -> Any:
    return [loaded.w, loaded.b] if hasattr(loaded, "w") else list(loaded.variables)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("loader", choices=["tf1_load", "tf2_load"])
    parser.add_argument("folder")
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    load = {"tf1_load": tf1_load, "tf2_load": tf2_load}[arguments.loader]
    first = None  # type: Any
    stable, cpu, wall = True, [], []
    for _ in range(arguments.repeat):
        begun = time.process_time(), time.perf_counter()
        seen = load(arguments.folder)
        cpu.append(time.process_time() - begun[0])
        wall.append(time.perf_counter() - begun[1])
        plain = _plain(seen)
        first = first or plain
        stable = stable and plain == first
    calls, variables = first
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB, on Linux
    print(
        json.dumps(
            {
                "calls": calls,
                "variables": variables,
                "stable": stable,
                "cpu": cpu,
                "wall": wall,
                "peak_mb": peak,
            }
        )
    )


def _plain(seen: Any) -> Any:
    calls, variables = seen
    return (
        {name: [each.tolist() for each in outputs] for name, outputs in calls.items()},
        [each.tolist() for each in variables],
    )


if __name__ == "__main__":
    main()
