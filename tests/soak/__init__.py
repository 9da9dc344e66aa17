"""Soak: the video lane for half an hour with cameras that fail and viewers that come and go; nothing may grow."""
