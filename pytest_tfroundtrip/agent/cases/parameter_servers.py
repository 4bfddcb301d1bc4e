"""TF2 SavedModels in a TF1 Session whose variables live on a parameter server.

Servers of this process, on loopback: nothing leaves the machine.
"""

import socket

import tensorflow as tf

from .restored import TwoSteps

tf1 = tf.compat.v1
ERROR = "does not match any device"


def save(folder):
    """For the others: a TF2 SavedModel with a variable that every release can read."""
    model = TwoSteps()
    tf.saved_model.save(model, folder + "/saved")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _session(folder, set_option):
    """A variable on /job:ps after a step of training.

    Training, as the document says: what only infers, Grappler inlines on the master, and no
    function with a resource of another machine is left.
    """
    addresses = {job: ["127.0.0.1:%d" % _free_port()] for job in ("ps", "worker")}
    cluster = tf1.train.ClusterSpec(addresses)
    config = tf1.ConfigProto()
    set_option(config)
    servers = [
        tf1.train.Server(cluster, job_name=job, task_index=0, config=config)
        for job in ("ps", "worker")
    ]
    with tf.Graph().as_default():
        with tf1.device(tf1.train.replica_device_setter(cluster=cluster)):
            loaded = tf.compat.v2.saved_model.load(folder + "/saved")
            y = loaded(tf.constant(2.0))["y"]
            train = tf1.train.GradientDescentOptimizer(0.125).minimize(y, var_list=[loaded.w])
        assert "/job:ps" in loaded.w.device, loaded.w.device
        with tf1.Session(servers[1].target, config=config) as session:
            session.run(tf1.global_variables_initializer())
            session.run(train)
            return float(session.run(loaded.w))


def _nothing(_config):
    pass


def _experimental(config):
    config.experimental.share_cluster_devices_in_session = True


def _plain(config):
    config.share_cluster_devices_in_session = True


def without_the_option(folder):
    try:
        value = _session(folder, _nothing)
    except tf.errors.InternalError as error:
        assert ERROR in str(error), error
        line = next(each for each in str(error).splitlines() if ERROR in each)
        return line[line.index("Assigned") :].partition(". ")[0]
    raise AssertionError("it trains without the option, to %s" % value)


def with_the_experimental_option(folder):
    value = _session(folder, _experimental)
    assert value == 3.0 - 0.125 * 2.0, value
    return "%s with experimental.share_cluster_devices_in_session" % value


def with_the_option(folder):
    value = _session(folder, _plain)
    assert value == 3.0 - 0.125 * 2.0, value
    return "%s with share_cluster_devices_in_session" % value
