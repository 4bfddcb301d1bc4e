"""The project's tests: unit, integration (real releases), docker (real engine)."""
