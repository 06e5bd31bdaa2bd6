// Taking over a PTY master: success takes the descriptor; refusals that are seen at once leave it.

#include "pty.h"

// Without a known program: bytes both ways, then the end when nobody holds the slave.
static void without_program(orch_engine *engine) {
    int slave;
    int master = pty_open(&slave);
    orch_adopt_options options = pty_adopt_options();
    options.tag = 5;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, &options, &terminal));
    // The number is free again: the descriptor is the engine's, under another number or not.
    int engine_fd = -1;
    for (int fd = 3; fd < 64; fd++) {
        unsigned int number;
        if (fd != slave && ioctl(fd, TIOCGPTN, &number) == 0) {
            CHECK_INT(engine_fd, -1);
            engine_fd = fd;
        }
    }
    CHECK(engine_fd >= 0);
    CHECK_INT(fcntl(engine_fd, F_GETFD), FD_CLOEXEC);

    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.tag, 5);
    CHECK_INT(state.pid, 0);
    CHECK_INT(state.window.cols, 33);
    CHECK_INT(state.window.rows, 11);
    CHECK(state.flags & ORCH_TERMINAL_RUNNING);

    CHECK_INT(write(slave, "from the slave", 14), 14);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "from the slave");
    host_type(engine, terminal, "from the host");
    char received[32];
    CHECK_INT(read(slave, received, sizeof received), strlen("from the host"));
    CHECK_BYTES(received, strlen("from the host"), "from the host");
    CHECK_SYS(close(slave));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EOF, &event, NULL);
    CHECK_INT(event.payload.eof->end, 14);
    CHECK_INT(event.tag, 5);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

// With a program of the host's: its exit is reported, and the engine reaps it.
static void with_program(orch_engine *engine) {
    int slave;
    int master = pty_open(&slave);
    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) {
        char go;
        if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0) _exit(99);
        if (read(slave, &go, 1) != 1 || write(slave, &go, 1) != 1) _exit(98);
        _exit(6);
    }
    CHECK_SYS(close(slave));
    orch_adopt_options options = pty_adopt_options();
    options.pid = child;
    options.window.cols = 100;
    options.window.rows = 40;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, &options, &terminal));
    CHECK_INT(host_state(engine, terminal).pid, child);
    CHECK_INT(host_state(engine, terminal).window.cols, 100);
    host_type(engine, terminal, "g");
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 6, &text);
    CHECK_BYTES(text.data, text.len, "g");
    CHECK_INT(waitpid(child, NULL, 0), -1);
    CHECK_INT(errno, ECHILD);
}

// NULL options are the defaults.
static void with_defaults(orch_engine *engine) {
    int slave;
    int master = pty_open(&slave);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, NULL, &terminal));
    CHECK_INT(host_state(engine, terminal).window.cols, 33);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_SYS(close(slave));
}

static void not_a_master(orch_engine *engine) {
    int slave, ends[2];
    int master = pty_open(&slave);
    CHECK_SYS(pipe(ends));
    int null = open("/dev/null", O_RDWR);
    CHECK_SYS(null);
    const int bad[] = {ends[0], null, slave, -1, INT32_MIN, 999};
    uint64_t terminal = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(orch_terminal_adopt(engine, bad[i], NULL, &terminal), ORCH_E_INVALID);
    }
    CHECK_INT(terminal, 77);
    CHECK_INT(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    CHECK_INT(fcntl(ends[0], F_GETFD), 0);
    CHECK_INT(write(ends[1], "x", 1), 1);
    CHECK_SYS(close(ends[0]));
    CHECK_SYS(close(ends[1]));
    CHECK_SYS(close(null));
    CHECK_SYS(close(slave));
    CHECK_SYS(close(master));
}

// Refused before the descriptor is looked at: it is as it was.
static void refused_arguments(orch_engine *engine) {
    int slave;
    int master = pty_open(&slave);
    int open_before = check_open_fds();
    uint64_t terminal = 77;
    orch_adopt_options options = pty_adopt_options();
    CHECK_STATUS(orch_terminal_adopt(NULL, master, NULL, &terminal), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_adopt(engine, master, NULL, NULL), ORCH_E_INVALID);
    options.delivery = 4;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &options, &terminal), ORCH_E_INVALID);
    options = pty_adopt_options();
    options.log_bytes = 1;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &options, &terminal), ORCH_E_INVALID);
    options = pty_adopt_options();
    options.size = HOST_FIRST_ADOPT_OPTIONS - 1;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &options, &terminal), ORCH_E_INVALID);
    CHECK_INT(terminal, 77);
    CHECK_INT(check_open_fds(), open_before);
    PTY_CHECK_UNTOUCHED(master, slave);
    CHECK_OK(orch_engine_shutdown(engine, 0));
    CHECK_STATUS(orch_terminal_adopt(engine, master, NULL, &terminal), ORCH_E_GONE);
    CHECK_INT(check_open_fds(), open_before);
    PTY_CHECK_UNTOUCHED(master, slave);
    CHECK_SYS(close(slave));
    CHECK_SYS(close(master));
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    without_program(engine);
    with_program(engine);
    with_defaults(engine);
    not_a_master(engine);
    CHECK_OK(orch_engine_destroy(engine));
    engine = host_engine();
    refused_arguments(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
