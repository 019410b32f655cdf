"""The verbs of `python -m rehearsal`, one module each."""
