"""Bells for devices that sleep: Web Push, and whatever else rings beside the lane."""
