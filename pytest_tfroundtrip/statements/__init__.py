"""The sentences of TensorFlow's documents that no cell tries, as tests: one a case and runtime."""
