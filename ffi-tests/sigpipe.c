// SIGPIPE and SIGHUP at their default in the host: nothing kills it when the program of a terminal
// dies under writes, nor when a sender posts to an engine that is gone.

#include "pty.h"

static void dies_under_writes(orch_engine *engine, const char *script) {
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    uint64_t terminal = host_sh(engine, script);
    orch_event event = host_event();
    int32_t status = ORCH_OK;
    while (status == ORCH_OK) {
        status = orch_terminal_write(engine, terminal, bytes, sizeof bytes, NULL);
        CHECK(status == ORCH_OK || status == ORCH_E_ENDED);
        while (orch_engine_next_event(engine, &event) == ORCH_OK) continue;
        if (status == ORCH_OK) host_turn(engine);
    }
    CHECK_STATUS(orch_terminal_write(engine, terminal, "x", 1, NULL), ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF), ORCH_E_ENDED);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

// The slave of an adopted PTY goes away while the engine's input queue is full.
static void slave_goes_away(orch_engine *engine) {
    static char bytes[300000];
    int slave;
    uint64_t terminal = 0;
    int master = pty_open(&slave);
    CHECK_OK(orch_terminal_adopt(engine, master, NULL, &terminal));
    CHECK_OK(orch_terminal_write(engine, terminal, bytes, sizeof bytes, NULL));
    CHECK(host_state(engine, terminal).input_waiting > 0);
    CHECK_SYS(close(slave));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EOF, &event, NULL);
    CHECK_STATUS(orch_terminal_write(engine, terminal, "x", 1, NULL), ORCH_E_ENDED);
}

int main(void) {
    check_start();
    struct sigaction action;
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    CHECK(signal(SIGHUP, SIG_DFL) != SIG_ERR);
    orch_engine *engine = host_engine();
    dies_under_writes(engine, "exit 0");
    dies_under_writes(engine, "kill -9 $$");
    dies_under_writes(engine, "stty raw -echo; head -c 100 > /dev/null");
    slave_goes_away(engine);
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_STATUS(host_notify(sender, 1), ORCH_E_GONE);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_SYS(sigaction(SIGPIPE, NULL, &action));
    CHECK(action.sa_handler == SIG_DFL);
    return 0;
}
