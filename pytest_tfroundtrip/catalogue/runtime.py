"""A runtime: a TensorFlow release plus its behavior, and how people spell it.

The grammar is ``RELEASE[+v1|+v2][+tf_keras][+hubX.Y]``, in that order, with a release of the
catalogue or the name of a runtime of the user's own in front. A runtime has one spelling: what a
release is by itself (``+v1`` on 1.15, ``+tf_keras`` on 2.8) cannot be asked for again.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pytest_tfroundtrip.catalogue.releases import Release, releases
from pytest_tfroundtrip.errors import UnknownRuntime, UsageProblem, meant
from pytest_tfroundtrip.vocabulary import Behavior

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAMMAR = "RELEASE[+v1|+v2][+tf_keras][+hubX.Y]"

# Where each suffix stands in the grammar.
_ORDER = (r"v[12]", r"tf_keras", r"hub\d+\.\d+")
_OWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RESERVED = frozenset({"all", "default", "v1", "v2", "tf_keras"})
#: What ``[tool.tf_roundtrip.runtime.NAME]`` may say.
KEYS: Mapping[str, str] = {
    "tensorflow": 'the full version that is in it, such as "2.15.1": needed',
    "python": "an interpreter that has it, by its path or name; with `requirements`, what an"
    " environment is made with",
    "image": "a container image that has that TensorFlow",
    "requirements": "a list of packages, in place of the release's own or beside them",
    "imports": "a list of modules that are imported after TensorFlow: custom ops",
    "env": "a table of variables of its environment",
}

# What every agent's process gets. OpenBLAS starts a thread per core when numpy is imported, and
# nobody's threads survive a fork; TensorFlow's start-up chatter (level INFO) would bury in each
# step's log what is worth reading.
TF_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_PROCESS_ENV: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1", TF_LOG_LEVEL: "1"}
#: With "0" in it, all of that chatter is in the logs: for a report of what nobody can explain.
LOG_LEVEL = "TF_ROUNDTRIP_LOG_LEVEL"


@dataclass(frozen=True)
class OwnRuntime:
    """A runtime of the user's own: the table ``[tool.tf_roundtrip.runtime.NAME]``."""

    name: str
    tensorflow: str  # "2.15.1": stated, because collection needs it; verified at start
    python: str | None = None  # path or name of an interpreter; the table's folder resolves it
    image: str | None = None
    requirements: tuple[str, ...] = ()  # on top of the release or the interpreter
    imports: tuple[str, ...] = ()  # modules the agent imports after TensorFlow: custom ops
    env: tuple[tuple[str, str], ...] = ()  # what the process gets, sorted by name

    @classmethod
    def parse(cls, name: str, table: Any, root: Path) -> OwnRuntime:
        """Read one ``[tool.tf_roundtrip.runtime.NAME]``.

        Args:
            name: the table's name.
            table: what the TOML reader gave for it.
            root: the folder of the pyproject.toml: a relative path of an interpreter starts there.

        Raises:
            UsageProblem: what is wrong with the table.
        """
        title = f"pyproject.toml: [tool.tf_roundtrip.runtime.{name}]"
        _check_own_name(name, title)
        _check_own_keys(table, title)
        python = _text(table, "python", title)
        if python and ("/" in python or os.sep in python):
            python = str(root / Path(python).expanduser())
        return cls(
            name=name,
            tensorflow=_full_version(table["tensorflow"], title),
            python=python,
            image=_text(table, "image", title),
            requirements=_texts(table, "requirements", title),
            imports=_texts(table, "imports", title),
            env=_env(table, title),
        )

    @property
    def release(self) -> Release:
        """The catalogue's entry of its series.

        A series the catalogue doesn't know is taken to be like the nearest known one below it.
        """
        version = Version(self.tensorflow)
        name = f"{version.major}.{version.minor}"
        known = releases()
        if name in known:
            return replace(known[name], tensorflow=self.tensorflow)
        older = [entry for entry in known.values() if entry.version <= version]
        like = older[-1] if older else next(iter(known.values()))
        return replace(like, name=name, tensorflow=self.tensorflow)


