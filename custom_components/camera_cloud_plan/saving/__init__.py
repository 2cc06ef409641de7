"""Recordings that are saved: the account's orders, where they go, and how Media serves them."""
