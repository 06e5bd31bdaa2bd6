"""Prints what changes below a directory, until it is interrupted or `--count` changes have come.

python examples/watch.py [--count N] [DIRECTORY]
"""

import argparse
import asyncio
import contextlib

from orchflow import AsyncEngine


async def main(directory: str, count: int) -> None:
    async with AsyncEngine() as engine, engine.watch(directory) as watch:
        print(f"watching {len(watch.tree().entries)} entries", flush=True)
        seen = 0
        async for batch in watch:
            for event in batch.events:
                source = f"{event.source} -> " if event.source else ""
                print(f"{event.change} {source}{event.path}", flush=True)
            for summary in batch.summaries:
                total = summary.created + summary.modified + summary.deleted + summary.renamed
                print(f"{total} more changes in {summary.directory}", flush=True)
            seen += batch.original_events
            if 0 < count <= seen:
                return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Prints what changes below a directory.")
    parser.add_argument("directory", nargs="?", default=".")
    parser.add_argument("--count", type=int, default=0)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(arguments.directory, arguments.count))
