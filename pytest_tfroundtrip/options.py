"""The options: all that a run without round trips needs of us, so it imports nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pytest


class Option(NamedTuple):
    """One setting under its three names: ``--tf-NAME``, ini ``tf_NAME``, key ``NAME``."""

    name: str
    help: str
    metavar: str
    many: bool = False  # comma- or space-separated
    switch: bool = False  # takes no value
    again: bool = False  # may be given several times, a value each

    @property
    def flag(self) -> str:
        """As it is typed."""
        return "--tf-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """As it stands in pytest's ini file, and where argparse keeps it."""
        return "tf_" + self.name


OPTIONS = (
    Option("runtimes", "TensorFlow runtimes to save and load under, or all", "NAMES", many=True),
    Option("save_runtimes", "runtimes to save under, where not all", "NAMES", many=True),
    Option("load_runtimes", "runtimes to load under, where not all", "NAMES", many=True),
    Option("resave_runtimes", "runtimes to resave under, where not all", "NAMES", many=True),
    Option("savers", "save APIs, or all", "NAMES", many=True),
    Option("loaders", "load APIs, or all", "NAMES", many=True),
    Option("operations", "creation, inference, fine_tuning, resave, or all", "NAMES", many=True),
    Option(
        "diff_saves",
        "tell what changes for a reader from each of these saves to the next, as SAVER@RUNTIME",
        "WRITERS",
        many=True,
    ),
    Option("model", "collect the SavedModels in this folder; again for more", "DIR", again=True),
    Option("examples", "inputs for collected SavedModels (.npz or .json)", "FILE"),
    Option("expect", "what cells are held against: round_trip or documents", "WHAT"),
    Option("provider", "how runtimes are had: auto, venv, docker or current", "HOW"),
    Option("untrusted", "a sandbox for each model (needs docker)", "", switch=True),
    Option("trusted", "collected SavedModels are no sandbox's (with docker)", "", switch=True),
    Option("baseline", "what is accepted as broken, and why (.toml)", "FILE"),
    Option("baseline_update", "write the file of --tf-baseline anew", "", switch=True),
    Option(
        "report",
        "write a report of all cells (.html, .json or .md); again for more",
        "FILE",
        again=True,
    ),
    Option("jobs", "steps running at once (default: the cores)", "N"),
    Option("timeout", "seconds that one save or load may take (default: 120)", "SECONDS"),
    Option("cache", "folder of environments and artifacts (default: the user's cache)", "DIR"),
    Option("store", "take saves from this folder, and put new ones there", "DIR"),
    Option("keep", "keep results and logs of this run in this folder", "DIR"),
    Option("rtol", "relative tolerance (default: by dtype)", "NUMBER"),
    Option("atol", "absolute tolerance (default: by dtype)", "NUMBER"),
    Option("seed", "seed of saves (default: 0)", "N"),
)


class Variable(NamedTuple):
    """A variable of the environment that is looked at."""

    name: str
    help: str


VARIABLES = (
    Variable("TF_ROUNDTRIP_CACHE", "the cache folder, where `--tf-cache` and `--cache` name none"),
    Variable(
        "TF_ROUNDTRIP_LOG_LEVEL",
        "0 to 3, as TF_CPP_MIN_LOG_LEVEL: from which level on TensorFlow logs (default: 1, which"
        " leaves out INFO). Other variables of TensorFlow and Keras do not reach a runtime: its"
        " own `env` is their place",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Declare the options in one group, each with its ini twin."""
    group = parser.getgroup("tf-roundtrip", "TensorFlow SavedModel round trips")
    group.addoption(
        "--tf-roundtrip",
        action="store_true",
        dest="tf_roundtrip",
        help="save, load and judge the models of tests marked tf_roundtrip",
    )
    parser.addini("tf_roundtrip", "as if --tf-roundtrip were given", type="bool", default=False)
    for option in OPTIONS:
        says = f"{option.help} (ini: {option.ini})"
        if option.switch:
            group.addoption(
                option.flag, dest=option.ini, action="store_true", default=None, help=says
            )
            parser.addini(option.ini, option.help, type="bool", default=None)
            continue
        action = "append" if option.again else "store"
        group.addoption(
            option.flag, dest=option.ini, metavar=option.metavar, action=action, help=says
        )
        if option.many or option.again:
            parser.addini(option.ini, option.help, type="args")
        else:
            parser.addini(option.ini, option.help, type="string")


def enabled(config: pytest.Config) -> bool:
    """Whether this run is to do round trips."""
    return bool(config.getoption("tf_roundtrip") or config.getini("tf_roundtrip"))


def typed_without_switch(config: pytest.Config) -> str | None:
    """The first ``--tf-`` option on the command line of a run without ``--tf-roundtrip``."""
    flags = {option.flag for option in OPTIONS}
    for argument in config.invocation_params.args:
        flag = str(argument).partition("=")[0]
        if flag in flags:
            return flag
    return None
