// terminal.c: methods about terminals and their readers.

#include "host.h"

// Takes the id that every method here begins with.
static bool terminal_start(napi_env env, napi_callback_info info, size_t wanted, arguments *args, host **self,
                           uint64_t *id) {
    return method_start(env, info, wanted, args, self) && take_id(env, args->at[0], id);
}

static bool take_window(napi_env env, napi_value object, orch_size *out) {
    return field_u16(env, object, "cols", &out->cols) && field_u16(env, object, "rows", &out->rows) &&
           field_u16(env, object, "pixelWidth", &out->pixel_width) &&
           field_u16(env, object, "pixelHeight", &out->pixel_height);
}

static bool take_retry(napi_env env, napi_value object, orch_restart_options *out) {
    double stable_ms = 0;
    if (!field_u32(env, object, "flags", &out->flags) || !field_u32(env, object, "keepEnded", &out->keep_ended)) {
        return false;
    }
    if (!field_number(env, object, "stableAfterMs", 365.0 * 86400000.0, &stable_ms)) return false;
    out->stable_after_ns = (uint64_t)stable_ms * 1000000;
    return true;
}

static bool take_spawn(napi_env env, napi_value object, arena *memory, orch_spawn_options *out) {
    napi_value value;
    bool given;
    if (!field_list(env, object, "argv", memory, &out->argv, &out->argv_len)) return false;
    if (!field_list(env, object, "env", memory, &out->env, &out->env_len)) return false;
    if (!field_u32(env, object, "envClear", &out->env_clear)) return false;
    if (!field_u32(env, object, "delivery", &out->delivery)) return false;
    if (!field_bytes(env, object, "cwd", memory, &out->cwd)) return false;
    if (!take_window(env, object, &out->window)) return false;
    if (!field_size(env, object, "logBytes", &out->log_bytes)) return false;
    if (!field(env, object, "screen", &value, &given)) return false;
    if (given) {
        orch_screen_options *screen = arena_take(memory, sizeof *screen);
        *screen = (orch_screen_options)ORCH_SCREEN_OPTIONS_INIT;
        if (!take_screen_options(env, value, screen)) return false;
        out->screen = screen;
    }
    if (!field(env, object, "restart", &value, &given)) return false;
    if (given) {
        orch_restart_options *restart = arena_take(memory, sizeof *restart);
        *restart = (orch_restart_options)ORCH_RESTART_OPTIONS_INIT;
        if (!take_retry(env, value, restart)) return false;
        out->restart = restart;
    }
    return true;
}

static napi_value spawn(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    arena memory = {NULL};
    uint64_t id = 0;
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    bool done = take_spawn(env, args.at[0], &memory, &options) &&
                check(self, orch_terminal_spawn(self->engine, &options, &id));
    arena_free(&memory);
    return done ? make_number(env, (double)id) : NULL;
}

static napi_value adopt(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    double fd, pid = 0;
    uint64_t id = 0;
    napi_value screen;
    bool given;
    if (!method_start(env, info, 2, &args, &self)) return NULL;
    orch_adopt_options options = ORCH_ADOPT_OPTIONS_INIT;
    orch_screen_options screen_options = ORCH_SCREEN_OPTIONS_INIT;
    if (!take_number(env, args.at[0], "fd", 0, INT32_MAX, &fd)) return NULL;
    if (!field_number(env, args.at[1], "pid", INT32_MAX, &pid)) return NULL;
    if (!field_u32(env, args.at[1], "delivery", &options.delivery)) return NULL;
    if (!field_size(env, args.at[1], "logBytes", &options.log_bytes)) return NULL;
    if (!take_window(env, args.at[1], &options.window)) return NULL;
    if (!field(env, args.at[1], "screen", &screen, &given)) return NULL;
    if (given && !take_screen_options(env, screen, &screen_options)) return NULL;
    if (given) options.screen = &screen_options;
    options.pid = (int32_t)pid;
    if (!check(self, orch_terminal_adopt(self->engine, (int32_t)fd, &options, &id))) return NULL;
    return make_number(env, (double)id);
}

static napi_value write_bytes(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_bytes bytes;
    arena memory = {NULL};
    size_t accepted = 0;
    if (!terminal_start(env, info, 2, &args, &self, &id)) return NULL;
    bool done = take_bytes(env, args.at[1], "data", &memory, &bytes) &&
                check(self, orch_terminal_write(self->engine, id, bytes.data, bytes.len, &accepted));
    arena_free(&memory);
    return done ? make_number(env, (double)accepted) : NULL;
}

