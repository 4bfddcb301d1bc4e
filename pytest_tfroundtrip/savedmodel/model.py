"""What people ask of a SavedModel, as it was read from its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pytest_tfroundtrip.vocabulary import Word

#: The function that the object itself is called by.
CALL = "__call__"

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Sizes, None for one that is open; None for an unknown rank.
Shape: TypeAlias = "tuple[int | None, ...] | None"


class TensorKind(Word):
    """How a signature's input or output is made of tensors."""

    DENSE = "dense"
    SPARSE = "sparse"
    COMPOSITE = "composite"  # ragged and other types of several tensors


class VariableKind(Word):
    """How a graph holds a variable."""

    REF = "ref"  # TF1's reference variables
    RESOURCE = "resource"


class Format(Word):
    """How ``saved_model.*`` is written."""

    BINARY = "pb"
    TEXT = "pbtxt"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a signature."""

    dtype: str  # of a composite one: of its first part, which has the values
    shape: Shape  # likewise
    kind: TensorKind
    tensors: tuple[str, ...]  # names in the graph; of a sparse one: values, indices, dense shape
    type: str | None = None  # of a composite one: what TensorFlow calls its type
    reference: bool = False  # whether it is TF1's reference to a variable, not a value


@dataclass(frozen=True)
class Signature:
    """What a caller can call by a key."""

    key: str
    method_name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True)
class Function:
    """A function of the root object, which can be called once ``tf.saved_model.load`` restored it.

    Its inputs have no tensors of the graph: they are arguments.
    """

    name: str  # of the attribute; __call__ is the object itself
    inputs: Mapping[str, Tensor]
    settings: Mapping[str, str]  # arguments that are no tensors, as Python shows them


@dataclass(frozen=True)
class Variable:
    """A variable of a meta graph."""

    name: str  # its attribute path in an object graph, else its name in the graph
    dtype: str
    shape: Shape
    kind: VariableKind
    trainable: bool | None  # None: the file does not say
    key: str  # under which its value is in the checkpoint; empty where nobody can tell
    label: str | None = None  # of an object graph's: what its maker called it, dense/kernel


@dataclass(frozen=True)
class Attribute:
    """An attribute that nodes of an op have."""

    name: str
    #: Whether every node has what the writer's own op list gives as the default: what a reader
    #: that does not know the attribute may drop. None where the file has no default for it.
    default: bool | None


@dataclass(frozen=True)
class Op:
    """An op, and how often a meta graph has it."""

    name: str
    in_graph: int
    in_functions: int
    attributes: tuple[Attribute, ...]

    @property
    def count(self) -> int:
        """All nodes of this op."""
        return self.in_graph + self.in_functions


class Place(Word):
    """Where nodes are, which decides who looks at them."""

    GRAPH = "graph"  # the graph's own nodes
    CALLED = "called"  # of functions that the graph's nodes call, or functions of those
    LIBRARY = "library"  # of functions that only objects call


@dataclass(frozen=True)
class Use:
    """How the nodes of one place use an op, as far as readers differ in it."""

    op: str
    place: Place
    attributes: tuple[Attribute, ...]
    values: tuple[tuple[str, str], ...]  # of attributes that are dtypes, or words of a few


@dataclass(frozen=True)
class Asset:
    """A file that the model reads when it is loaded."""

    filename: str
    size: int | None  # bytes; None where the file is not there


@dataclass(frozen=True)
class Table:
    """A lookup table, which has to be initialised."""

    name: str
    op: str


@dataclass(frozen=True)
class KerasObjects:
    """What Keras left in the object graph."""

    root: str | None  # the root's own identifier, such as _tf_keras_sequential
    identifiers: tuple[str, ...]  # of all objects
    metadata: bool  # whether they carry it, as Keras' loaders up to 2.5 want it
    functional: bool  # whether by it the root is a Functional, as Keras 2.3 and later call it
    uncalled: bool  # whether the root is a subclassed model of which no call was saved
    shape_objects: bool  # whether a Sequential's first layer has its shape as an object of JSON


@dataclass(frozen=True)
class Stamp:
    """What a meta graph says of itself without its graph being read."""

    tags: tuple[str, ...]
    signatures: tuple[str, ...]  # keys, without those that only TensorFlow's loaders use
    tensorflow: str  # the release that wrote it; empty where it doesn't say
    tensorflow_git: str
    savers: tuple[str, ...]  # the savers that write such a file
    inputs: Mapping[str, tuple[str, ...]]  # their names, by signature
    copies: Mapping[str, str]  # a signature that is the very same as one before it: that one
    #: Of functions of the root object the names of their inputs; only where there is no signature.
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: bool | None = None  # whether it has any; None where only the graph would tell


@dataclass(frozen=True)
class MetaGraph:
    """One of the graphs in a SavedModel, chosen by its tags."""

    stamp: Stamp
    signatures: tuple[Signature, ...]  # all; private ones start with two underscores
    restored: tuple[Function, ...]  # of the root object
    variables: tuple[Variable, ...]
    ops: tuple[Op, ...]  # used, by name
    listed: tuple[str, ...]  # the names in the writer's stripped_op_list
    assets: tuple[Asset, ...]
    tables: tuple[Table, ...]
    initializers: tuple[str, ...]  # what a session runs after restoring
    functions: int
    nodes: int  # of the graph and of the functions
    devices: tuple[str, ...]  # that nodes are pinned to
    producer: int  # GraphDef version: 0 where it doesn't say
    min_consumer: int
    bad_consumers: tuple[int, ...]  # GraphDef versions that may not read it
    objects: int  # nodes of the object graph: 0 where a TF1 API wrote it
    attributes: tuple[str, ...]  # names of the root object's
    keras: KerasObjects | None
    foreign_specs: tuple[str, ...]  # classes of other libraries that functions take or give
    restores: bool  # whether a loader will look for the checkpoint
    saver: bool  # whether it names a Saver's ops, by which readers in C++ restore
    trainable: bool  # whether a collection lists variables to train
    unrestored: tuple[str, ...]  # variables that signatures read and a session does not restore
    misshapen: tuple[str, ...]  # signatures with an output of another rank than the graph gives
    uses: tuple[Use, ...] = field(repr=False)  # what readers look at

    @property
    def savers(self) -> tuple[str, ...]:
        """The savers that write such a file."""
        return self.stamp.savers

    @property
    def callable_signatures(self) -> tuple[Signature, ...]:
        """Those that a caller may call."""
        return tuple(each for each in self.signatures if not is_private(each.key))


@dataclass(frozen=True)
class Stored:
    """A value in a checkpoint."""

    name: str
    dtype: str
    shape: Shape
    shard: int
    offset: int  # bytes
    size: int  # bytes
    slices: int = 0  # into how many it was partitioned; offset and size are theirs then


@dataclass(frozen=True)
class Shard:
    """A file of values, and how long the index says it is."""

    filename: str
    size: int | None  # bytes; None where the file is not there
    expected: int  # bytes


@dataclass(frozen=True)
class Checkpoint:
    """What ``variables.index`` says."""

    stored: tuple[Stored, ...]
    shards: tuple[Shard, ...]

    @property
    def size(self) -> int:
        """Bytes of all shards, as the index has them."""
        return sum(shard.expected for shard in self.shards)


@dataclass(frozen=True)
class Fault:
    """Something wrong with a folder's files, seen without TensorFlow."""

    id: str
    path: str  # the file or folder that it is about
    sentence: str
    remedy: str
    stops: bool  # whether TensorFlow is known not to load it


@dataclass(frozen=True)
class SavedModel:
    """A SavedModel's folder, as it is."""

    path: Path
    format: Format
    size: int  # bytes of all files
    graph_size: int  # bytes of saved_model.pb
    meta_graphs: tuple[MetaGraph, ...]
    checkpoint: Checkpoint | None
    keras_metadata: bool  # Keras 2's keras_metadata.pb
    hub_module: bool  # TF1 Hub's tfhub_module.pb
    fingerprint: str | None  # the uuid in fingerprint.pb, or its checksum
    warmup_requests: int | None  # bytes of TF Serving's warm-up requests
    record: bool  # whether this project's record is in it
    faults: tuple[Fault, ...] = field(default=())


def is_private(key: str) -> bool:
    """Whether a signature is one that TensorFlow writes for its own loaders."""
    return key.startswith("__saved_model")
