"""Rehearse a CDK pipeline on this machine: the same definition, from `git push` to prod, against an embedded AWS."""
