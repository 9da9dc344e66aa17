"""Alert sources that are read or simulated here, one per file."""
