"""The peer of benches/serve: a topic of uWebSockets that everybody who connects subscribes to.

What one client sends is published to all of them. The library is the one in the package `socketify`, driven
by its own loop: Python runs once for each message that comes in and not for those that go out.

Prints port=N; ends when its standard input does.
"""

import os
import sys
import threading

from socketify.native import ffi, lib

TOPIC = b"all"


@ffi.callback("void(uws_res_t *, uws_req_t *, uws_socket_context_t *, void *)")
def on_upgrade(response, request, context, _data):
    slot = ffi.new("const char **")

    def header(name):
        length = lib.uws_req_get_header(request, name, len(name), slot)
        return ffi.buffer(slot[0], length)[:] if length else b""

    key = header(b"sec-websocket-key")
    lib.uws_res_upgrade(0, response, ffi.NULL, key, len(key), b"", 0, b"", 0, context)


@ffi.callback("void(uws_websocket_t *, void *)")
def on_open(socket, _data):
    lib.uws_ws_subscribe(0, socket, TOPIC, len(TOPIC))


@ffi.callback("void(uws_websocket_t *, const char *, size_t, uws_opcode_t, void *)")
def on_message(_socket, message, length, opcode, _data):
    lib.uws_publish(0, app, TOPIC, len(TOPIC), message, length, opcode, False)


@ffi.callback("void(struct us_listen_socket_t *, uws_app_listen_config_t, void *)")
def on_listen(socket, _config, _data):
    print(f"port={lib.us_socket_local_port(0, socket)}", flush=True)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
loop = lib.socketify_create_loop()
lib.uws_get_loop_with_native(lib.socketify_get_native_loop(loop))
app = lib.uws_create_app(0, ffi.new("struct us_socket_context_options_t *")[0])
behavior = ffi.new("uws_socket_behavior_t *")
behavior.maxPayloadLength = 1 << 20
behavior.maxBackpressure = 1 << 20
behavior.upgrade = on_upgrade
behavior.open = on_open
behavior.message = on_message
lib.uws_ws(0, app, b"/*", behavior[0], ffi.NULL)
host = ffi.new("char[]", b"127.0.0.1")
lib.uws_app_listen_with_config(0, app, {"port": 0, "host": host, "options": 0}, on_listen, ffi.NULL)
lib.socketify_loop_run(loop, lib.SOCKETIFY_RUN_DEFAULT)
