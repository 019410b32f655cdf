"""Gates of `make check` and of the synth build: lock, dependencies, secrets, templates, approvals."""