static napi_value paste(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_bytes bytes;
    arena memory = {NULL};
    if (!terminal_start(env, info, 2, &args, &self, &id)) return NULL;
    if (take_bytes(env, args.at[1], "text", &memory, &bytes)) {
        check(self, orch_terminal_paste(self->engine, id, bytes.data, bytes.len));
    }
    arena_free(&memory);
    return NULL;
}

static napi_value resize(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_size window = {0, 0, 0, 0};
    if (!terminal_start(env, info, 2, &args, &self, &id) || !take_window(env, args.at[1], &window)) return NULL;
    check(self, orch_terminal_resize(self->engine, id, window));
    return NULL;
}

static napi_value signal_program(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t signal, target;
    if (!terminal_start(env, info, 3, &args, &self, &id)) return NULL;
    if (!take_u32(env, args.at[1], "signal", &signal) || !take_u32(env, args.at[2], "target", &target)) return NULL;
    check(self, orch_terminal_signal(self->engine, id, (int32_t)signal, target));
    return NULL;
}

static napi_value control(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t what;
    if (!terminal_start(env, info, 2, &args, &self, &id) || !take_u32(env, args.at[1], "control", &what)) return NULL;
    check(self, orch_terminal_control(self->engine, id, what));
    return NULL;
}

static napi_value set_option(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t option, value;
    if (!terminal_start(env, info, 3, &args, &self, &id)) return NULL;
    if (!take_u32(env, args.at[1], "option", &option) || !take_u32(env, args.at[2], "value", &value)) return NULL;
    check(self, orch_terminal_set(self->engine, id, option, value));
    return NULL;
}

static napi_value close_terminal(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t grace_ms;
    if (!terminal_start(env, info, 2, &args, &self, &id)) return NULL;
    if (!take_u32(env, args.at[1], "graceMs", &grace_ms)) return NULL;
    check(self, orch_terminal_close(self->engine, id, grace_ms));
    return NULL;
}

static void put_screen_state(napi_env env, napi_value value, const orch_terminal_state *state) {
    put_text(env, value, "title", state->title);
    put_text(env, value, "reportedCwd", state->reported_cwd);
    put_number(env, value, "modes", state->modes);
    put_number(env, value, "history", (double)state->history);
    put_nanoseconds(env, value, "commandForMs", state->command_for_ns);
    put(env, value, "lastExitCode",
        state->flags & ORCH_TERMINAL_HAS_EXIT_CODE ? make_number(env, state->last_exit_code) : make_null(env));
    put_number(env, value, "progress", state->progress);
    put_number(env, value, "progressPercent", state->progress_percent);
}

static napi_value make_readers(napi_env env, const orch_terminal_state *state) {
    napi_value readers = make_array(env, state->reader_count);
    for (size_t i = 0; i < state->reader_count; i++) {
        const orch_reader_state *reader = orch_element_at(state->readers, state->reader_stride, i);
        napi_value value = make_object(env);
        put_number(env, value, "reader", (double)reader->reader);
        put_number(env, value, "delivery", reader->delivery);
        put_bool(env, value, "paused", reader->paused);
        put_number(env, value, "offset", (double)reader->offset);
        put_number(env, value, "backlog", (double)reader->backlog);
        napi_set_element(env, readers, (uint32_t)i, value);
    }
    return readers;
}

static napi_value make_state(napi_env env, const orch_terminal_state *state) {
    napi_value value = make_object(env);
    put_number(env, value, "pid", state->pid);
    put_number(env, value, "foregroundPid", state->foreground_pid);
    put_text(env, value, "foregroundName", state->foreground_name);
    put_text(env, value, "cwd", state->cwd);
    put_number(env, value, "cols", state->window.cols);
    put_number(env, value, "rows", state->window.rows);
    put_number(env, value, "flags", state->flags);
    put_number(env, value, "exitKind", state->exit_kind);
    put_number(env, value, "exitValue", state->exit_value);
    put_bool(env, value, "coreDumped", state->core_dumped);
    put_number(env, value, "logStart", (double)state->log_start);
    put_number(env, value, "logEnd", (double)state->log_end);
    put_number(env, value, "inputBytes", (double)state->input_bytes);
    put_number(env, value, "inputWaiting", (double)state->input_waiting);
    put_nanoseconds(env, value, "sinceInputMs", state->since_input_ns);
    put_nanoseconds(env, value, "sinceOutputMs", state->since_output_ns);
    put(env, value, "readers", make_readers(env, state));
    if (state->flags & ORCH_TERMINAL_HAS_SCREEN) put_screen_state(env, value, state);
    return value;
}

