"""What a developer runs: demo, test, lint, compile-requirements."""
