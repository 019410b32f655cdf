"""What a push would do, told without running it: the synthesized working tree against what is deployed."""
