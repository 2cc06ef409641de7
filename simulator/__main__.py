"""Run the simulated cloud by itself: `python -m simulator --help`."""

import argparse
import asyncio
from collections.abc import Sequence
import signal

from simulator.clock import AgeingClock, Clock, VirtualClock
from simulator.errors import WorldError
from simulator.generate import generate_recordings, generate_world
from simulator.names import LANGUAGES
from simulator.server import running
from simulator.storage import prepare_stock
from simulator.world import World
from simulator.worldfile import build_world, load_world, shipped_worlds


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    arguments = _parser().parse_args(argv)
    clock: Clock = AgeingClock() if arguments.ageing else VirtualClock()
    try:
        world = _world(arguments, clock)
        asyncio.run(_serve(world, arguments.host, arguments.port))
    except WorldError as error:
        print(f"World file: {error}")
        return 1
    except OSError as error:
        print(f"Cannot listen on {arguments.host}:{arguments.port}: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A simulated Xiaomi cloud, on loopback."
    )
    content = parser.add_mutually_exclusive_group()
    content.add_argument(
        "--world",
        default="two_homes",
        metavar="FILE",
        help=f"a world file, or one of {', '.join(shipped_worlds())} (default: %(default)s)",
    )
    content.add_argument(
        "--cameras", type=int, metavar="N", help="a generated world of this many cameras instead"
    )
    content.add_argument(
        "--recordings",
        metavar="SPEC",
        help="a generated world of one camera with many recordings, such as"
        " event:200:12s,video:1:2h; made and enciphered before it is served",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of a generated world (default: %(default)s)"
    )
    parser.add_argument(
        "--past-terms",
        type=int,
        default=1,
        metavar="N",
        help="terms at most that each plan of a generated world was paid before"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        choices=("127.0.0.1", "localhost"),
        help="loopback address to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=8480, help="port; 0 takes a free one (default: %(default)s)"
    )
    time = parser.add_mutually_exclusive_group()
    time.add_argument(
        "--ageing",
        action="store_true",
        help="let time pass by ageing the world, so that both sides keep real time",
    )
    time.add_argument(
        "--virtual-clock",
        action="store_true",
        help="let time pass by a clock that runs ahead (default)",
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, help="of names on the wire (default: each request's own)"
    )
    return parser


def _world(arguments: argparse.Namespace, clock: Clock) -> World:
    """Return the world that the arguments name."""
    if arguments.recordings is not None:
        content = generate_recordings(arguments.recordings)
    elif arguments.cameras is not None:
        content = generate_world(
            arguments.cameras, seed=arguments.seed, past_terms=arguments.past_terms
        )
    else:
        return load_world(arguments.world, clock=clock, language=arguments.language)
    return build_world(content, clock=clock, language=arguments.language)


async def _serve(world: World, host: str, port: int) -> None:
    """Serve a world until the process is told to end."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with running(world, host=host, port=port) as simulator:
        await prepare_stock(simulator.cloud)
        # Read by those who start the simulator as a process of their own.
        print(f"Simulated cloud at {simulator.base_url}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    raise SystemExit(main())
