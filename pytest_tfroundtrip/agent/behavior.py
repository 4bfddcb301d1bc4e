"""Which TensorFlow generation is in force: set in the child, before it does anything else."""

import tensorflow as tf


def apply(behavior):
    """Set "v1" or "v2"; None leaves what the release does by itself."""
    first = tf.__version__.startswith("1.")
    if behavior == "v1" and not first:
        tf.compat.v1.disable_v2_behavior()
    elif behavior == "v2" and first:
        tf.compat.v1.enable_v2_behavior()
    elif behavior not in (None, "v1", "v2"):
        raise ValueError("a behavior is v1, v2 or null, not %r" % (behavior,))


def effective():
    """Give "v1" where code runs in graphs and sessions, else "v2"."""
    return "v2" if tf.executing_eagerly() else "v1"
