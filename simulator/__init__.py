"""A simulated Xiaomi cloud that speaks the real protocol, for demo, tests and benchmarks.

It is never imported by the integration and never imports it: both are written from the facts
alone, so that a mistake in one shows in the other.
"""
