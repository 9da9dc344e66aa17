"""The rules: decides everything, does no I/O."""
