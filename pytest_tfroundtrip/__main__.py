"""The command line: ``python -m pytest_tfroundtrip COMMAND``, or ``pytest-tfroundtrip COMMAND``.

Exit codes: 0 done, 1 it failed or something is broken, 2 asked for wrongly, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import RoundTripError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

# The modules of ``commands``. Only the one that is asked for is imported: some bring numpy and a
# Docker client, which take longer than others of them run.
COMMANDS = (
    *("runtimes", "images", "lock", "ops", "show"),
    *("record", "bisect", "shell"),
    *("report", "diff", "diff_saves", "promises", "rows"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="pytest-tfroundtrip",
        description="TensorFlow runtimes for round-trip tests. The tests themselves are pytest's:"
        " pytest --tf-roundtrip.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = words[0].replace("-", "_") if words else ""
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        command = import_module(f"pytest_tfroundtrip.commands.{name}")
        said = (command.__doc__ or "").replace("``", "")  # the markup is for readers of the source
        sub = commands.add_parser(command.NAME, help=command.HELP, description=said)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    arguments = parser.parse_args(words)
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
