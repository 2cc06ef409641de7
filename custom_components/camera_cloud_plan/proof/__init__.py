"""What happens to an account's plans is written down, so that it can be shown afterwards."""
