"""The demo: a real Home Assistant and a simulated maker's cloud, ready to click.

`scripts/demo` runs `python -m demo`. It starts the simulator and Home Assistant as
processes of their own, signs three simulated accounts in through the integration's
real config flow, and opens on a dashboard of built-in cards. `--check` does the same
without a person and compares every camera with what the world file implies.

Everything listens on 127.0.0.1 only: whoever can reach that address on this machine
is signed in to the demo without a password.
"""
