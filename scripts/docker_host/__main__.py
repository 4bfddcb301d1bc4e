"""The words that ``scripts/docker-host`` says to this half, as ``python -m docker_host``."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

import docker_host
from docker_host.bases import base_of, default_series
from docker_host.registry import pull
from docker_host.sockets import is_held, wait_for
from docker_host.stand_ins import forget, make_stand_ins
from docker_host.status import describe, show
from docker_host.telling import say
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker.client import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_ENGINE = 3  # exit code


def main(arguments: Sequence[str]) -> int:
    """Do one of the words; the exit code, 130 after Ctrl-C."""
    args = _parser().parse_args(arguments)
    try:
        return run(args)
    except KeyboardInterrupt:
        say("given up: nothing half made is kept")
        return 130


def run(args: argparse.Namespace) -> int:
    """Do a word that was understood; the exit code."""
    if args.word == "wait":
        return 0 if wait_for(args.socket, args.seconds, args.pid) else 1
    if args.word == "listens":
        return 0 if is_held(args.socket) else 1
    try:
        engine = connect()
    except EnvironmentFailed as error:
        if args.word == "engine":
            sys.stdout.write(f"{error}\n")
        else:
            say(f"engine: {error}")
        return NO_ENGINE
    if args.word == "engine":
        sys.stdout.write(f"{describe(engine)}\n")
    elif args.word == "status":
        show(engine, args.ours)
    elif args.word == "forget":
        forget(engine)
    else:
        named = dict(args.python)
        wanted = list(dict.fromkeys([*args.series, *named])) or default_series()
        if args.word == "pull":
            sys.stdout.write(" ".join(pull(engine, wanted)) + "\n")
        elif failed := make_stand_ins(engine, args.only or wanted, named, args.mirror or None):
            say(f"missing still: {', '.join(map(base_of, failed))}")
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker-host", description=docker_host.__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("engine")
    words.add_parser("forget")
    words.add_parser("status").add_argument("--ours")
    words.add_parser("listens").add_argument("socket")
    wait = words.add_parser("wait")
    wait.add_argument("socket")
    wait.add_argument("seconds", type=float)
    wait.add_argument("pid", type=int)
    for word in ("pull", "stand-ins"):
        bases = words.add_parser(word)
        bases.add_argument("series", nargs="*")
        bases.add_argument("--python", type=_named, action="append", default=[])
        bases.add_argument("--mirror")
        bases.add_argument("--only", nargs="+")
    return parser


def _named(text: str) -> tuple[str, str]:
    series, _, path = text.partition("=")
    if not re.fullmatch(r"3\.\d+", series) or not path:
        msg = f"X.Y=/path/to/python is needed, not {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return series, path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
