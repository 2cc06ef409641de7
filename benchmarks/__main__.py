"""`python -m benchmarks [export | ledger | poll | signing] [--smoke]`: all benchmarks, or one with its options."""

from collections.abc import Callable, Sequence
import sys
from typing import Final

from benchmarks.export.__main__ import main as export
from benchmarks.ledger.__main__ import main as ledger
from benchmarks.poll.__main__ import main as poll
from benchmarks.signing.__main__ import main as signing

_BENCHMARKS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "signing": signing,
    "ledger": ledger,
    "poll": poll,
    "export": export,
}


def main(words: Sequence[str]) -> int:
    """Run what the words name; return the exit status."""
    if words and words[0] in _BENCHMARKS:
        return _BENCHMARKS[words[0]](words[1:])
    return max(benchmark(words) for benchmark in _BENCHMARKS.values())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