static napi_value get_state(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_terminal_state state = ORCH_TERMINAL_STATE_INIT;
    if (!terminal_start(env, info, 1, &args, &self, &id)) return NULL;
    if (!check(self, orch_terminal_get_state(self->engine, id, &state))) return NULL;
    return make_state(env, &state);
}

// The same bytes into many terminals: a status for each.
static napi_value write_many(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    arena memory = {NULL};
    orch_bytes bytes;
    uint32_t count = 0;
    napi_value value = NULL;
    if (!method_start(env, info, 2, &args, &self)) return NULL;
    napi_get_array_length(env, args.at[0], &count);
    uint64_t *ids = arena_take(&memory, (count + 1) * sizeof *ids);
    orch_status *statuses = arena_take(&memory, (count + 1) * sizeof *statuses);
    bool taken = take_bytes(env, args.at[1], "data", &memory, &bytes);
    for (uint32_t i = 0; taken && i < count; i++) {
        napi_value id;
        taken = napi_get_element(env, args.at[0], i, &id) == napi_ok && take_id(env, id, &ids[i]);
    }
    if (taken && check(self, orch_terminal_write_many(self->engine, ids, count, bytes.data, bytes.len, statuses, NULL))) {
        value = make_array(env, count);
        for (uint32_t i = 0; i < count; i++) {
            napi_set_element(env, value, i, make_text(env, orch_str(orch_status_get_name(statuses[i]))));
        }
    }
    arena_free(&memory);
    return value;
}

static napi_value attach(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id, reader = 0;
    orch_attach_options options = ORCH_ATTACH_OPTIONS_INIT;
    if (!terminal_start(env, info, 2, &args, &self, &id)) return NULL;
    napi_value object = args.at[1];
    if (!field_u32(env, object, "delivery", &options.delivery) || !field_u32(env, object, "start", &options.start) ||
        !field_u64(env, object, "offset", &options.offset) ||
        !field_u32(env, object, "intervalUs", &options.interval_us) ||
        !field_u32(env, object, "downgradeAgeMs", &options.downgrade_age_ms) ||
        !field_u64(env, object, "downgradeBytes", &options.downgrade_bytes) ||
        !field_size(env, object, "scrollback", &options.scrollback) ||
        !field_u32(env, object, "flags", &options.flags)) {
        return NULL;
    }
    if (!check(self, orch_terminal_attach(self->engine, id, &options, &reader))) return NULL;
    return make_number(env, (double)reader);
}

static napi_value detach(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t reader;
    if (terminal_start(env, info, 1, &args, &self, &reader)) check(self, orch_reader_detach(self->engine, reader));
    return NULL;
}

static napi_value set_reader(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t reader;
    uint32_t option, value;
    if (!terminal_start(env, info, 3, &args, &self, &reader)) return NULL;
    if (!take_u32(env, args.at[1], "option", &option) || !take_u32(env, args.at[2], "value", &value)) return NULL;
    check(self, orch_reader_set(self->engine, reader, option, value));
    return NULL;
}

static napi_value request_snapshot(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t reader;
    uint32_t scrollback;
    if (!terminal_start(env, info, 2, &args, &self, &reader)) return NULL;
    if (!take_u32(env, args.at[1], "scrollback", &scrollback)) return NULL;
    check(self, orch_reader_request_snapshot(self->engine, reader, scrollback));
    return NULL;
}

const napi_property_descriptor TERMINAL_METHODS[] = {
    METHOD("spawn", spawn),
    METHOD("adopt", adopt),
    METHOD("write", write_bytes),
    METHOD("paste", paste),
    METHOD("resize", resize),
    METHOD("signal", signal_program),
    METHOD("control", control),
    METHOD("set", set_option),
    METHOD("close", close_terminal),
    METHOD("state", get_state),
    METHOD("writeMany", write_many),
    METHOD("attach", attach),
    METHOD("detach", detach),
    METHOD("setReader", set_reader),
    METHOD("requestSnapshot", request_snapshot),
    METHODS_END,
};
