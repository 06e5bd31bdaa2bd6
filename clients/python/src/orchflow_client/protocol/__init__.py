"""The messages of docs/PROTOCOL.md, their two encodings, frames, and the hash of the state.

Most programs need only `orchflow_client` itself. A message here is a dictionary as in JSON, with its name
under `type`, except that a value of the type `bytes` is `bytes`.
"""

from .digest import digest
from .frames import Codec, Frames, Output, input_frame
from .schema import CLIENT, SCHEMA, SERVER

__all__ = [
    "CLIENT",
    "SCHEMA",
    "SERVER",
    "Codec",
    "Frames",
    "Output",
    "digest",
    "input_frame",
]
