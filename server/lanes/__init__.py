"""The two lanes of this process: alerts (in order, kept, resumable) and video (newest wins)."""
