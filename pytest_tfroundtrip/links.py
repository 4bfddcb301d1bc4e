"""Folders that links lead to: pytest walks through links, and each SavedModel is tested once."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.folders import is_saved_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Links:
    """What of a session's folders is found elsewhere, or has no end.

    Folders of tests are left to pytest, which collects them by each of their names; but for
    links into a circle, in which it would walk until the system refuses the path.
    """

    def __init__(self, roots: Sequence[Path], unwalked: Sequence[str]) -> None:
        """Take the folders that pytest was given, and names that it does not walk into."""
        self._roots = [(root.absolute(), root.resolve()) for root in roots]
        self._unwalked = (*unwalked, ".*")
        self._first: dict[Path, Path] = {}

    def leads_back(self, folder: Path) -> bool:
        """Whether a folder is a link to one that it lies in, by whatever links."""
        if not folder.is_symlink():
            return False
        target = folder.resolve()
        return any(parent.resolve() == target for parent in folder.parents)

    def is_told_elsewhere(self, folder: Path) -> bool:
        """Whether a folder is a SavedModel that is collected by another name."""
        if not is_saved_model(folder):
            return False
        target = folder.resolve()
        if self._without_links(folder, target):
            return False
        if any(self._walked(target, real) for _, real in self._roots):
            return True
        return self._first.setdefault(target, folder) != folder

    def _without_links(self, folder: Path, target: Path) -> bool:
        """Whether no link was followed to come there from what was named."""
        return any(
            folder.is_relative_to(root) and real / folder.relative_to(root) == target
            for root, real in self._roots
        )

    def _walked(self, target: Path, root: Path) -> bool:
        """Whether pytest comes there from a root without any link."""
        return target.is_relative_to(root) and not any(
            fnmatchcase(part, pattern)
            for part in target.relative_to(root).parts
            for pattern in self._unwalked
        )
