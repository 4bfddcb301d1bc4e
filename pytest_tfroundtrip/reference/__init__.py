"""The documents' own models as round-trip tests."""
