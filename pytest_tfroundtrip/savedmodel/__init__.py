"""What is in a SavedModel, read from its files without TensorFlow.

:mod:`folders` finds them, :mod:`reading` reads one into the dataclasses of :mod:`model` and says
what looks wrong with it. Nothing here knows pytest or the agent; protobuf is imported only by what
reads a file, and its types live in a descriptor pool of their own (:mod:`protos`).
"""
