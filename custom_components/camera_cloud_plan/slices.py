"""Long work on the event loop, in slices."""

import asyncio
from typing import Final

# Seconds of work after which the loop is given back; other work of Home Assistant's (the
# recorder's listener among it) comes on top of a slice.
_SLICE: Final = 0.004


class Slices:
    """Gives the event loop back whenever a slice of work has lasted long enough."""

    def __init__(self) -> None:
        """Start the first slice."""
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()

    async def pause_if_due(self) -> None:
        """Let others run if this slice is used up; to be called between small pieces."""
        if self._loop.time() - self._since >= _SLICE:
            await asyncio.sleep(0)
            self._since = self._loop.time()
