"""TF2 SavedModels in TF1 Sessions and Estimators whose variables live on a parameter server.

Servers of this process, on loopback: nothing leaves the machine.
"""

import contextlib
import json
import os
import socket

import tensorflow as tf

from .. import variables
from . import hub_training, tools
from .restored import TwoSteps

tf1 = tf.compat.v1
ERROR = "does not match any device"


def save(folder):
    """For the others: TF2 SavedModels with a variable, one of them as hub.KerasLayer trains it."""
    tf.saved_model.save(TwoSteps(), folder + "/saved")
    hub_training.save(folder)


def _cluster(*jobs):
    """{job: [address]} on loopback.

    A server told port 0 finds one, but the others could not be told which. Ports are held until
    all are known, so that they differ.
    """
    with contextlib.ExitStack() as held:
        probes = {job: held.enter_context(socket.socket()) for job in jobs}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {job: ["127.0.0.1:%d" % each.getsockname()[1]] for job, each in probes.items()}


def _servers(addresses, config):
    """A server for each job, in this process."""
    cluster = tf1.train.ClusterSpec(addresses)
    return {
        job: tf1.train.Server(cluster, job_name=job, task_index=0, config=config)
        for job in addresses
    }


def _session(folder, set_option):
    """A variable on /job:ps after a step of training.

    Training, as the document says: what only infers, Grappler inlines on the master, and no
    function with a resource of another machine is left.
    """
    addresses = _cluster("ps", "worker")
    cluster = tf1.train.ClusterSpec(addresses)
    config = tf1.ConfigProto()
    set_option(config)
    servers = _servers(addresses, config)
    with tf.Graph().as_default():
        with tf1.device(tf1.train.replica_device_setter(cluster=cluster)):
            loaded = tf.compat.v2.saved_model.load(folder + "/saved")
            y = loaded(tf.constant(2.0))["y"]
            train = tf1.train.GradientDescentOptimizer(0.125).minimize(y, var_list=[loaded.w])
        assert "/job:ps" in loaded.w.device, loaded.w.device
        with tf1.Session(servers["worker"].target, config=config) as session:
            session.run(tf1.global_variables_initializer())
            session.run(train)
            return float(session.run(loaded.w))


def _estimator(set_option, build):
    """The same in an Estimator: the weight that its checkpoint has after a step.

    Args:
        set_option: sets the option in a ``ConfigProto``.
        build: function that gives what is to be small, and the variables to train for it.
    """
    addresses = _cluster("chief", "ps")
    task = {"cluster": addresses, "task": {"type": "chief", "index": 0}}
    os.environ["TF_CONFIG"] = json.dumps(task)  # RunConfig reads it
    session_config = tf1.ConfigProto()
    set_option(session_config)
    servers = _servers(addresses, session_config)  # Estimator.train starts none
    placed = []

    def model_fn(features, labels, mode):
        del labels
        output, trained = build(features)
        loss = tf.reduce_mean(output)
        placed.extend((variables.graph_name(each), each.device) for each in trained)
        step = tf1.train.GradientDescentOptimizer(0.125).minimize(
            loss, var_list=trained, global_step=tf1.train.get_or_create_global_step()
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    run_config = tf.estimator.RunConfig(session_config=session_config)
    assert (run_config.num_ps_replicas, run_config.task_type) == (1, "chief"), run_config
    estimator = tf.estimator.Estimator(model_fn, os.path.abspath("model"), config=run_config)
    estimator.train(lambda: tf.data.Dataset.from_tensors([[2.0]]), steps=1)
    assert len(servers) == len(addresses)  # held until here: they end with their objects
    ((name, device),) = placed
    assert "/job:ps" in device, device
    return float(estimator.get_variable_value(name))


def _hub_load(folder):
    """``hub.load`` in the model_fn."""

    def build(features):
        loaded = tools.hub().load(folder + "/saved")
        return loaded(tf.reshape(features, []))["y"], [loaded.w]

    return build


def _hub_keras_layer(folder):
    """``hub.KerasLayer`` in the model_fn."""

    def build(features):
        layer = tools.hub().KerasLayer(folder + "/reusable", trainable=True)
        return layer(features), layer.trainable_weights

    return build


def _nothing(_config):
    pass


def _experimental(config):
    config.experimental.share_cluster_devices_in_session = True


def _plain(config):
    config.share_cluster_devices_in_session = True


def _without(train):
    try:
        value = train(_nothing)
    except tf.errors.InternalError as error:
        assert ERROR in str(error), error
        line = next(each for each in str(error).splitlines() if ERROR in each)
        return line[line.index("Assigned") :].partition(". ")[0]
    raise AssertionError("it trains without the option, to %s" % value)


def _with(train, set_option, name):
    value = train(set_option)
    assert value == 3.0 - 0.125 * 2.0, value
    return "%s with %s" % (value, name)


def without_the_option(folder):
    return _without(lambda option: _session(folder, option))


def with_the_experimental_option(folder):
    name = "experimental.share_cluster_devices_in_session"
    return _with(lambda option: _session(folder, option), _experimental, name)


def with_the_option(folder):
    name = "share_cluster_devices_in_session"
    return _with(lambda option: _session(folder, option), _plain, name)


def option_is_experimental():
    """Before 2.2 the other name is none."""
    try:
        _plain(tf1.ConfigProto())
    except AttributeError as error:
        return "refused: %s" % error
    raise AssertionError("ConfigProto has share_cluster_devices_in_session")


def estimator_without_the_option(folder):
    return _without(lambda option: _estimator(option, _hub_load(folder)))


def estimator_with_the_experimental_option(folder):
    name = "experimental.share_cluster_devices_in_session in the RunConfig"
    return _with(lambda option: _estimator(option, _hub_load(folder)), _experimental, name)


def estimator_with_the_option(folder):
    name = "share_cluster_devices_in_session in the RunConfig"
    return _with(lambda option: _estimator(option, _hub_load(folder)), _plain, name)


def layer_without_the_option(folder):
    return _without(lambda option: _estimator(option, _hub_keras_layer(folder)))


def layer_with_the_experimental_option(folder):
    name = "experimental.share_cluster_devices_in_session in the RunConfig, hub.KerasLayer"
    return _with(lambda option: _estimator(option, _hub_keras_layer(folder)), _experimental, name)
