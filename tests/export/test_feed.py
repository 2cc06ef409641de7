"""A recording's segments are fetched ahead of the thread, as far as memory is to spare."""

import asyncio

import pytest

from custom_components.camera_cloud_plan.cloud.recordings import Fetched, Piece, Segment
from custom_components.camera_cloud_plan.export.feed import Feed
from tests.export.maker import MadeFootage

MIB = 1 << 20


def pieces(*sizes: int) -> list[Fetched]:
    return [
        Fetched(segment=Segment(index=index, duration=10.0), piece=Piece(data=bytes(size)))
        for index, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("sizes", "ahead"),
    [
        ([1] * 9, 4),
        ([0] * 9, 4),
        ([8 * MIB] * 6, 4),
        ([9 * MIB] * 6, 3),
        ([17 * MIB] * 3, 1),
        ([40 * MIB] * 2, 1),
        ([1, 20 * MIB, 1, 1, 1, 1, 1, 1], 4),
        ([1], 1),
    ],
)
async def test_so_much_lies_ready(sizes: list[int], ahead: int) -> None:
    asked: list[int] = []

    async def on_fetch(segment: Segment) -> None:
        asked.append(segment.index)

    feed = Feed(MadeFootage(pieces(*sizes), on_fetch=on_fetch))
    pump = asyncio.create_task(feed.pump())
    async with asyncio.timeout(5):
        await feed.filled()
        await asyncio.sleep(0.01)
        assert len(asked) == ahead
        taken = []
        while (fetched := await asyncio.to_thread(feed.take)) is not None:
            taken.append(fetched.segment.index)
        await pump
    assert taken == list(range(len(sizes)))


async def test_the_first_segment_is_asked_for_alone() -> None:
    asked: list[int] = []
    comes = asyncio.Event()

    async def on_fetch(segment: Segment) -> None:
        asked.append(segment.index)
        await comes.wait()

    feed = Feed(MadeFootage(pieces(1, 1, 1), on_fetch=on_fetch))
    pump = asyncio.create_task(feed.pump())
    await asyncio.sleep(0.01)
    assert asked == [0]
    comes.set()
    await feed.filled()
    await pump
    assert sorted(asked) == [0, 1, 2]
