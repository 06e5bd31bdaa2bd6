"""A host with a loop of its own: runs commands at once, and reports each line and each exit.

    python examples/poll_host.py 'echo one; exit 3' 'echo two'

The engine's descriptor is polled beside the host's own, here a pipe by which a signal ends it.
"""

import os
import select
import signal
import sys

from orchflow import Engine, Exited, Output


def main(commands: list[str]) -> int:
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGTERM, lambda *_: None)

    with Engine() as engine:
        for number, command in enumerate(commands):
            engine.spawn(["/bin/sh", "-c", command], tag=number)
        poll = select.poll()
        poll.register(engine, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        running, worst = len(commands), 0
        while running:
            if any(fd == wake_read for fd, _ in poll.poll()):
                return 143
            engine.turn()
            for event in engine.events():
                if isinstance(event, Output):
                    for line in event.data.decode(errors="replace").splitlines():
                        print(f"{event.tag}: {line}")
                elif isinstance(event, Exited):
                    print(f"{event.tag}: exit {event.exit.status}")
                    worst = max(worst, event.exit.status or 0)
                    running -= 1
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["echo hello"]))
