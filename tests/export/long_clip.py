"""How much memory a long recording takes: `python -m tests.export.long_clip ROOT`."""

import asyncio
from pathlib import Path
import resource
import sys
from typing import override

from custom_components.camera_cloud_plan.cloud.recordings import Fetched, Segment
from tests.export.footage import cut, enciphered
from tests.export.maker import MadeFootage, Maker, exporting

SEGMENTS = 300
# Packets that say nothing (ISO/IEC 13818-1) make a segment as heavy as a camera's.
_PADDING = (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 11_000


class LongFootage(MadeFootage):
    """Footage whose segments are made when they are fetched."""

    def __init__(self, count: int) -> None:
        one = cut()
        self._data = one.segments[0] + _PADDING
        segments = [Segment(index=index, duration=one.durations[0]) for index in range(count)]
        super().__init__([Fetched(segment=each, piece=enciphered(b"")) for each in segments])

    @override
    async def fetch(self, segment: Segment) -> Fetched:
        return Fetched(segment=segment, piece=enciphered(self._data))


def _peak() -> float:
    """Return the process's greatest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main(root: Path) -> None:
    """Save a short recording, then a long one; print how much more memory that took, in MB."""
    peaks = []
    for count in (8, SEGMENTS):
        maker = Maker()
        maker.holds(str(count))
        maker.footage[str(count)] = LongFootage(count)
        result = await exporting(maker, root).run()
        assert result.tally.saved == 1, result.missing
        peaks.append(_peak())
    print(round(peaks[1] - peaks[0], 1))  # noqa: T201 - for who started this


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
