// A small host for the tests: makes engines, starts programs and waits for events.
//
// It waits with poll(2) on the engine's descriptor and without a timeout, so each of its waits also
// tests that the descriptor becomes readable when it should. An unexpected log line is a failure.

#ifndef ORCHFLOW_TEST_HOST_H
#define ORCHFLOW_TEST_HOST_H

#include "check.h"

#include <errno.h>
#include <orchflow.h>
#include <poll.h>
#include <sys/wait.h>

// What structs measured in their first published version: the smallest size that the library takes.
#define HOST_FIRST_CONFIG 120
#define HOST_FIRST_SPAWN_OPTIONS 88
#define HOST_FIRST_ADOPT_OPTIONS 40
#define HOST_FIRST_ATTACH_OPTIONS 24
#define HOST_FIRST_OP 48
#define HOST_FIRST_EVENT 40
#define HOST_FIRST_WATCH_OPTIONS 96
#define HOST_FIRST_WATCH_STATE 144
#define HOST_FIRST_STATE 160
#define HOST_FIRST_PEER_OPTIONS 112
#define HOST_FIRST_PEER_ATTACH_OPTIONS 40
#define HOST_FIRST_LISTENER_OPTIONS 64
#define HOST_FIRST_REQUEST 160
#define HOST_FIRST_SEARCH 48
#define HOST_FIRST_MATCHES 40
#define HOST_FIRST_SNAPSHOT 40
#define HOST_FIRST_SCREEN_UPDATE 136

// Output that a test has collected.
typedef struct host_text {
    char data[1 << 16];
    size_t len;
} host_text;

static inline void host_check_status(int32_t got, int32_t expected, const char *text,
                                     const char *file, int line) {
    if (got == expected) return;
    dprintf(check_stderr, "%s:%d: %s\n  expected: %s\n  got: %s (%d)\n", file, line, text,
            orch_status_get_name(expected), orch_status_get_name(got), (int)got);
    check_failed(file, line);
}

// A call returns this status.
#define CHECK_STATUS(call, expected) \
    host_check_status((call), (expected), #call, __FILE__, __LINE__)

// A call succeeds.
#define CHECK_OK(call) CHECK_STATUS(call, ORCH_OK)

// The last error of `engine` (or of the thread, for NULL) has this status and mentions `part`.
static inline void host_check_error(const orch_engine *engine, int32_t status, const char *part,
                                    const char *file, int line) {
    orch_error error = ORCH_ERROR_INIT;
    CHECK_OK(orch_error_get(engine, &error));
    host_check_status(error.status, status, "status of orch_error_get", file, line);
    if (!check_contains(error.message.data, error.message.len, part)) {
        dprintf(check_stderr, "%s:%d: message\n  expected to contain: %s\n  got: %.*s\n", file, line,
                part, (int)error.message.len, (const char *)error.message.data);
        check_failed(file, line);
    }
}

#define CHECK_ERROR(engine, status, part) \
    host_check_error((engine), (status), (part), __FILE__, __LINE__)

// A struct of `size` bytes with every default, without the library.
static inline void host_init(void *out, size_t size) {
    memset(out, 0, size);
    memcpy(out, &size, sizeof size);
}

// Elements of arrays that the library lends.
static inline const orch_row *host_row_at(const orch_rows *rows, size_t index) {
    return (const orch_row *)orch_element_at(rows->rows, rows->row_stride, index);
}

static inline const orch_run *host_run_at(const orch_rows *rows, const orch_row *row, size_t index) {
    return (const orch_run *)orch_element_at(row->runs, rows->run_stride, index);
}

static inline const orch_scroll *host_scroll_at(const orch_screen_update *update, size_t index) {
    return (const orch_scroll *)orch_element_at(update->scrolls, update->scroll_stride, index);
}

static inline const orch_match *host_match_at(const orch_matches *found, size_t index) {
    return (const orch_match *)orch_element_at(found->matches, found->match_stride, index);
}

static inline const orch_mark *host_mark_at(const orch_marks *marks, size_t index) {
    return (const orch_mark *)orch_element_at(marks->marks, marks->mark_stride, index);
}

static inline orch_engine *host_engine(void) {
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(NULL, &engine));
    CHECK(engine != NULL);
    return engine;
}

