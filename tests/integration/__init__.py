"""Every capability, tried on real TensorFlow releases. Slow: minutes, and environments to make."""
