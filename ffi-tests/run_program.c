// Spawn, output and exit through poll(2) without a timeout; what a program finds in its terminal.

#include "host.h"

// Output comes with exact offsets, then the exit, then the end of the terminal.
static void echo(orch_engine *engine) {
    orch_bytes argv[] = {orch_str("echo"), orch_str("hello")};
    orch_spawn_options options = host_options(argv, 2);
    options.tag = 4711;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));

    host_text text;
    text.len = 0;
    orch_event event = host_event();
    int exited = 0, eof = 0;
    do {
        host_next(engine, &event);
        CHECK_INT(event.size, sizeof event);
        CHECK_INT(event.source, terminal);
        CHECK_INT(event.tag, 4711);
        CHECK_INT(event.reserved, 0);
        if (event.kind == ORCH_EVENT_OUTPUT) {
            CHECK(!exited);
            CHECK(event.payload.output->reader != 0);
            CHECK(event.payload.output->len > 0);
            CHECK_INT(event.payload.output->offset, text.len);
            host_append(&text, &event);
        } else if (event.kind == ORCH_EVENT_EXITED) {
            exited = 1;
            CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_CODE);
            CHECK_INT(event.payload.exited->exit_value, 0);
            CHECK_INT(event.payload.exited->core_dumped, 0);
            CHECK_INT(event.payload.exited->reserved, 0);
            CHECK_INT(event.payload.exited->end, 7);
        } else {
            CHECK_INT(event.kind, ORCH_EVENT_EOF);
            CHECK(exited);
            eof = 1;
            CHECK_INT(event.payload.eof->end, 7);
        }
    } while (!exited || !eof);
    CHECK_BYTES(text.data, text.len, "hello\r\n");
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
}

// An event that is not read keeps the descriptor readable.
static void unread_events(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "echo hello");
    host_turn(engine);
    while (host_state(engine, terminal).log_end == 0) host_turn(engine);
    for (int i = 0; i < 3; i++) CHECK(host_is_readable(engine));
    int32_t wait_ms = -1;
    CHECK_OK(orch_engine_get_timeout(engine, &wait_ms));
    CHECK_INT(wait_ms, 0);
    // A turn does not wait then, whatever its timeout is.
    CHECK_OK(orch_engine_turn(engine, -1));
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "hello\r\n");
}

static void exits(orch_engine *engine) {
    host_until_exit(engine, host_sh(engine, "exit 255"), 255, NULL);
    host_until_exit(engine, host_sh(engine, "exit 3"), 3, NULL);
    uint64_t killed = host_sh(engine, "kill -9 $$");
    orch_event event = host_event();
    host_until(engine, killed, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(event.payload.exited->exit_value, SIGKILL);
}

// Every byte of a large output arrives before the exit, in order.
static void large_output(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "head -c 1500000 /dev/zero | tr '\\0' x; exit 5");
    orch_event event = host_event();
    uint64_t seen = 0;
    for (;;) {
        host_next(engine, &event);
        if (event.source != terminal || event.kind == ORCH_EVENT_EOF) continue;
        if (event.kind != ORCH_EVENT_OUTPUT) break;
        const orch_event_output *output = event.payload.output;
        CHECK_INT(output->offset, seen);
        for (size_t i = 0; i < output->len; i++) CHECK(output->data[i] == 'x');
        seen = host_end(&event);
    }
    CHECK_INT(event.kind, ORCH_EVENT_EXITED);
    CHECK_INT(event.payload.exited->exit_value, 5);
    CHECK_INT(event.payload.exited->end, 1500000);
    CHECK_INT(seen, 1500000);
}

// Environment, directory and window are as the options say.
static void surroundings(orch_engine *engine) {
    orch_bytes argv[3];
    host_sh_argv(argv, "echo \"$A,$B,${C-none},$TERM\"; pwd; stty size; tty > /dev/null && echo tty");
    orch_bytes env[] = {orch_str("A=1"), orch_str("B=x=y"), orch_str("C=1"), orch_str("C")};
    orch_spawn_options options = host_options(argv, 3);
    options.env = env;
    options.env_len = 4;
    options.cwd = orch_str("/usr");
    options.window.cols = 132;
    options.window.rows = 50;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "1,x=y,none,xterm-256color\r\n/usr\r\n50 132\r\ntty\r\n");

    host_sh_argv(argv, "echo \"${HOME-no home}\"");
    options = host_options(argv, 3);
    options.env_clear = 1;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "no home\r\n");
}

