"""With ``-s``: what the TensorFlows write, while they write it, as what a test prints."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class LiveLogs:
    """Writes to stdout what was added to logs since they were last looked at; each part once."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}  # bytes
        self._decoders: dict[Path, codecs.IncrementalDecoder] = {}
        self._shown: Path | None = None

    def follow(self, logs: Iterable[Path]) -> None:
        """Show what is new, under the name of the step, which is that of its log."""
        for log in logs:
            if text := self._new(log):
                if log != self._shown:
                    sys.stdout.write(f"\n[{log.stem}]\n")
                    self._shown = log
                sys.stdout.write(text)
        sys.stdout.flush()

    def _new(self, log: Path) -> str:
        try:
            with log.open("rb") as file:
                file.seek(self._read.get(log, 0))
                content = file.read()
        except OSError:  # not there yet
            return ""
        self._read[log] = self._read.get(log, 0) + len(content)
        decoder = self._decoders.setdefault(
            log, codecs.getincrementaldecoder("utf-8")(errors="replace")
        )
        return decoder.decode(content)
