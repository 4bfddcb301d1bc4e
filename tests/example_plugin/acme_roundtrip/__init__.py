"""How Acme saves and loads its models, for pytest-tfroundtrip."""
