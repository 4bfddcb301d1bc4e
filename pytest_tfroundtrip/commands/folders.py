"""What commands on a SavedModel's folder share: which signatures are meant, and how it is run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.cells import Matrix
from pytest_tfroundtrip.commands.common import add_cache, cache_of, own_runtimes
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.fetching import folder_of
from pytest_tfroundtrip.folder import Folder, folders_of
from pytest_tfroundtrip.savedmodel.reading import read_stamps, the_one_in
from pytest_tfroundtrip.settings import (
    DEFAULT_RUNTIMES,
    PROVIDERS,
    Settings,
)
from pytest_tfroundtrip.settings import (
    runtimes as read_runtimes,
)
from pytest_tfroundtrip.vocabulary import Expect, Operation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the folder and the options that all these commands have."""
    parser.add_argument("folder", metavar="DIR", help="a SavedModel: a folder, .tar.gz or URL")
    parser.add_argument(
        "--signature", action="append", metavar="KEY", help="which ones (default: all)"
    )
    parser.add_argument("--tags", metavar="TAGS", help="of the meta graph, with commas between")
    parser.add_argument("--examples", type=Path, metavar="FILE", help="as --tf-examples")
    parser.add_argument("--provider", choices=PROVIDERS, default="auto", help="as --tf-provider")
    add_cache(parser)


def chosen_folders(arguments: argparse.Namespace) -> tuple[Folder, ...]:
    """The signatures that are meant.

    Raises:
        UsageProblem: there is no SavedModel, no such signature or tags, or the file of examples
            cannot be read.
    """
    cache = cache_of(arguments)
    found = the_one_in(folder_of(arguments.folder, [Path.cwd()], cache))
    tags = arguments.tags.split(",") if arguments.tags is not None else None
    examples = arguments.examples and arguments.examples.expanduser().absolute()
    if examples is not None:
        from pytest_tfroundtrip.inputs import read_examples  # noqa: PLC0415  brings numpy

        read_examples(examples)  # says what is wrong with it before anything is made
    try:
        folders = folders_of(
            found,
            read_stamps(found),
            root=found.path,
            tags=tags and [tag for tag in tags if tag],
            signatures=arguments.signature,
        )
    except LookupError as error:
        msg = f"{arguments.folder}: {error.args[0]}"
        raise UsageProblem(msg) from None
    return tuple(replace(folder, examples=examples) for folder in folders)


def settings_of(
    arguments: argparse.Namespace, *, runtimes: Sequence[str] | None = None
) -> Settings:
    """How it is run.

    Args:
        arguments: of the command.
        runtimes: those that a record may be made under; None: the default ones.
    """
    own = own_runtimes(Path.cwd())
    chosen = read_runtimes(runtimes or DEFAULT_RUNTIMES, own)
    known = apis()
    loaders = tuple(api for api in known.loaders.values() if api.default)
    return Settings(
        rootdir=Path.cwd(),
        matrix=Matrix(chosen, chosen, (), loaders, (Operation.INFERENCE,)),
        expect=Expect.ROUND_TRIP,
        explicit_expect=False,
        provider=arguments.provider,
        cache=cache_of(arguments),
        jobs=min(2, os.cpu_count() or 1),
        timeout=120.0,
        own=own,
        apis=known,
    )
