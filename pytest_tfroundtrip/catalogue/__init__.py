"""What exists: TensorFlow releases, their locks, and the save and load APIs."""
