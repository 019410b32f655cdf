"""The target that layers are built for: Python version, architecture, runtimes and limits of Lambda."""
