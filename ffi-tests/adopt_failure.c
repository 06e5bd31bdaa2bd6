// An adoption that fails late, after the descriptor was looked at, leaves it as it was as well.

#include "pty.h"

static void check_adopt_refused(orch_engine *engine, const orch_adopt_options *options,
                                int32_t status) {
    int slave;
    int master = pty_open(&slave);
    int open_before = check_open_fds();
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_adopt(engine, master, options, &terminal), status);
    CHECK_INT(terminal, 77);
    CHECK_INT(check_open_fds(), open_before);
    PTY_CHECK_UNTOUCHED(master, slave);
    CHECK_SYS(close(slave));
    CHECK_SYS(close(master));
}

static void bad_window(orch_engine *engine) {
    orch_adopt_options options = pty_adopt_options();
    options.window.rows = 9;
    check_adopt_refused(engine, &options, ORCH_E_INVALID);
    options.window.rows = 0;
    options.window.cols = 9;
    check_adopt_refused(engine, &options, ORCH_E_INVALID);
}

static void bad_pid(orch_engine *engine) {
    orch_adopt_options options = pty_adopt_options();
    options.window.cols = 100;
    options.window.rows = 40;
    options.pid = 1;
    check_adopt_refused(engine, &options, ORCH_E_INVALID);
    options.pid = -5;
    check_adopt_refused(engine, &options, ORCH_E_INVALID);
}

// One terminal too many: nothing is done to the PTY that does not fit.
static void over_the_limit(void) {
    orch_config config = host_config();
    config.terminals = 1;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    host_sh(engine, "exec cat");
    check_adopt_refused(engine, NULL, ORCH_E_LIMIT);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    over_the_limit();
    bad_window(engine);
    bad_pid(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
