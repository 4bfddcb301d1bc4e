"""A SavedModel that came as a folder: what its cells have in place of a model that we save.

Its stamp says, without its graph being read, which savers write such a file and under which
TensorFlow; so the documents' promises and the known causes hold for it as for a save of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime
from pytest_tfroundtrip.savedmodel.model import CALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Stamp

DEFAULT_SIGNATURE = "serving_default"
DEFAULT_FUNCTION = CALL
UNKNOWN = "unknown"
_SERVE = "serve"
ASKED_MOST = 5  # runtimes
#: In the order in which a meta graph is chosen where nobody says which: what is served comes first,
#: what needs an accelerator or is for training last.
_SPECIAL = ("train", "eval", "gpu", "tpu")
_ODD = re.compile(r"[^\w./+-]")


@dataclass(frozen=True)
class Folder:
    """One signature of one meta graph of a SavedModel that nobody saves here.

    Where it has none: one function of the object that ``tf.saved_model.load`` restores.

    It has what :class:`~pytest_tfroundtrip.cells.Model` has, so that a cell can be made of either.
    """

    name: str  # below the argument that it was found by, with slashes: a/m/1
    file: Path  # the SavedModel's folder
    root: Path  # what was named: the folder itself, or one above it
    tags: tuple[str, ...]
    signature: str | None  # the key that is called; None where it has no signature
    default: bool  # whether that is the signature that is called where nobody names one
    tensorflow: str  # the release that wrote it, as it says; empty where it doesn't
    savers: tuple[str, ...]  # those that write such a file
    inputs: tuple[str, ...] = ()  # names of that signature's
    examples: Path | None = None  # a file of inputs for it
    label: str = ""  # name and signature as they stand in ids
    variables: bool | None = None
    keras_model: bool | None = None
    anew: bool = False  # whether it is computed what it gives, whatever record it carries
    function: str | None = None  # that is called where there is no signature

    @property
    def slug(self) -> str:
        """The name as it stands in ids."""
        return self.label or _ODD.sub("_", self.name)

    @property
    def called(self) -> str | None:
        """What is called by this name: the signature, or else the function."""
        return self.signature or self.function

    @property
    def runtime(self) -> Runtime:
        """The runtime that wrote it, as far as the file says."""
        return written_under(self.tensorflow)

    def to_json(self) -> dict[str, Any]:
        """What :func:`from_json` takes."""
        return {
            "name": self.name,
            "file": str(self.file),
            "root": str(self.root),
            "tags": self.tags,
            "signature": self.signature,
            "default": self.default,
            "tensorflow": self.tensorflow,
            "savers": self.savers,
            "inputs": self.inputs,
            "examples": self.examples and str(self.examples),
            "label": self.label,
            "variables": self.variables,
            "function": self.function,
        }


def from_json(raw: dict[str, Any]) -> Folder:
    """The folder that :meth:`Folder.to_json` described."""
    return Folder(
        **{
            **raw,
            "file": Path(raw["file"]),
            "root": Path(raw["root"]),
            "tags": tuple(raw["tags"]),
            "savers": tuple(raw["savers"]),
            "inputs": tuple(raw["inputs"]),
            "examples": Path(raw["examples"]) if raw["examples"] else None,
        }
    )


def folders_of(
    found: Found,
    stamps: Sequence[Stamp],
    *,
    root: Path,
    tags: Iterable[str] | None = None,
    signatures: Iterable[str] | None = None,
) -> tuple[Folder, ...]:
    """What of a SavedModel is tried: each signature of one meta graph.

    Where it has no signature: each function of its root object.

    Args:
        found: the SavedModel.
        stamps: of its meta graphs.
        root: what was named.
        tags: of the meta graph that is meant; None: the one that is served, see ``_preferred``.
        signatures: those that are meant; None: all, each once where it has two names.

    Raises:
        LookupError: no meta graph has these tags, or no such signature; says what there is.
    """
    stamp = _chosen(stamps, tags)
    inputs = stamp.inputs if stamp.signatures else stamp.functions
    keys = [key for key in stamp.signatures or stamp.functions if key not in stamp.copies]
    if signatures is not None:
        keys = list(dict.fromkeys(signatures))
        if unknown := [key for key in keys if key not in inputs]:
            msg = f"no signature {unknown[0]!r}. There are: {', '.join(stamp.signatures) or 'none'}"
            if stamp.functions:
                msg += f", only functions: {', '.join(stamp.functions)}"
            raise LookupError(msg)
    default = DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in keys else next(iter(keys), None)
    has_variables = stamp.variables
    if has_variables is None:
        has_variables = (found.path / "variables").is_dir() or None
    plain = _ODD.sub("_", found.name)
    labels = _unique([plain if key == default else f"{plain}.{_ODD.sub('_', key)}" for key in keys])
    return tuple(
        Folder(
            name=found.name,
            file=found.path,
            root=root,
            tags=stamp.tags,
            signature=key if stamp.signatures else None,
            default=key == default,
            tensorflow=stamp.tensorflow,
            savers=stamp.savers,
            inputs=inputs.get(key, ()) if key else (),
            label=label,
            variables=has_variables,
            function=None if stamp.signatures else key,
        )
        for key, label in (zip(keys, labels, strict=True) if keys else [(None, plain)])
    )


def _chosen(stamps: Sequence[Stamp], tags: Iterable[str] | None) -> Stamp:
    if tags is None:
        return min(stamps, key=_preference)
    wanted = tuple(sorted(tags))
    for stamp in stamps:
        if stamp.tags == wanted:
            return stamp
    there = "; ".join(",".join(stamp.tags) or "no tag at all" for stamp in stamps)
    msg = f"no meta graph has the tags {', '.join(wanted)}. There are: {there}"
    raise LookupError(msg)


def _preference(stamp: Stamp) -> tuple[object, ...]:
    special = [tag in _SPECIAL or tag.startswith("tpu") for tag in stamp.tags]
    return (any(special), _SERVE not in stamp.tags, not stamp.signatures, len(stamp.tags))


def _unique(labels: Iterable[str]) -> Iterator[str]:
    """Names may be the same once their odd characters are gone."""
    seen: dict[str, int] = {}
    for label in labels:
        seen[label] = count = seen.get(label, 0) + 1
        yield label if count == 1 else f"{label}_{count}"


@cache
def written_under(tensorflow: str) -> Runtime:
    """The runtime that a stamp names, whether the catalogue has it or not.

    A release that is not in the catalogue is taken to be like its nearest neighbour in it; no
    condition on a release holds for the one that a file doesn't name.
    """
    try:
        version = Version(tensorflow)
        name = f"{version.release[0]}.{version.release[1]}"
    except (InvalidVersion, IndexError):
        name = UNKNOWN
    # Its base: a nightly build of a release has what that release has.
    stated = "0.0.0" if name == UNKNOWN else version.base_version
    return Runtime(name, OwnRuntime(name, stated).release)


def nearest(stamp: Runtime, among: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """Runtimes in the order in which they are asked what a file should give.

    The release that wrote it; then newer ones, which promise to read it, the nearest first; then
    older ones. Of one release its own behavior comes first. For a file that does not say who wrote
    it the newest comes first: it reads most.
    """

    def place(runtime: Runtime) -> tuple[object, ...]:
        plain = (runtime.behavior is not None, runtime.tf_keras, runtime.hub is not None)
        minor, wrote = runtime.version.release[:2], stamp.version.release[:2]
        ahead = (minor[0] - wrote[0]) * 100 + minor[1] - wrote[1]
        if stamp.name == UNKNOWN:
            return (False, -ahead, *plain)
        return (ahead < 0, abs(ahead), *plain)

    return tuple(sorted(dict.fromkeys(among), key=place))


def asked(stamp: Runtime, among: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """Who is asked what a file should give, in order: of many runtimes the nearest and two afar.

    An environment is made for each that is asked, and what the nearest cannot load the next ones
    seldom can.
    """
    order = nearest(stamp, among)
    if len(order) <= ASKED_MOST:
        return order
    afar = (order[len(order) // 2], order[-1])
    return (*order[: ASKED_MOST - len(afar)], *afar)
