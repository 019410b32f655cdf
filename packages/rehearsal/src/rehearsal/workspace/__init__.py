"""The folder .rehearsal/: layout, locks, retention."""
