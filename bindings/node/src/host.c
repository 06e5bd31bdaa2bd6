// host.c: an engine on the loop of Node, from its making to its end.

#include "host.h"

#include <stdlib.h>
#include <string.h>

static void release(host *self) {
    if (--self->owners == 0) free(self);
}

// The class of errors is made in JavaScript, in each environment.
static napi_ref error_class(napi_env env) {
    void *data = NULL;
    napi_get_instance_data(env, &data);
    return data;
}

napi_value make_error(napi_env env, orch_status status, int32_t os_error, orch_bytes message) {
    napi_value constructor, error = NULL;
    napi_value fields[3];
    const char *code = orch_status_get_name(status);
    napi_create_string_utf8(env, code, strlen(code), &fields[0]);
    fields[1] = make_text(env, message);
    fields[2] = make_number(env, os_error);
    napi_get_reference_value(env, error_class(env), &constructor);
    napi_new_instance(env, constructor, 3, fields, &error);
    return error;
}

bool check(host *self, orch_status status) {
    if (status >= 0) return true;
    orch_error error = ORCH_ERROR_INIT;
    if (orch_error_get(self->engine, &error) != ORCH_OK || error.status != status) {
        error = (orch_error)ORCH_ERROR_INIT;
        error.message = orch_str(orch_status_get_name(status));
    }
    napi_throw(self->env, make_error(self->env, status, error.os_error, error.message));
    return false;
}

bool method_start(napi_env env, napi_callback_info info, size_t wanted, arguments *out, host **out_host) {
    if (!arguments_take(env, info, out)) return false;
    void *wrapped = NULL;
    if (napi_unwrap(env, out->self, &wrapped) != napi_ok) {
        throw_type(env, "this", "an engine");
        return false;
    }
    host *self = wrapped;
    if (!self->engine) {
        napi_throw(env, make_error(env, ORCH_E_GONE, 0, orch_str("the engine is destroyed")));
        return false;
    }
    if (out->count < wanted) {
        throw_type(env, "arguments", "as many as declared");
        return false;
    }
    *out_host = self;
    return true;
}

// An exception of a listener is an uncaught exception of the process, as for every event of Node.
static bool report_exception(napi_env env) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) != napi_ok) return false;
    return napi_fatal_exception(env, error) == napi_ok;
}

// Calls JavaScript. False: this environment runs no more JavaScript.
static bool call_dispatch(host *self, uint32_t kind, uint64_t source, napi_value value, uint64_t reader,
                          uint64_t offset) {
    napi_env env = self->env;
    napi_value receiver, function;
    napi_value arguments[5];
    if (napi_get_global(env, &receiver) != napi_ok) return false;
    if (napi_get_reference_value(env, self->dispatch, &function) != napi_ok) return false;
    arguments[0] = make_number(env, kind);
    arguments[1] = make_number(env, (double)source);
    arguments[2] = value;
    arguments[3] = make_number(env, (double)reader);
    arguments[4] = make_number(env, (double)offset);
    napi_status status = napi_make_callback(env, NULL, receiver, function, 5, arguments, NULL);
    if (status == napi_pending_exception) return report_exception(env);
    return status == napi_ok;
}

static bool deliver(host *self, const orch_event *event) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(self->env, &scope) != napi_ok) return false;
    uint64_t reader = 0, offset = 0;
    napi_value value = make_event(self->env, event, &reader, &offset);
    bool goes_on = value && call_dispatch(self, event->kind, event->source, value, reader, offset);
    napi_close_handle_scope(self->env, scope);
    return goes_on;
}

// The engine itself fails: that is an event of the kind 0 with the error.
static void deliver_failure(host *self, orch_status status) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(self->env, &scope) != napi_ok) return;
    uv_poll_stop(&self->poll);
    orch_error error = ORCH_ERROR_INIT;
    if (orch_error_get(self->engine, &error) != ORCH_OK) error.message = orch_str("the engine has failed");
    call_dispatch(self, 0, 0, make_error(self->env, status, error.os_error, error.message), 0, 0);
    napi_close_handle_scope(self->env, scope);
}

static void on_readable(uv_poll_t *poll, int uv_status, int uv_events) {
    host *self = poll->data;
    (void)uv_events;
    self->wakeups++;
    orch_status status = uv_status < 0 ? ORCH_E_SYSTEM : orch_engine_turn(self->engine, 0);
    orch_event event = ORCH_EVENT_INIT;
    // A listener may destroy the engine.
    while (status == ORCH_OK && self->engine) {
        status = orch_engine_next_event(self->engine, &event);
        if (status == ORCH_OK && !deliver(self, &event)) return;
    }
    if (status < 0 && self->engine) deliver_failure(self, status);
}

