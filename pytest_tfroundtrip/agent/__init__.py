"""The program that runs inside a runtime: Python 3.6 syntax, needs numpy and TensorFlow only.

The plugin imports nothing of it but :mod:`pytest_tfroundtrip.agent.wire`. Inside a runtime the
package is called ``tf_roundtrip_agent`` (see ``__main__.py``), so its modules import each other
relatively.
"""
