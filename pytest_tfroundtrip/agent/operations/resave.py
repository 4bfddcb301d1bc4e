"""``resave``: load with ``tf.saved_model.load``, save what that gave by ``tf.saved_model.save``.

The signatures are handed over: without ``signatures=`` TensorFlow keeps a Keras model's only, and
of everything else writes a file that neither TensorFlow 1 nor Serving can call.
"""

import os
import shutil
import sys

import tensorflow as tf

from .. import behavior, contract, probe, record, values
from ..savers import graph


def run(message, report):
    """Write the artifact of what was loaded and saved again; return the step's payload.

    Its record is the first one's, with the contract that was written now.
    """
    report.stage("load")
    folder = message["folder"]
    payload = os.path.join(folder, "payload")
    shutil.rmtree(payload, ignore_errors=True)  # of an agent that died while it saved this
    artifact = record.read(message["artifact"], message.get("payload"))
    if tf.executing_eagerly():
        _again(artifact.payload, payload, report, None)
    else:
        with graph.session() as session:
            _again(artifact.payload, payload, report, session)
    content = dict(
        artifact.record,
        contract=contract.of_saved_model(payload, (record.SERVE,)),
        resaved={
            "tensorflow": tf.__version__,
            "keras": probe.keras_version(tf),
            "behavior": behavior.effective(),
            "python": sys.version.split()[0],
        },
        payload_hash=record.payload_hash(payload),
    )
    tensors = record.all_tensors(message["artifact"])
    tensors.update(("resaved/%s" % name, each) for name, each in _variables_in(payload).items())
    record.write(folder, content, tensors)
    return {"record": content}


def _again(source, target, report, session):
    # 1.15's tf.saved_model.load is the TF1 one.
    root = tf.compat.v2.saved_model.load(source)
    if session is not None:
        graph.initialise(session)  # restores them: tf.saved_model.save reads them
    report.stage("save")
    tf.saved_model.save(root, target, signatures=root.signatures)


def _variables_in(payload):
    """What is stored of variables in a SavedModel: {name in its checkpoint: wire.Tensor}.

    Reference variables are in no object that ``tf.saved_model.load`` returns, so they are silently
    left out of what is saved again: only the file can tell.
    """
    prefix = os.path.join(payload, "variables", "variables")
    if not os.path.isfile(prefix + ".index"):
        return {}
    reader = tf.train.load_checkpoint(prefix)
    dtypes = reader.get_variable_to_dtype_map()
    return {
        name: values.from_array(reader.get_tensor(name), dtypes[name])
        for name in sorted(dtypes)
        if not name.startswith("_CHECKPOINTABLE")  # the object graph
    }