@dataclass(frozen=True)
class Runtime:
    """One TensorFlow with its behavior, as the user named it."""

    name: str  # "2.21+v1"
    release: Release
    behavior: Behavior | None = None  # as asked for; None is the release's own
    tf_keras: bool = False
    hub: str | None = None  # "0.6": another series of tensorflow-hub than the release's
    own: OwnRuntime | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def effective_behavior(self) -> Behavior:
        """The behavior in force: as asked for, else v1 in TensorFlow 1, v2 in TensorFlow 2."""
        return self.behavior or own_behavior(self.release)

    @cached_property
    def version(self) -> Version:
        """TensorFlow's version."""
        return self.release.version

    @property
    def keras(self) -> int:
        """The major version of Keras in force: 2 or 3."""
        return 2 if self.tf_keras else self.release.keras_major

    @property
    def hub_version(self) -> str:
        """The version of tensorflow-hub that it has: the release's, or the series asked for."""
        return self.hub or self.release.hub

    @property
    def environment(self) -> str:
        """Name of the environment it needs: "2.15", "1.15+hub0.6", or its own name."""
        base = self.own.name if self.own else self.release.name
        return f"{base}+hub{self.hub}" if self.hub else base

    @property
    def process(self) -> str:
        """Name of the process it needs: the environment and what TensorFlow reads at import.

        Behaviors are set after the fork, so ``2.21`` and ``2.21+v1`` share a process.
        """
        base, plus, hub = self.environment.partition("+")
        return f"{base}{'+tf_keras' if self.tf_keras else ''}{plus}{hub}"

    @property
    def process_env(self) -> dict[str, str]:
        """Environment variables of its process, over those that pytest itself has."""
        env = dict(_PROCESS_ENV)
        if os.environ.get(LOG_LEVEL, "") in {"0", "1", "2", "3"}:
            env[TF_LOG_LEVEL] = os.environ[LOG_LEVEL]
        if self.tf_keras:
            env["TF_USE_LEGACY_KERAS"] = "1"
        env.update(self.own.env if self.own else ())
        return env


def own_behavior(release: Release) -> Behavior:
    """What a release is when nobody asks for a behavior."""
    return Behavior.V1 if release.version.major == 1 else Behavior.V2


def parse_runtime(text: str, own_runtimes: Mapping[str, OwnRuntime] | None = None) -> Runtime:
    """The runtime of that name.

    Args:
        text: a name in the grammar ``RELEASE[+v1|+v2][+tf_keras][+hubX.Y]``.
        own_runtimes: the user's own runtimes by name.

    Raises:
        UnknownRuntime: no such runtime; the message has the nearest one or the right spelling.
    """
    own_runtimes = own_runtimes or {}
    base, *suffixes = text.strip().split("+")
    own = own_runtimes.get(base)
    release = own.release if own else releases().get(base)
    if release is None:
        raise UnknownRuntime(_unknown_release(text, base, suffixes, own_runtimes))
    suffixes = _ordered(text, base, suffixes)
    runtime = Runtime(name=text.strip(), release=release, own=own)
    for suffix in suffixes:
        if suffix.startswith("v"):
            runtime = _with_behavior(runtime, Behavior(suffix))
        elif suffix == "tf_keras":
            runtime = _with_tf_keras(runtime)
        else:
            runtime = _with_hub(runtime, suffix.removeprefix("hub"))
    return runtime


def _with_behavior(runtime: Runtime, behavior: Behavior) -> Runtime:
    if behavior is own_behavior(runtime.release):
        plain = runtime.name.replace(f"+{behavior}", "", 1)
        msg = (
            f"runtime {runtime.name!r}: TensorFlow {runtime.release.tensorflow} has the behavior "
            f"{behavior} by itself: say {plain}"
        )
        raise UnknownRuntime(msg)
    return replace(runtime, behavior=behavior)


def _with_tf_keras(runtime: Runtime) -> Runtime:
    if runtime.release.keras_major < 3:  # noqa: PLR2004 - Keras 3
        plain = runtime.name.replace("+tf_keras", "", 1)
        msg = (
            f"runtime {runtime.name!r}: TensorFlow {runtime.release.tensorflow} has Keras 2 "
            f"anyway; +tf_keras (TF_USE_LEGACY_KERAS=1) brings it back from 2.16 on: say {plain}"
        )
        raise UnknownRuntime(msg)
    return replace(runtime, tf_keras=True)


def _with_hub(runtime: Runtime, hub: str) -> Runtime:
    if runtime.own:
        msg = (
            f"runtime {runtime.name!r}: what is in a runtime of your own is yours to say; put "
            f"tensorflow-hub=={hub}.* into its requirements instead of +hub{hub}"
        )
        raise UnknownRuntime(msg)
    mine = Version(runtime.release.hub)
    if hub == f"{mine.major}.{mine.minor}":
        plain = runtime.name.replace(f"+hub{hub}", "", 1)
        msg = f"runtime {runtime.name!r}: tensorflow-hub {mine} is what it has anyway: say {plain}"
        raise UnknownRuntime(msg)
    return replace(runtime, hub=hub)


