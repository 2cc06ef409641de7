"""Figures, not tests: how the integration behaves under load, and what ciphering costs."""
