"""Which cells an entry of promises.toml or causes.toml speaks of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from pytest_tfroundtrip.vocabulary import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.cells import Cell, Save


@dataclass(frozen=True)
class Selector:
    """A table of conditions, all of which must hold; an empty field holds for every cell.

    APIs are named with their variant (``builder.ref``) or without (``builder``: all variants).
    Conditions on the loading side never hold for a cell that loads nothing (``creation``).
    ``resave``, which is not the documents', has to be named by ``operation``; what was saved again
    by ``resaved``, and ``save`` and its kin then speak of what was saved first.
    """

    operation: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    resaved: bool = False  # was saved again
    # Unknown never holds. An Estimator's artifact always has variables (``global_step``), which the
    # model itself need not have.
    variables: bool | None = None  # the artifact holds variables
    model_variables: bool | None = None  # the model does
    save: tuple[str, ...] = ()
    save_generation: tuple[str, ...] = ()  # "TF1", "TF2"
    save_release: SpecifierSet | None = None
    save_behavior: tuple[str, ...] = ()  # in force: "v1", "v2"
    save_keras: tuple[int, ...] = ()  # major version in force
    load: tuple[str, ...] = ()
    load_generation: tuple[str, ...] = ()
    load_release: SpecifierSet | None = None
    load_behavior: tuple[str, ...] = ()
    load_keras: tuple[int, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any], where: str) -> Selector:
        """The selector of a TOML table.

        Raises:
            ValueError: a condition that does not exist, named with ``where`` it stands.
        """
        unknown = set(raw) - {field.name for field in fields(cls)}
        if unknown:
            msg = f"{where}: unknown condition {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        read: dict[str, Any] = {}
        for name, value in raw.items():
            if name.endswith("_release"):
                read[name] = SpecifierSet(value)
            elif name in {"variables", "model_variables", "resaved"}:
                read[name] = bool(value)
            else:
                read[name] = tuple(value) if isinstance(value, list) else (value,)
        return cls(**read)

    def matches(self, cell: Cell) -> bool:
        """Whether every condition holds for the cell."""
        return self.of_pair(cell) and self.of_save(cell.save) and self.of_load(cell)

    def of_pair(self, cell: Cell) -> bool:
        """Whether what is asked of save and load together holds: direction and operation."""
        named = self.operation or cell.operation is not Operation.RESAVE
        return bool(
            named
            and _among(self.operation, cell.operation)
            and _among(self.direction, cell.direction)
        )

    def of_save(self, save: Save) -> bool:
        """Whether what is asked of the artifact holds."""
        saved = save.runtime
        return (
            self.resaved is (save.resaved is not None)
            and self.variables in {None, save.has_variables}
            and self.model_variables in {None, save.model.variables}
            and _api(self.save, save.saver.name)
            and _among(self.save_generation, save.saver.generation)
            and _within(self.save_release, saved.version.base_version)
            and _among(self.save_behavior, saved.effective_behavior)
            and _among(self.save_keras, saved.keras)
        )

    def of_load(self, cell: Cell) -> bool:
        """Whether what is asked of the loading side holds."""
        loader, load_runtime = cell.loader, cell.load_runtime
        if loader is None or load_runtime is None:
            return not (
                self.load
                or self.load_generation
                or self.load_release is not None
                or self.load_behavior
                or self.load_keras
            )
        return (
            _api(self.load, loader.name)
            and _among(self.load_generation, loader.generation)
            and _within(self.load_release, load_runtime.version.base_version)
            and _among(self.load_behavior, load_runtime.effective_behavior)
            and _among(self.load_keras, load_runtime.keras)
        )


def _among(allowed: tuple[Any, ...], value: Any) -> bool:
    return not allowed or value in allowed


def _api(allowed: tuple[str, ...], name: str) -> bool:
    return not allowed or name in allowed or name.partition(".")[0] in allowed


def _within(allowed: SpecifierSet | None, version: str) -> bool:
    return allowed is None or allowed.contains(version)
