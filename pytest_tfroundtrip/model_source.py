"""What a model's source says without being imported: pytest's Python has no TensorFlow.

Also which files pytest must leave alone: a file that holds a model class is imported by agents
only, whatever ``python_files`` or ``--doctest-modules`` say.
"""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from typing import TYPE_CHECKING

from pytest_tfroundtrip.cells import Model
from pytest_tfroundtrip.errors import UsageProblem, meant

if TYPE_CHECKING:
    from pathlib import Path

_NAMED = re.compile(r"""["']([^"'\n]*\.py):[A-Za-z_]\w*["']""")
_PRUNED = {".git", ".hg", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__"}


def find_model(reference: object, *, beside: Path, root: Path, variables: bool | None) -> Model:
    """The model that a mark names as ``path.py:Class``.

    The path is relative to the test file (``beside`` is its folder), else to the rootdir.

    Raises:
        UsageProblem: no such file or class, or not of that form.
    """
    if not isinstance(reference, str):
        msg = f"tf_roundtrip takes a model as 'path.py:Class', not {reference!r}"
        if isinstance(reference, type):
            msg += (
                " (a class that pytest has imported brings TensorFlow into pytest's own process:"
                " name it instead)"
            )
        raise UsageProblem(msg)
    path, colon, name = reference.rpartition(":")
    if not colon or not path.endswith(".py") or not name.isidentifier():
        msg = f"tf_roundtrip takes a model as 'path.py:Class', not {reference!r}"
        raise UsageProblem(msg)
    tried = list(dict.fromkeys([(beside / path).resolve(), (root / path).resolve()]))
    file = next((candidate for candidate in tried if candidate.is_file()), None)
    if file is None:
        msg = f"no model file {path}: looked for {' and '.join(map(str, tried))}"
        raise UsageProblem(msg)
    # An artifact depends on the files below this folder that the model read.
    below = root if file.is_relative_to(root) else file.parent
    return Model(name, file, below, variables, _keras_model(file, name))


def _keras_model(file: Path, name: str) -> bool | None:
    """Whether the class defines ``keras_model``; None where the source alone can't tell.

    A file that this Python cannot parse may be fine for the runtime's: its agent will say.
    """
    classes = _classes(file, file.stat().st_mtime_ns)
    if classes is None:
        return None
    if name not in classes:
        if _star_or_imported(file, name):
            return None
        known = f"It defines: {', '.join(classes) or 'none'}."
        msg = f"{file} has no class {name!r}.{meant(name, classes)} {known}"
        raise UsageProblem(msg)
    return _defines_keras_model(name, classes)


def _defines_keras_model(name: str, classes: dict[str, ast.ClassDef]) -> bool | None:
    """Looks at the class and at its bases in the same file; None where others come into it."""
    found: bool | None = False
    queue, seen = [name], set[str]()
    while queue:
        current = queue.pop()
        seen.add(current)
        node = classes[current]
        if "keras_model" in _defined(node):
            return True
        if node.decorator_list or node.keywords:
            found = None  # a decorator or a metaclass may add it
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                queue += [base.id] if base.id not in seen else []
            elif ast.unparse(base) not in {"tf.Module", "tensorflow.Module"}:
                found = None
    return found


@cache
def _classes(file: Path, _mtime: int) -> dict[str, ast.ClassDef] | None:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return None
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _star_or_imported(file: Path, name: str) -> bool:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*" or (alias.asname or alias.name) == name:
                    return True
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    return True
    return False


def holds_model(file: Path, root: Path) -> bool:
    """Whether a Python file holds a model that agents import, so that pytest must not.

    It does if it imports tensorflow and defines a ``Module`` subclass with ``inputs``, or if a
    test below ``root`` names it in a mark.
    """
    try:
        source = file.read_bytes()
    except OSError:
        return False
    if b"tensorflow" not in source and not _looks_local(source):
        return False
    classes = _classes(file, file.stat().st_mtime_ns)
    if classes and any(_is_model(node) for node in classes.values()):
        return True
    return file.resolve() in named_files(root)


def _looks_local(source: bytes) -> bool:
    """A model file may get its tensorflow from a sibling: ``from base import *``."""
    return b"keras" in source or b"Module" in source


def _is_model(node: ast.ClassDef) -> bool:
    names = {base.attr for base in node.bases if isinstance(base, ast.Attribute)} | {
        base.id for base in node.bases if isinstance(base, ast.Name)
    }
    if "Module" not in names:
        return False
    return "inputs" in _defined(node)


def _defined(node: ast.ClassDef) -> set[str]:
    """The names that a class body defines or assigns."""
    names = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names |= {each.id for each in statement.targets if isinstance(each, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.add(statement.target.id)
    return names


@cache
def named_files(root: Path) -> frozenset[Path]:
    """The model files that tests below ``root`` name in a mark, found by reading, not importing."""
    found: set[Path] = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _PRUNED]
        for name in files:
            if not name.endswith(".py"):
                continue
            try:
                with open(os.path.join(folder, name), encoding="utf-8") as file:  # noqa: PTH118, PTH123  as fast as can be
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            if "tf_roundtrip" not in text:
                continue
            for path in _NAMED.findall(text):
                for base in (folder, root):
                    found.add((root / base / path).resolve())
    return frozenset(found)
