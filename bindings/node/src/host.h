// host.h: an engine as the addon holds it, and the parts of the addon.
//
// The descriptor of an engine is polled by the loop of the thread that made it (uv_poll). When it is readable, the
// addon makes one turn and calls the function `dispatch` of JavaScript for each event. There is no timer and no
// thread.

#ifndef ORCHFLOW_NODE_HOST_H
#define ORCHFLOW_NODE_HOST_H

#include "values.h"

#include <uv.h>

typedef struct host {
    // NULL once it is destroyed.
    orch_engine *engine;
    napi_env env;
    // The function that gets the events.
    napi_ref dispatch;
    napi_async_cleanup_hook_handle hook;
    uv_poll_t poll;
    // The poll handle, and the object of JavaScript; the last one to go frees the memory.
    unsigned owners;
    bool is_closing;
    // How often the loop has called us.
    uint64_t wakeups;
} host;

// Takes the arguments of a method of an engine and its host. False: an exception is thrown.
bool method_start(napi_env env, napi_callback_info info, size_t wanted, arguments *out, host **out_host);
// Throws what the engine says of its last error. Does nothing for a success. Returns whether it was one.
bool check(host *host, orch_status status);
// An OrchflowError.
napi_value make_error(napi_env env, orch_status status, int32_t os_error, orch_bytes message);

// host.c
napi_status host_define(napi_env env, napi_value exports);

// Each defines methods: the arrays end with an element without a name.
extern const napi_property_descriptor ENGINE_METHODS[];
extern const napi_property_descriptor TERMINAL_METHODS[];
extern const napi_property_descriptor SCREEN_METHODS[];
extern const napi_property_descriptor WATCH_METHODS[];

// config.c
bool take_config(napi_env env, napi_value object, orch_config *out);

// events.c
napi_value make_event(napi_env env, const orch_event *event, uint64_t *out_reader, uint64_t *out_offset);
napi_value make_health(napi_env env, const orch_part_health *health);

// screen.c
bool take_screen_options(napi_env env, napi_value object, orch_screen_options *out);
napi_value make_update(napi_env env, const orch_screen_update *update);
napi_value make_place(napi_env env, orch_line_position position);

// watch.c
napi_value make_batch(napi_env env, const orch_event_watch_batch *batch);
napi_value make_version(napi_env env, orch_file_version version);

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_default_method, NULL}
#define METHODS_END {NULL, NULL, NULL, NULL, NULL, NULL, napi_default, NULL}

#endif
