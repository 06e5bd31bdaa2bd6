"""Shows what a terminal shows, here and now: follow_terminal.py ADDRESS [TERMINAL]"""

import asyncio
import sys

from orchflow_client import connect


async def main(address: str, number: str = "") -> None:
    async with connect(address) as client:
        terminal = int(number) if number else next(iter(client.state.terminals))
        async with client.attach_screen(terminal) as screen:
            async for _ in screen:
                print(f"\033[H\033[2J{screen.text()}", flush=True)
        print(f"ended: status {(await screen.wait_ended()).status}")


asyncio.run(main(*sys.argv[1:]))
