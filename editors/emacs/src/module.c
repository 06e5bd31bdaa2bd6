// The dynamic module `orchflow-module`: an engine in Emacs.
//
// Emacs cannot poll the engine's descriptor, so a thread does (waiter.h) and writes to a pipe that is a process of
// Emacs; the filter of that process makes the turn. Everything else happens on the thread of Emacs, within calls of
// Lisp.
//
// The functions are those of the C interface, one for one. `orchflow-engine.el` is for people.

#include "events.h"
#include "waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Emacs asks for this name; the licences are in LICENSE-MIT and LICENSE-APACHE.
__attribute__((visibility("default"))) int plugin_is_GPL_compatible;

typedef struct host {
    orch_engine *engine;
    orch_event event;
    waiter waiter;
    rows_room room;
} host;

// Ends the engine and its thread. What is left is a host without an engine, which every function refuses.
static void host_end(host *self) {
    if (self->engine == NULL) return;
    waiter_stop(&self->waiter);
    orch_engine_destroy(self->engine);
    self->engine = NULL;
    rows_room_free(&self->room);
}

static void host_free(void *pointer) EMACS_NOEXCEPT {
    host_end(pointer);
    free(pointer);
}

// The host of an argument; NULL after an error.
static host *take_host(emacs_env *env, emacs_value value) {
    if (env->get_user_finalizer(env, value) != host_free) {
        if (!failed(env)) signal_message(env, "this is not an engine");
        return NULL;
    }
    host *self = env->get_user_ptr(env, value);
    if (self == NULL || self->engine == NULL) {
        signal_message(env, "the engine has ended");
        return NULL;
    }
    return self;
}

// The value of a call: t, or an error of Lisp.
static emacs_value result(emacs_env *env, host *self, orch_status status) {
    if (status < 0) {
        signal_error(env, self->engine, status);
        return NULL;
    }
    return symbol(env, "t");
}

#define FUNCTION(name) static emacs_value name(emacs_env *env, ptrdiff_t count, emacs_value *args, void *unused)
#define BEGIN                                                 \
    (void)count, (void)unused;                                \
    host *self = take_host(env, args[0]);                     \
    if (self == NULL) return NULL

// The descriptor that Emacs reads the process from, for us to write to.
static int open_channel(emacs_env *env, emacs_value process) {
    const int channel = env->open_channel(env, process);
    if (failed(env)) return -1;
    fcntl(channel, F_SETFD, FD_CLOEXEC);
    return channel;
}

// (PROCESS INPUT-BYTES)
FUNCTION(create) {
    (void)count, (void)unused;
    orch_config config = ORCH_CONFIG_INIT;
    config.input_bytes = take_number(env, args[1]);
    if (failed(env)) return NULL;
    host *self = calloc(1, sizeof *self);
    if (self == NULL) {
        signal_message(env, "memory is used up");
        return NULL;
    }
    self->event = (orch_event)ORCH_EVENT_INIT;
    const int channel = open_channel(env, args[0]);
    if (channel < 0) {
        free(self);
        return NULL;
    }
    const orch_status status = orch_engine_create(&config, &self->engine);
    if (status != ORCH_OK) {
        signal_error(env, NULL, status);
        close(channel);
        free(self);
        return NULL;
    }
    const int error = waiter_start(&self->waiter, orch_engine_get_fd(self->engine), channel);
    if (error != 0) {
        signal_message(env, strerror(error));
        orch_engine_destroy(self->engine);
        free(self);
        return NULL;
    }
    return env->make_user_ptr(env, host_free, self);
}

FUNCTION(destroy) {
    BEGIN;
    host_end(self);
    return nil(env);
}

FUNCTION(arm) {
    BEGIN;
    waiter_arm(&self->waiter);
    return nil(env);
}

FUNCTION(turn) {
    BEGIN;
    return result(env, self, orch_engine_turn(self->engine, 0));
}

// (ENGINE): whether a turn has something to do, or an event is unread
FUNCTION(ready) {
    BEGIN;
    struct pollfd fd = {orch_engine_get_fd(self->engine), POLLIN, 0};
    return truth(env, poll(&fd, 1, 0) > 0);
}

FUNCTION(next) {
    BEGIN;
    const orch_status status = orch_engine_next_event(self->engine, &self->event);
    if (status == ORCH_DONE) return nil(env);
    if (status != ORCH_OK) return result(env, self, status);
    return event_value(env, &self->room, &self->event);
}

// Texts of a vector; `data` of each and the array are to be freed.
typedef struct words {
    orch_bytes *items;
    size_t count;
} words;

