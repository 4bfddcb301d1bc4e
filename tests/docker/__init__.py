"""A real engine, real images, real TensorFlow releases."""
