"""Local tooling only: lets tests import the integration as Home Assistant does."""