static inline orch_config host_config(void) {
    const orch_config config = ORCH_CONFIG_INIT;
    return config;
}

// Options for a program; `argv` has to outlive them.
static inline orch_spawn_options host_options(const orch_bytes *argv, size_t argv_len) {
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    options.argv = argv;
    options.argv_len = argv_len;
    return options;
}

// An array with `sh -c SCRIPT` in it.
static inline void host_sh_argv(orch_bytes argv[3], const char *script) {
    argv[0] = orch_str("/bin/sh");
    argv[1] = orch_str("-c");
    argv[2] = orch_str(script);
}

// Starts `sh -c SCRIPT`.
static inline uint64_t host_sh(orch_engine *engine, const char *script) {
    orch_bytes argv[3];
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    CHECK(terminal != 0);
    return terminal;
}

static inline orch_event host_event(void) {
    const orch_event event = ORCH_EVENT_INIT;
    return event;
}

// Whether the engine's descriptor is readable now.
static inline int host_is_readable(const orch_engine *engine) {
    struct pollfd fd = {orch_engine_get_fd(engine), POLLIN, 0};
    CHECK(fd.fd >= 0);
    int ready;
    do {
        ready = poll(&fd, 1, 0);
    } while (ready < 0 && errno == EINTR);
    CHECK(ready >= 0);
    return ready > 0;
}

// Waits until the descriptor is readable and does a turn.
static inline void host_turn(orch_engine *engine) {
    struct pollfd fd = {orch_engine_get_fd(engine), POLLIN, 0};
    CHECK(fd.fd >= 0);
    int ready;
    do {
        ready = poll(&fd, 1, -1);
    } while (ready < 0 && errno == EINTR);
    CHECK_INT(ready, 1);
    CHECK_OK(orch_engine_turn(engine, 0));
}

// The next event, waited for.
static inline void host_next(orch_engine *engine, orch_event *event) {
    int32_t status;
    while ((status = orch_engine_next_event(engine, event)) == ORCH_DONE) host_turn(engine);
    CHECK_OK(status);
    if (event->kind == ORCH_EVENT_LOG) {
        const orch_bytes *log = &event->payload.log->text;
        dprintf(check_stderr, "log: %.*s\n", (int)log->len, (const char *)log->data);
    }
    CHECK(event->kind != ORCH_EVENT_LOG);
}

// Where the output of an event of this kind ends.
static inline uint64_t host_end(const orch_event *event) {
    CHECK_INT(event->kind, ORCH_EVENT_OUTPUT);
    return event->payload.output->offset + event->payload.output->len;
}

static inline void host_append(host_text *text, const orch_event *event) {
    CHECK_INT(event->kind, ORCH_EVENT_OUTPUT);
    const orch_event_output *output = event->payload.output;
    CHECK(text->len + output->len < sizeof text->data);
    memcpy(text->data + text->len, output->data, output->len);
    text->len += output->len;
}

// Reads events until the one of this kind for this terminal. Adds the terminal's output on the way
// to `text`, which may be NULL; other events are dropped.
static inline void host_until(orch_engine *engine, uint64_t terminal, uint32_t kind,
                              orch_event *event, host_text *text) {
    do {
        host_next(engine, event);
        if (text != NULL && event->kind == ORCH_EVENT_OUTPUT && event->source == terminal) {
            host_append(text, event);
        }
    } while (event->kind != kind || event->source != terminal);
}

// Reads events until the terminal's output contains `part`, from `from` in the text on.
static inline void host_until_text(orch_engine *engine, uint64_t terminal, host_text *text,
                                   size_t from, const char *part) {
    orch_event event = host_event();
    while (!check_contains(text->data + from, text->len - from, part)) {
        host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, text);
    }
}

static inline void host_check_exit(orch_engine *engine, uint64_t terminal, int code,
                                   host_text *text, const char *file, int line) {
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, text);
    check_int(event.payload.exited->exit_kind, ORCH_EXIT_CODE, "kind of exit", file, line);
    check_int(event.payload.exited->exit_value, code, "exit code", file, line);
}