static void words_free(words *self) {
    for (size_t i = 0; i < self->count; i++) free((void *)self->items[i].data);
    free(self->items);
}

static bool take_words(emacs_env *env, emacs_value value, words *out) {
    *out = (words){NULL, 0};
    const ptrdiff_t size = env->vec_size(env, value);
    if (failed(env)) return false;
    out->items = calloc((size_t)size + 1, sizeof *out->items);
    if (out->items == NULL) {
        signal_message(env, "memory is used up");
        return false;
    }
    for (ptrdiff_t i = 0; i < size; i++) {
        if (!take_bytes(env, env->vec_get(env, value, i), &out->items[i])) return false;
        out->count++;
    }
    return true;
}

// (ENGINE ARGV ENV CWD COLS ROWS SCROLLBACK FOREGROUND BACKGROUND CLIPBOARD): a new terminal without a reader
FUNCTION(spawn) {
    BEGIN;
    words argv, environment = {NULL, 0};
    orch_bytes cwd = {NULL, 0};
    uint64_t terminal = 0;
    orch_status status = ORCH_OK;
    bool taken = take_words(env, args[1], &argv) && take_words(env, args[2], &environment) &&
                 take_bytes(env, args[3], &cwd);
    orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    screen.scrollback = taken ? take_number(env, args[6]) : 0;
    if (screen.scrollback == 0) screen.flags = ORCH_SCREEN_NO_SCROLLBACK;
    screen.foreground = (orch_color)take_number(env, args[7]);
    screen.background = (orch_color)take_number(env, args[8]);
    if (env->is_not_nil(env, args[9])) screen.flags |= ORCH_SCREEN_CLIPBOARD;
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    options.window.cols = (uint16_t)take_number(env, args[4]);
    options.window.rows = (uint16_t)take_number(env, args[5]);
    options.argv = argv.items;
    options.argv_len = argv.count;
    options.env = environment.items;
    options.env_len = environment.count;
    options.cwd = cwd;
    options.delivery = ORCH_DELIVERY_NONE;
    options.screen = &screen;
    if (!failed(env)) status = orch_terminal_spawn(self->engine, &options, &terminal);
    words_free(&argv);
    words_free(&environment);
    free((void *)cwd.data);
    if (failed(env)) return NULL;
    if (status != ORCH_OK) return result(env, self, status);
    return number(env, terminal);
}

// (ENGINE TERMINAL): a new reader of the screen
FUNCTION(attach) {
    BEGIN;
    orch_attach_options options = ORCH_ATTACH_OPTIONS_INIT;
    options.delivery = ORCH_DELIVERY_SCREEN;
    uint64_t reader = 0;
    const orch_status status = orch_terminal_attach(self->engine, take_number(env, args[1]), &options, &reader);
    return status == ORCH_OK ? number(env, reader) : result(env, self, status);
}

// (ENGINE TERMINAL BYTES): how many were accepted
FUNCTION(write_input) {
    BEGIN;
    orch_bytes bytes;
    if (!take_bytes(env, args[2], &bytes)) return NULL;
    size_t accepted = 0;
    const orch_status status =
        orch_terminal_write(self->engine, take_number(env, args[1]), bytes.data, bytes.len, &accepted);
    free((void *)bytes.data);
    return status == ORCH_OK ? number(env, accepted) : result(env, self, status);
}

// (ENGINE TERMINAL TEXT)
FUNCTION(paste) {
    BEGIN;
    orch_bytes bytes;
    if (!take_bytes(env, args[2], &bytes)) return NULL;
    const orch_status status = orch_terminal_paste(self->engine, take_number(env, args[1]), bytes.data, bytes.len);
    free((void *)bytes.data);
    return result(env, self, status);
}

// (ENGINE TERMINAL COLS ROWS)
FUNCTION(resize) {
    BEGIN;
    const orch_size window = {(uint16_t)take_number(env, args[2]), (uint16_t)take_number(env, args[3]), 0, 0};
    return result(env, self, orch_terminal_resize(self->engine, take_number(env, args[1]), window));
}

// (ENGINE TERMINAL GRACE-MS)
FUNCTION(close_terminal) {
    BEGIN;
    const uint32_t grace_ms = (uint32_t)take_number(env, args[2]);
    return result(env, self, orch_terminal_close(self->engine, take_number(env, args[1]), grace_ms));
}

// (ENGINE TERMINAL SIGNAL): to the foreground
FUNCTION(send_signal) {
    BEGIN;
    const int32_t signal = (int32_t)take_number(env, args[2]);
    const uint64_t terminal = take_number(env, args[1]);
    return result(env, self, orch_terminal_signal(self->engine, terminal, signal, ORCH_SIGNAL_FOREGROUND));
}

