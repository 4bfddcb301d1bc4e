"""One module per load API: ``load(artifact, variant)`` is a context manager, yields a ``Loaded``.

``artifact`` is a ``record.Artifact``; see ``operations.Loaded`` for what is yielded.
"""
