"""Views of an execution; every view replays the journal."""
