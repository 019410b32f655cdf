"""The verbs of `rehearse`, one module each."""
