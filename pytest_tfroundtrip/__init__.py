"""Save a model under one TensorFlow, load it under another, judge what came back.

The plugin registers itself with pytest when installed (entry point ``pytest11``). Nothing in this
package imports tensorflow except :mod:`pytest_tfroundtrip.agent`, which runs inside a runtime's own
Python.
"""
