"""Saving recordings, against what a person would otherwise use."""
