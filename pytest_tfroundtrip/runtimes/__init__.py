"""How a process with a TensorFlow is had: interpreters, environments, and the agent's other end."""
