"""An export that takes its time: `python -m tests.export.endless ROOT`, to be killed."""

import asyncio
from pathlib import Path
import sys

from tests.export.keys import derive_at_once
from tests.export.maker import Maker, exporting


async def main(root: Path) -> None:
    """Save eight recordings, slower and slower."""
    derive_at_once()
    maker = Maker()

    async def slowly(_: object) -> None:
        await asyncio.sleep(0.05 * len(maker.opened))

    for number in range(8):
        maker.holds(str(number))
        maker.footage_of(str(number)).on_fetch = slowly
    await exporting(maker, root).run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
