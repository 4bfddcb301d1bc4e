"""The file ``saved_model.pb`` or ``.pbtxt``: its meta graphs, and their graphs in pieces."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.pieces import Bytes, Damaged, fields, pieces
from pytest_tfroundtrip.savedmodel.protos import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

#: Each is a set of tags: people have one to four.
_META_GRAPHS_MOST = 1000
#: More than any meta graph has besides its graph: signatures, collections, objects, op list.
_HEAD_MOST = 1 << 28
#: What old protobufs raise besides their DecodeError: the pure Python one whatever its loops meet,
#: the compiled one of 3.19 and 3.20 a SystemError where a message ends in a tag of 0.
_LET_THROUGH = (ValueError, IndexError, KeyError, TypeError, RecursionError, SystemError)
#: About how many bytes of a graph are held at a time.
_PIECE = 1 << 20
#: Text is parsed whole, in Python, at some 2 MB a second.
_TEXT_MOST = 1 << 26


@dataclass(frozen=True)
class MetaGraphPart:
    """A meta graph: all but its graph, and how to get at that."""

    head: Any  # MetaGraphDef without graph_def
    graph: Callable[[], Iterator[Any]]  # GraphDefs, each with a part of the nodes and functions


@contextmanager
def opened(path: Path) -> Iterator[Iterable[MetaGraphPart]]:
    """The meta graphs of a file, to be read while the context lasts; a graph only when asked for.

    Raises:
        Damaged: the file is not in form, which may be seen when a graph is read.
        OSError: it cannot be read.
    """
    with Bytes(path) as source:
        yield _text(source) if path.suffix == ".pbtxt" else _binary(source)


def parsed(kind: str, content: bytes) -> Any:
    """A message of ``saved_model.proto`` from its bytes.

    Raises:
        Damaged: they are none.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415  only where a file is read

    try:
        return message(kind).FromString(content)
    except (DecodeError, *_LET_THROUGH) as error:
        msg = f"what should be a {kind} is none ({error})"
        raise Damaged(msg) from error


def _binary(source: Bytes) -> Iterator[MetaGraphPart]:
    number = message("SavedModel").DESCRIPTOR.fields_by_name["meta_graphs"].number
    left = _META_GRAPHS_MOST
    for field in fields(source, 0, source.size):
        if field.number == number:
            left -= 1
            if left < 0:
                msg = f"it has more than {_META_GRAPHS_MOST} meta graphs"
                raise Damaged(msg)
            yield _meta_graph(source, field.body, field.end)


def _meta_graph(source: Bytes, start: int, end: int) -> MetaGraphPart:
    kind = message("MetaGraphDef").DESCRIPTOR
    number = kind.fields_by_name["graph_def"].number
    graphs, head = [], bytearray()
    for field in fields(source, start, end):
        if field.number == number:
            graphs.append((field.body, field.end))
            continue
        for piece in pieces(source, field.start, field.end, kind, most=_HEAD_MOST):
            head += piece
        if len(head) > _HEAD_MOST:
            msg = f"a meta graph has more than {_HEAD_MOST >> 20} MB besides its graph"
            raise Damaged(msg)
    return MetaGraphPart(parsed("MetaGraphDef", bytes(head)), lambda: _graph(source, graphs))


def _graph(source: Bytes, spans: Iterable[tuple[int, int]]) -> Iterator[Any]:
    kind = message("GraphDef").DESCRIPTOR
    for start, end in spans:
        for piece in pieces(source, start, end, kind, most=_PIECE):
            yield parsed("GraphDef", piece)


def _text(source: Bytes) -> Iterator[MetaGraphPart]:
    """Text has no lengths to skip by: it is parsed whole, constants left out by the parser."""
    from google.protobuf import text_format  # noqa: PLC0415  only where a file is text

    if source.size > _TEXT_MOST:
        msg = f"it is text and larger than {_TEXT_MOST >> 20} MB"
        raise Damaged(msg)
    whole = message("SavedModel")()
    try:
        content = source.read(0, source.size).decode("utf-8")
        text_format.Parse(content, whole, allow_unknown_field=True)
    except (text_format.ParseError, ValueError, RecursionError) as error:
        raise Damaged(str(error)) from error
    for each in whole.meta_graphs:
        graph = message("GraphDef")()
        graph.CopyFrom(each.graph_def)
        each.ClearField("graph_def")
        yield MetaGraphPart(each, lambda graph=graph: iter((graph,)))  # type: ignore[misc]
