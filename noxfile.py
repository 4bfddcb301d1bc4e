#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2024.10.9"]
# ///
"""The project's sessions: ``nox -l`` lists them."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)


def _install(session: nox.Session, *groups: str) -> None:
    packages = [dep for group in groups for dep in nox.project.dependency_groups(PYPROJECT, group)]
    session.install("-e", ".", *packages)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Unit tests: no TensorFlow, no network."""
    _install(session, "test", "neighbours")
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def tests_lowest(session: nox.Session) -> None:
    """Unit tests with the oldest dependencies that are allowed."""
    groups = nox.project.dependency_groups(PYPROJECT, "test")
    session.install("-e", ".", *groups, "--resolution=lowest-direct")
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(default=False)
def integration(session: nox.Session) -> None:
    """The real TensorFlow releases: makes their environments where they are missing."""
    _install(session, "test")
    session.run("pytest", "tests/integration", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff and mypy."""
    _install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session(default=False)
def roundtrip(session: nox.Session) -> None:
    """The reference matrix: TensorFlow held against its documents."""
    _install(session, "test")
    session.run(
        "pytest", "--tf-roundtrip", "--pyargs", "pytest_tfroundtrip.reference", *session.posargs
    )


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Compile the hashed locks of the catalogue's releases."""
    session.install("-e", ".")
    session.run("python", "-m", "pytest_tfroundtrip", "lock", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """A cell's cost beside a process for each and a bare loop."""
    _install(session, "test")
    session.run("python", "bench/cells.py", *session.posargs)
    session.run("python", "bench/collection.py")


if __name__ == "__main__":
    nox.main()