// (ENGINE TERMINAL)
FUNCTION(clear) {
    BEGIN;
    return result(env, self, orch_terminal_control(self->engine, take_number(env, args[1]), ORCH_CONTROL_CLEAR));
}

// (ENGINE TERMINAL FOREGROUND BACKGROUND)
FUNCTION(set_colors) {
    BEGIN;
    const orch_color foreground = (orch_color)take_number(env, args[2]);
    const orch_color background = (orch_color)take_number(env, args[3]);
    return result(env, self,
                  orch_terminal_set_colors(self->engine, take_number(env, args[1]), foreground, background,
                                           ORCH_COLOR_DEFAULT));
}

// (ENGINE READER PAUSED)
FUNCTION(pause_reader) {
    BEGIN;
    return result(env, self,
                  orch_reader_set(self->engine, take_number(env, args[1]), ORCH_READER_OPTION_PAUSED,
                                  env->is_not_nil(env, args[2])));
}

// (ENGINE TERMINAL FIRST COUNT): (BLOCKS LINE COLUMN) with the place of the last row, nil if there is none
FUNCTION(rows) {
    BEGIN;
    const intmax_t first = env->extract_integer(env, args[2]);
    const size_t wanted = take_number(env, args[3]);
    orch_rows found = {NULL, 0, 0, 0};
    const orch_status status =
        orch_terminal_get_rows(self->engine, take_number(env, args[1]), (int32_t)first, wanted, &found);
    if (status != ORCH_OK) return result(env, self, status);
    emacs_value parts[] = {rows_value(env, &self->room, &found), nil(env), nil(env)};
    if (found.row_count > 0) {
        const orch_row *last = orch_element_at(found.rows, found.row_stride, found.row_count - 1);
        if (last->line.line != ORCH_LINE_NONE) {
            parts[1] = number(env, (uint64_t)last->line.line);
            parts[2] = number(env, last->line.col);
        }
    }
    return failed(env) ? NULL : list(env, 3, parts);
}

// (ENGINE TERMINAL LINE COLUMN): the row, nil if it is gone
FUNCTION(position) {
    BEGIN;
    const orch_line_position place = {(int64_t)take_number(env, args[2]), take_number(env, args[3])};
    int32_t row = 0;
    uint32_t col = 0;
    const orch_status status =
        orch_terminal_get_position(self->engine, take_number(env, args[1]), place, &row, &col);
    if (status == ORCH_E_NOT_FOUND) return nil(env);
    return status == ORCH_OK ? env->make_integer(env, row) : result(env, self, status);
}

// (ENGINE TERMINAL): (PID FOREGROUND-PID FOREGROUND-NAME CWD HISTORY COLS ROWS HIDDEN-INPUT)
FUNCTION(terminal_state) {
    BEGIN;
    orch_terminal_state state = ORCH_TERMINAL_STATE_INIT;
    const orch_status status = orch_terminal_get_state(self->engine, take_number(env, args[1]), &state);
    if (status != ORCH_OK) return result(env, self, status);
    emacs_value parts[] = {
        env->make_integer(env, state.pid),
        env->make_integer(env, state.foreground_pid),
        octets(env, state.foreground_name),
        octets(env, state.cwd),
        number(env, state.history),
        number(env, state.window.cols),
        number(env, state.window.rows),
        truth(env, state.flags & ORCH_TERMINAL_HIDDEN_INPUT),
    };
    return list(env, sizeof parts / sizeof *parts, parts);
}

// (ENGINE ROOTS IGNORE FLAGS WINDOW-MS): a new watch
FUNCTION(watch_add) {
    BEGIN;
    words roots, ignore = {NULL, 0};
    const bool taken = take_words(env, args[1], &roots) && take_words(env, args[2], &ignore);
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    options.roots = roots.items;
    options.root_count = roots.count;
    options.ignore = ignore.items;
    options.ignore_count = ignore.count;
    options.flags = taken ? (orch_watch_flags)take_number(env, args[3]) : 0;
    options.window_ms = taken ? (uint32_t)take_number(env, args[4]) : 0;
    uint64_t watch = 0;
    orch_status status = ORCH_OK;
    if (!failed(env)) status = orch_watch_add(self->engine, &options, &watch);
    words_free(&roots);
    words_free(&ignore);
    if (failed(env)) return NULL;
    return status == ORCH_OK ? number(env, watch) : result(env, self, status);
}

FUNCTION(watch_remove) {
    BEGIN;
    return result(env, self, orch_watch_remove(self->engine, take_number(env, args[1])));
}

