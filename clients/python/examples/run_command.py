"""Runs a command in a terminal of the engine: run_command.py ADDRESS COMMAND"""

import asyncio
import sys

from orchflow_client import OrchflowError, connect


async def main(address: str, command: str) -> int:
    async with connect(address) as client:
        try:
            result = await asyncio.wait_for(client.run(command), timeout=600)
        except OrchflowError as error:
            print(error, file=sys.stderr)
            return 125
        print(result.text, end="")
        return 1 if result.status is None else result.status


sys.exit(asyncio.run(main(*sys.argv[1:])))