static void on_closed(uv_handle_t *poll) {
    host *self = poll->data;
    napi_remove_async_cleanup_hook(self->hook);
    release(self);
}

static void close_host(host *self, bool destroy) {
    if (self->is_closing) return;
    self->is_closing = true;
    uv_poll_stop(&self->poll);
    if (destroy) orch_engine_destroy(self->engine);
    self->engine = NULL;
    uv_close((uv_handle_t *)&self->poll, on_closed);
}

// The environment ends. The thread of a worker goes and the process stays, so its engine is destroyed. When the
// process ends, the kernel closes the terminals, and programs get a hangup and time to save, as from node-pty.
static void on_teardown(napi_async_cleanup_hook_handle hook, void *data) {
    host *self = data;
    (void)hook;
    close_host(self, self->poll.loop != uv_default_loop());
}

static void on_collected(napi_env env, void *data, void *hint) {
    host *self = data;
    (void)hint;
    if (self->dispatch) napi_delete_reference(env, self->dispatch);
    self->dispatch = NULL;
    release(self);
}

// What `new Engine(config, dispatch)` does once the engine is there. False: nothing is left to undo but the engine.
static bool start_host(host *self, arguments *args) {
    napi_env env = args->env;
    uv_loop_t *loop = NULL;
    self->env = env;
    self->poll.data = self;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) return false;
    if (napi_create_reference(env, args->at[1], 1, &self->dispatch) != napi_ok) return false;
    if (uv_poll_init(loop, &self->poll, orch_engine_get_fd(self->engine)) != 0) return false;
    self->owners = 1;
    if (napi_add_async_cleanup_hook(env, on_teardown, self, &self->hook) != napi_ok) abort();
    if (napi_wrap(env, args->self, self, on_collected, NULL, NULL) != napi_ok) abort();
    self->owners = 2;
    uv_unref((uv_handle_t *)&self->poll);
    return uv_poll_start(&self->poll, UV_READABLE, on_readable) == 0;
}

static napi_value construct(napi_env env, napi_callback_info info) {
    arguments args;
    if (!arguments_take(env, info, &args)) return NULL;
    orch_config config = ORCH_CONFIG_INIT;
    if (is_given(env, args.at[0]) && !take_config(env, args.at[0], &config)) return NULL;
    napi_valuetype type = napi_undefined;
    napi_typeof(env, args.at[1], &type);
    if (type != napi_function) {
        throw_type(env, "dispatch", "a function");
        return NULL;
    }
    host *self = calloc(1, sizeof *self);
    if (!self) abort();
    self->env = env;
    orch_status status = orch_engine_create(&config, &self->engine);
    if (!check(self, status)) {
        free(self);
        return NULL;
    }
    if (start_host(self, &args)) return args.self;
    napi_throw_error(env, "ORCH_E_SYSTEM", "the descriptor of the engine cannot be polled");
    if (self->owners) {
        close_host(self, true);
    } else {
        orch_engine_destroy(self->engine);
        free(self);
    }
    return NULL;
}

static napi_value destroy(napi_env env, napi_callback_info info) {
    arguments args;
    void *wrapped = NULL;
    if (!arguments_take(env, info, &args)) return NULL;
    if (napi_unwrap(env, args.self, &wrapped) == napi_ok) close_host(wrapped, true);
    return NULL;
}

static napi_value set_ref(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    bool yes = false;
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    napi_get_value_bool(env, args.at[0], &yes);
    if (yes) uv_ref((uv_handle_t *)&self->poll);
    if (!yes) uv_unref((uv_handle_t *)&self->poll);
    return NULL;
}

static napi_value get_wakeups(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    if (!method_start(env, info, 0, &args, &self)) return NULL;
    return make_number(env, (double)self->wakeups);
}

enum { METHODS_MAX = 64 };

static void add(napi_property_descriptor *all, size_t *count, const napi_property_descriptor *some) {
    for (; some->utf8name; some++) {
        if (*count == METHODS_MAX) abort();
        all[(*count)++] = *some;
    }
}

napi_status host_define(napi_env env, napi_value exports) {
    static const napi_property_descriptor OWN[] = {
        METHOD("destroy", destroy),
        METHOD("setRef", set_ref),
        METHOD("wakeups", get_wakeups),
        METHODS_END,
    };
    napi_property_descriptor all[METHODS_MAX];
    size_t count = 0;
    add(all, &count, OWN);
    add(all, &count, ENGINE_METHODS);
    add(all, &count, TERMINAL_METHODS);
    add(all, &count, SCREEN_METHODS);
    add(all, &count, WATCH_METHODS);
    napi_value constructor;
    napi_status status =
        napi_define_class(env, "Engine", NAPI_AUTO_LENGTH, construct, NULL, count, all, &constructor);
    return status == napi_ok ? napi_set_named_property(env, exports, "Engine", constructor) : status;
}
