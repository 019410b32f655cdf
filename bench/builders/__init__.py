"""What turns a lock into a layer: this project's builder and its peers, each from its registry at a pinned version."""
