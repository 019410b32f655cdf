"""What a person sees of an execution: every view replays the journal."""
