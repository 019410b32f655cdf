"""From locked packages to a layer zip, reproducibly."""
