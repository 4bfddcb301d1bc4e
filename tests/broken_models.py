"""What people do to SavedModels, by accident mostly, done to a real one: ``tf_module-2.15``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
GRAPH = "saved_model.pb"
INDEX = "variables/variables.index"
SHARD = "variables/variables.data-00000-of-00001"


#: What a file holds instead.
CONTENTS = {
    "lfs-pointer": POINTER,
    "annex-pointer": b"/annex/objects/SHA256E-s123--abc.pb\n",
    "web-page": b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>",
    "json-answer": b'{"error": "Repository not found"}',
    "archive": b"\x1f\x8b\x08" + bytes(100),
    "hdf5-as-saved-model": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "tflite-as-saved-model": b"\x1c\0\0\0TFL3" + bytes(100),
    "dvc-pointer": b"outs:\n- md5: a304afb96060aad90176268345e10355\n  path: saved_model.pb\n",
    "empty-file": b"",
    "text-as-binary": b"saved_model_schema_version: 1\nmeta_graphs {\n}\n",
    "no-meta-graphs": b"\x08\x01",
    "graph-as-saved-model": b"\n\x0a\n\x01x\x12\x05Const",
}


def cut(name: str, keep: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes((content * 3)[: int(len(content) * keep)])

    return change


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def holding(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: void((folder / name).write_bytes(content))


def linked(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to("../../blobs/4d7a2146")

    return change


def piped(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


def without_variables(folder: Path) -> None:
    without(INDEX, SHARD)(folder)
    (folder / "variables").rmdir()


def void(_: object) -> None:
    """A lambda's result is not wanted."""


#: What is done to a model; the fault, the file it is about, and what its sentence has.
BROKEN: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "gitignore": (without_variables, "variables-left-out", "variables", "restores a variable"),
    "gitignore-files": (without(INDEX, SHARD), "variables-left-out", INDEX, "restores a variable"),
    "no-index": (without(INDEX), "index-left-out", INDEX, "shards beside it are"),
    "no-shard": (without(SHARD), "shard-missing", SHARD, "this one with"),
    "cut-shard": (cut(SHARD, 0.5), "shard-short", SHARD, "the index says"),
    "empty-shard": (holding(SHARD, b""), "empty-file", SHARD, "is empty"),
    "long-shard": (cut(SHARD, 3), "shard-long", SHARD, "belongs to another save"),
    "pointer-shard": (holding(SHARD, POINTER), "lfs-pointer", SHARD, "Git LFS"),
    "pointer-index": (holding(INDEX, POINTER), "lfs-pointer", INDEX, "Git LFS"),
    "page-shard": (holding(SHARD, b"<html>" * 300), "web-page", SHARD, "web page"),
    "empty-index": (holding(INDEX, b""), "empty-file", INDEX, "is empty"),
    "cut-index": (cut(INDEX, 0.7), "index-damaged", INDEX, "does not end as"),
    "cut-graph": (cut(GRAPH, 0.6), "damaged", GRAPH, "is damaged"),
    "linked-graph": (linked(GRAPH), "broken-link", GRAPH, "../../blobs/4d7a2146"),
    "linked-shard": (linked(SHARD), "broken-link", SHARD, "../../blobs/4d7a2146"),
    "linked-index": (linked(INDEX), "broken-link", INDEX, "../../blobs/4d7a2146"),
    "pipe": (piped(GRAPH), "unreadable", GRAPH, "no regular file"),
    "pipe-index": (piped(INDEX), "unreadable", INDEX, "no regular file"),
    "no-asset": (without("assets/words.txt"), "asset-missing", "assets/words.txt", "vocabulary"),
    "pointer-asset": (
        holding("assets/words.txt", POINTER),
        "asset-pointer",
        "assets/words.txt",
        "lfs-pointer",
    ),
    "both": (
        holding("saved_model.pbtxt", b"x"),
        "both-formats",
        "saved_model.pbtxt",
        "reads only the binary",
    ),
}
