"""The effects of a push, without running it: the synthesized working tree compared with the deployed stacks."""
