"""Builders of a layer from a lock: this project's and its peers, each at a pinned version from its registry."""
