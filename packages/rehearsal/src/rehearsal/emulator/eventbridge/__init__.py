"""Events of pipelines, and pipelines as targets of rules."""
