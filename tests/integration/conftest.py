from __future__ import annotations

from dataclasses import dataclass

import pytest

from .harness import REFERENCE, Run, run


@dataclass(frozen=True)
class Reference:
    """The reference package on 1.15, 2.15 and 2.21, three times."""

    first: Run
    second: Run
    distributed: Run  # by two xdist workers


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The most expensive thing there is: once for all tests."""
    folder = tmp_path_factory.mktemp("reference")
    return Reference(
        run(folder, *REFERENCE),
        run(folder, *REFERENCE),
        run(folder, *REFERENCE, "-n", "2"),
    )
