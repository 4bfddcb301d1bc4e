"""The command line: ``python -m pytest_tfroundtrip COMMAND``, or ``pytest-tfroundtrip COMMAND``.

Exit codes: 0 done, 1 it failed or something is broken, 2 asked for wrongly, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from pytest_tfroundtrip.commands import (
    diff,
    diff_saves,
    images,
    lock,
    promises,
    report,
    rows,
    runtimes,
)
from pytest_tfroundtrip.errors import RoundTripError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = (runtimes, images, lock, report, diff, diff_saves, promises, rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="pytest-tfroundtrip",
        description="TensorFlow runtimes for round-trip tests. The tests themselves are pytest's:"
        " pytest --tf-roundtrip.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        said = (command.__doc__ or "").replace("``", "")  # the markup is for readers of the source
        sub = commands.add_parser(command.NAME, help=command.HELP, description=said)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except UsageProblem as error:
        return _failed(error, 2)
    except (RoundTripError, OSError) as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    return code


def _failed(what: object, code: int) -> int:
    if isinstance(what, BrokenPipeError):  # piped into head: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code
    sys.stderr.write(f"pytest-tfroundtrip: {what}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
