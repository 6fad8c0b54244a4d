"""`make bench`: run every benchmark here, or those whose names are given."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

BENCHMARKS = sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py"))


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BENCHMARKS):
        print(
            f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr
        )
        return 2
    for name in names or BENCHMARKS:
        import_module(f"tests.bench.bench_{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
