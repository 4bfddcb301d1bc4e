"""The errors this project raises on purpose; each message says what failed, why, and what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class RoundTripError(Exception):
    """Base of every error that is meant to be read by the person who runs the tests."""


class UsageProblem(RoundTripError):  # noqa: N818 - the field's word is "usage error", pytest's class
    """Something asked for cannot be: an unknown name, a bad setting, two that don't go together.

    The plugin turns it into ``pytest.UsageError``, the command line into exit code 2.
    """


class UnknownRuntime(UsageProblem):
    """A runtime that is neither a release of the catalogue nor a table of the user's own."""


class EnvironmentFailed(RoundTripError):  # noqa: N818 - says what happened, as pytest's names do
    """A runtime's environment or its agent could not be had.

    The verdict ``env_error``: it says nothing on any model.
    """


class AgentDied(EnvironmentFailed):
    """An agent that had started ended by itself, with steps that waited for it."""


def meant(name: str, among: Iterable[str]) -> str:
    """A sentence on the name that was probably meant, after a space; empty where none is near."""
    near = difflib.get_close_matches(name, among, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