// (ENGINE WATCH TAG)
FUNCTION(watch_sync) {
    BEGIN;
    const uint64_t tag = take_number(env, args[2]);
    return result(env, self, orch_watch_sync(self->engine, take_number(env, args[1]), tag));
}

// (ENGINE WATCH): a list of (PATH TYPE BYTES MTIME-NS) of all that the tree has
FUNCTION(watch_entries) {
    BEGIN;
    const uint64_t watch = take_number(env, args[1]);
    orch_file_cursor cursor = {0, 0, 0};
    orch_file_changes changes = ORCH_FILE_CHANGES_INIT;
    emacs_value found = nil(env);
    do {
        const orch_status status = orch_watch_get_changes(self->engine, watch, &cursor, 0, &changes);
        if (status != ORCH_OK) return result(env, self, status);
        for (size_t i = 0; i < changes.entry_count && !failed(env); i++) {
            const orch_file_entry *entry = orch_element_at(changes.entries, changes.entry_stride, i);
            static const char *const types[] = {"other", "file", "directory", "symlink", "other"};
            emacs_value parts[] = {
                octets(env, entry->path),
                symbol(env, types[entry->file_type <= 4 ? entry->file_type : 0]),
                number(env, entry->bytes),
                env->make_integer(env, entry->modified_ns),
            };
            emacs_value both[] = {list(env, 4, parts), found};
            found = call(env, "cons", 2, both);
        }
    } while (changes.more && !failed(env));
    return found;
}

// (ENGINE): (TURNS ARMED WOKEN INVARIANTS-BROKEN LOG-BYTES SCREEN-BYTES)
FUNCTION(stats) {
    BEGIN;
    orch_engine_stats found = ORCH_ENGINE_STATS_INIT;
    const orch_status status = orch_engine_get_stats(self->engine, &found);
    if (status != ORCH_OK) return result(env, self, status);
    emacs_value parts[] = {
        number(env, found.turns),
        number(env, atomic_load(&self->waiter.armed)),
        number(env, atomic_load(&self->waiter.woken)),
        number(env, found.invariants_broken),
        number(env, found.log_bytes),
        number(env, found.screen_bytes),
    };
    return list(env, sizeof parts / sizeof *parts, parts);
}

static emacs_value version(emacs_env *env, ptrdiff_t count, emacs_value *args, void *unused) {
    (void)count, (void)args, (void)unused;
    return text(env, orch_str(orch_library_get_version()));
}

static const struct {
    const char *name;
    emacs_value (*function)(emacs_env *, ptrdiff_t, emacs_value *, void *);
    ptrdiff_t arity;
} functions[] = {
    {"create", create, 2},
    {"destroy", destroy, 1},
    {"arm", arm, 1},
    {"turn", turn, 1},
    {"ready", ready, 1},
    {"next", next, 1},
    {"spawn", spawn, 10},
    {"attach", attach, 2},
    {"write", write_input, 3},
    {"paste", paste, 3},
    {"resize", resize, 4},
    {"close", close_terminal, 3},
    {"signal", send_signal, 3},
    {"clear", clear, 2},
    {"set-colors", set_colors, 4},
    {"pause-reader", pause_reader, 3},
    {"rows", rows, 4},
    {"position", position, 4},
    {"terminal-state", terminal_state, 2},
    {"watch-add", watch_add, 5},
    {"watch-remove", watch_remove, 2},
    {"watch-sync", watch_sync, 3},
    {"watch-entries", watch_entries, 2},
    {"stats", stats, 1},
    {"version", version, 0},
};

// `orchflow-module-NAME` for each function. What Emacs cannot give this module is an error number that `module-load`
// reports: 1 for another Emacs, 2 for one before 28.
__attribute__((visibility("default"))) int emacs_module_init(struct emacs_runtime *runtime) EMACS_NOEXCEPT {
    if (runtime->size < (ptrdiff_t)sizeof *runtime) return 1;
    emacs_env *env = runtime->get_environment(runtime);
    if (env->size < (ptrdiff_t)sizeof(struct emacs_env_28)) return 2;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const char *prefix = "orchflow-module-";
        char name[64];
        memcpy(name, prefix, strlen(prefix));
        memcpy(name + strlen(prefix), functions[i].name, strlen(functions[i].name) + 1);
        const ptrdiff_t arity = functions[i].arity;
        emacs_value both[] = {symbol(env, name),
                              env->make_function(env, arity, arity, functions[i].function, NULL, NULL)};
        call(env, "defalias", 2, both);
    }
    emacs_value feature[] = {symbol(env, "orchflow-module")};
    call(env, "provide", 1, feature);
    return 0;
}