// Text is bytes with a length: not terminated, not UTF-8.
static void raw_bytes(orch_engine *engine) {
    static const char buffer[] = "printf%s\377\376\200x";
    orch_bytes argv[3];
    argv[0].data = buffer;
    argv[0].len = 6;
    argv[1].data = buffer + 6;
    argv[1].len = 2;
    argv[2].data = buffer + 8;
    argv[2].len = 3;
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "\377\376\200");
}

// NULL options and no argv start the user's shell.
static void shell(orch_engine *engine) {
    CHECK_SYS(setenv("SHELL", "/bin/sh", 1));
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, NULL, &terminal));
    host_type(engine, terminal, "exit 9\n");
    host_until_exit(engine, terminal, 9, NULL);
    orch_spawn_options options = host_options(NULL, 0);
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    host_type(engine, terminal, "exit 8\n");
    host_until_exit(engine, terminal, 8, NULL);
}

// When the spawn returns the program has been executed: it can be found and signalled at once. Not
// under valgrind, which turns the vfork in posix_spawn into a fork.
static void executed_at_once(orch_engine *engine) {
    if (getenv("ORCHFLOW_VALGRIND") != NULL) return;
    for (int round = 0; round < 20; round++) {
        orch_bytes argv[2] = {orch_str("sleep"), orch_str("1000")};
        orch_spawn_options options = host_options(argv, 2);
        options.cwd = orch_str("/usr");
        uint64_t terminal = 0;
        CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
        orch_terminal_state state = host_state(engine, terminal);
        CHECK_INT(state.foreground_pid, state.pid);
        CHECK_BYTES(state.foreground_name.data, state.foreground_name.len, "sleep");
        CHECK_BYTES(state.cwd.data, state.cwd.len, "/usr");
        CHECK_OK(orch_terminal_signal(engine, terminal, SIGTERM, ORCH_SIGNAL_FOREGROUND));
        orch_event event = host_event();
        host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
        CHECK_INT(event.payload.exited->exit_value, SIGTERM);
    }
}

static void check_refused(orch_engine *engine, const char *program, const char *cwd,
                          int32_t status) {
    orch_bytes argv[1];
    argv[0] = orch_str(program);
    orch_spawn_options options = host_options(argv, 1);
    options.cwd = orch_str(cwd);
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), status);
    CHECK_INT(terminal, 77);
    CHECK_ERROR(engine, status, status == ORCH_E_NO_DIRECTORY ? cwd : program);
    orch_error error;
    error.size = sizeof error;
    CHECK_OK(orch_error_get(engine, &error));
    CHECK(error.os_error != 0);
}

// What cannot be started is refused precisely, and nothing is left behind.
static void refusals(orch_engine *engine) {
    int open_before = check_open_fds();
    check_refused(engine, "no-such-program-9", "", ORCH_E_NO_PROGRAM);
    check_refused(engine, "/no/such/program", "", ORCH_E_NO_PROGRAM);
    check_refused(engine, "/etc/passwd", "", ORCH_E_NOT_EXECUTABLE);
    check_refused(engine, "/tmp", "", ORCH_E_NOT_EXECUTABLE);
    check_refused(engine, "true", "/no/such/directory", ORCH_E_NO_DIRECTORY);
    check_refused(engine, "true", "/etc/passwd", ORCH_E_NO_DIRECTORY);
    CHECK_INT(check_open_fds(), open_before);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    echo(engine);
    unread_events(engine);
    exits(engine);
    large_output(engine);
    surroundings(engine);
    raw_bytes(engine);
    shell(engine);
    executed_at_once(engine);
    refusals(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
