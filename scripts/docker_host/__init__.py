"""The half of ``scripts/docker-host`` that speaks with an engine: asks it, gives it base images.

The engine is found by the same search as the docker provider's, and spoken to through the same
SDK: whatever answers there (Docker, Podman, one on another machine) is what gets the bases, and no
command line client has to be installed. What is told goes to stderr, what the shell reads to
stdout. It runs in the project's environment, which ``scripts/run`` makes.
"""
