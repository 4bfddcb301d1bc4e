"""For all tests."""

from __future__ import annotations

import signal

# A shell's background job, as CI may be one, ignores Ctrl-C, and so would whatever these tests
# start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
