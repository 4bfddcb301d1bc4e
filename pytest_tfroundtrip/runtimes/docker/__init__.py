"""The provider ``docker``: images, and containers as the sandbox that agents run in."""
