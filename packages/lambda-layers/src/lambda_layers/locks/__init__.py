"""What every kind of lock says: pins, their sources, and the graph of packages."""
