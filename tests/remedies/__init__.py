"""Failures made by hand under a real TensorFlow, and the code of each cause's remedy run after it.

``run.py`` runs in a runtime's own Python; ``tests/integration/test_remedies.py`` starts it. The
code comes from ``causes.toml``: what stands there in backticks. Syntax that Python 3.7 reads.
"""
