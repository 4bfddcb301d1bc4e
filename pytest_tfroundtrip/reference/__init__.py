"""The documents' own models as round-trip tests: ``pytest --tf-roundtrip --pyargs`` this package."""