// The program of the terminal ends with this exit code; its output goes to `text` or nowhere.
#define host_until_exit(engine, terminal, code, text) \
    host_check_exit((engine), (terminal), (code), (text), __FILE__, __LINE__)

// Reads events until the terminal's program has ended and nobody holds the terminal any more.
static inline void host_until_end(orch_engine *engine, uint64_t terminal) {
    orch_event event = host_event();
    for (int exited = 0, eof = 0; !exited || !eof;) {
        host_next(engine, &event);
        if (event.source != terminal) continue;
        exited |= event.kind == ORCH_EVENT_EXITED;
        eof |= event.kind == ORCH_EVENT_EOF;
    }
}

// Waits until the programs of destroyed engines are gone: they were killed, and every engine that
// is made or destroyed reaps those that have died.
static inline void host_reap_killed(void) {
    siginfo_t info;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0) {
        CHECK_OK(orch_engine_destroy(host_engine()));
    }
    CHECK_INT(errno, ECHILD);
}

// Starts `sh -c SCRIPT` and reads its output up to the line "ready", which has to be its first. Start
// one after the other in this way: what other terminals say in the meantime is dropped.
static inline uint64_t host_ready(orch_engine *engine, const char *script) {
    uint64_t terminal = host_sh(engine, script);
    orch_event event = host_event();
    uint64_t end = 0;
    while (end < strlen("ready\r\n")) {
        host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
        end = host_end(&event);
    }
    CHECK_INT(end, strlen("ready\r\n"));
    return terminal;
}

// Starts a program that echoes and waits, and lets it get so far that signals find it. Natively it is
// so far when the spawn returns; under valgrind, which turns vfork into fork, it is not.
static inline uint64_t host_cat(orch_engine *engine) {
    return host_ready(engine, "echo ready; exec cat");
}

// Types a string that has to be accepted whole.
static inline void host_type(orch_engine *engine, uint64_t terminal, const char *input) {
    size_t accepted = 0;
    CHECK_OK(orch_terminal_write(engine, terminal, input, strlen(input), &accepted));
    CHECK_INT(accepted, strlen(input));
}

static inline orch_command host_command(uint32_t kind) {
    orch_command command;
    host_init(&command, sizeof command);
    command.kind = kind;
    return command;
}

// The four commands of a sender, posted.
static inline int32_t host_notify(const orch_sender *sender, uint64_t tag) {
    const orch_command command = host_command(ORCH_COMMAND_NOTIFY);
    return orch_sender_post(sender, &command, tag);
}

static inline int32_t host_post_op(const orch_sender *sender, const orch_op *op, size_t op_size,
                                   uint64_t tag) {
    orch_command command = host_command(ORCH_COMMAND_OP);
    command.op = op;
    command.op_size = op_size;
    return orch_sender_post(sender, &command, tag);
}

static inline int32_t host_post_spawn(const orch_sender *sender, const orch_spawn_options *options,
                                      uint64_t tag) {
    orch_command command = host_command(ORCH_COMMAND_SPAWN);
    command.spawn = options;
    return orch_sender_post(sender, &command, tag);
}

static inline int32_t host_post_close(const orch_sender *sender, uint64_t terminal,
                                      uint32_t grace_ms, uint64_t tag) {
    orch_command command = host_command(ORCH_COMMAND_CLOSE);
    command.terminal = terminal;
    command.grace_ms = grace_ms;
    return orch_sender_post(sender, &command, tag);
}

// How many there are of one kind, ORCH_LIST_*.
static inline size_t host_count(orch_engine *engine, uint32_t kind) {
    size_t count = 77;
    CHECK_OK(orch_engine_list(engine, kind, NULL, 0, &count));
    return count;
}

static inline orch_terminal_state host_state(orch_engine *engine, uint64_t terminal) {
    orch_terminal_state state = ORCH_TERMINAL_STATE_INIT;
    CHECK_OK(orch_terminal_get_state(engine, terminal, &state));
    CHECK_INT(state.terminal, terminal);
    return state;
}

static inline orch_engine_stats host_stats(orch_engine *engine) {
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    CHECK_OK(orch_engine_get_stats(engine, &stats));
    CHECK_INT(stats.size, sizeof stats);
    return stats;
}

#endif
