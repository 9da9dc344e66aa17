"""Bytes to values and back, one wire format per file; no I/O, no clock."""
