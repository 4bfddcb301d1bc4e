"""The commands of ``python -m pytest_tfroundtrip``, one module each.

A command's module has ``NAME``, ``HELP``, ``add_arguments(parser)`` and ``run(arguments) -> int``
(the exit code). Problems go up as RoundTripError: the command line prints their message.
"""