def _ordered(text: str, base: str, suffixes: list[str]) -> list[str]:
    """The suffixes, or the error that says what is wrong with them."""
    places = []
    for suffix in suffixes:
        place = next((i for i, form in enumerate(_ORDER) if re.fullmatch(form, suffix)), None)
        if place is None:
            near = difflib.get_close_matches(suffix, ("v1", "v2", "tf_keras", "hub0.12"), n=1)
            hint = f" Did you mean +{near[0]}?" if near else ""
            msg = f"unknown runtime {text!r}: no suffix +{suffix}.{hint} The grammar is {GRAMMAR}."
            raise UnknownRuntime(msg)
        if place in places:
            msg = (
                f"unknown runtime {text!r}: +{suffix} excludes another suffix of its kind. "
                f"The grammar is {GRAMMAR}."
            )
            raise UnknownRuntime(msg)
        places.append(place)
    if places != sorted(places):
        right = "+".join([base, *(suffix for _, suffix in sorted(zip(places, suffixes)))])  # noqa: B905
        msg = f"unknown runtime {text!r}: it is spelled {right}. The grammar is {GRAMMAR}."
        raise UnknownRuntime(msg)
    return suffixes


def _unknown_release(
    text: str, base: str, suffixes: list[str], own_runtimes: Mapping[str, OwnRuntime]
) -> str:
    known = releases()
    names = [*known, *own_runtimes]
    rest = "".join(f"+{suffix}" for suffix in suffixes)
    minor = ".".join(base.split(".")[:2])
    if minor in known and re.fullmatch(r"\d+(\.\d+)+\S*", base):
        patch = known[minor].tensorflow
        if base == patch:
            hint = f" {patch} is the release {minor}: say {minor}{rest}."
        else:
            hint = (
                f" The release {minor} is TensorFlow {patch} here: say {minor}{rest}; another "
                "patch can be a runtime of your own, [tool.tf_roundtrip.runtime.NAME]."
            )
    else:
        near = _nearest(base, names)
        hint = f" Did you mean {near}{rest}?" if near else ""
    own = f" Your own: {', '.join(own_runtimes)}." if own_runtimes else ""
    oldest, *_, newest = known
    return (
        f"unknown runtime {text!r}.{hint} Releases: {oldest} to {newest}, every minor one.{own} "
        f"The grammar is {GRAMMAR}."
    )


def _nearest(base: str, names: list[str]) -> str | None:
    """The name that was most probably meant: the nearest version for what reads as one."""
    try:
        wanted = Version(base)
    except InvalidVersion:
        near = difflib.get_close_matches(base, names, n=1, cutoff=0.5)
        return near[0] if near else None
    newest_first = [*releases()][::-1]
    same = [name for name in newest_first if Version(name).major == wanted.major]
    if not same:
        return newest_first[0] if wanted > Version(newest_first[0]) else newest_first[-1]
    return min(same, key=lambda name: abs(Version(name).minor - wanted.minor))


def _check_own_name(name: str, title: str) -> None:
    if name in releases() or re.match(r"\d", name) or "+" in name or name in _RESERVED:
        msg = (
            f"{title}: the name reads as a runtime of the catalogue ({GRAMMAR}). "
            "Choose one that begins with a letter, such as prod"
        )
        raise UsageProblem(msg)
    if not _OWN_NAME.fullmatch(name):
        msg = f"{title}: a runtime's name has letters, digits, - and _, and begins with a letter"
        raise UsageProblem(msg)


def _check_own_keys(table: Any, title: str) -> None:
    if not isinstance(table, dict):
        msg = f"{title}: a runtime is a table with tensorflow and python or image, not {table!r}"
        raise UsageProblem(msg)
    for key in table:
        if key not in KEYS:
            msg = f"{title}: unknown key {key!r}.{meant(key, KEYS)} There are: {', '.join(KEYS)}"
            raise UsageProblem(msg)
    if "tensorflow" not in table:
        msg = (
            f"{title}: tensorflow is missing. State the version that is in it, "
            'as in tensorflow = "2.15.1": tests are collected before anything of it is started'
        )
        raise UsageProblem(msg)
    if "python" in table and "image" in table:
        msg = f"{title}: python and image exclude each other: keep the one its process comes from"
        raise UsageProblem(msg)


def _full_version(value: Any, title: str) -> str:
    try:
        version = Version(value)
    except (InvalidVersion, TypeError):
        version = None
    if version is None or len(version.release) < 3:  # noqa: PLR2004 - major, minor, patch
        msg = f'{title}: tensorflow has to be a full version such as "2.15.1", not {value!r}'
        raise UsageProblem(msg)
    return str(value)


def _text(table: Mapping[str, Any], key: str, title: str) -> str | None:
    value = table.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    msg = f"{title}: {key} has to be a string, not {value!r}"
    raise UsageProblem(msg)


def _texts(table: Mapping[str, Any], key: str, title: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    msg = f"{title}: {key} has to be a list of strings, not {value!r}"
    raise UsageProblem(msg)


def _env(table: Mapping[str, Any], title: str) -> tuple[tuple[str, str], ...]:
    value = table.get("env", {})
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return tuple(sorted(value.items()))
    msg = f'{title}: env has to be a table of strings, as in env = {{ TF_FLAG = "1" }}: {value!r}'
    raise UsageProblem(msg)
