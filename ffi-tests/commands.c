// Commands for one terminal: size, mode, signals, closing, and what they say of one that ended.

#include "host.h"

static orch_size cells(uint16_t cols, uint16_t rows) {
    orch_size size;
    memset(&size, 0, sizeof size);
    size.cols = cols;
    size.rows = rows;
    return size;
}

// Asks the program for a line and collects what it says up to "END".
static void ask(orch_engine *engine, uint64_t terminal, host_text *text) {
    text->len = 0;
    host_type(engine, terminal, "\n");
    host_until_text(engine, terminal, text, 0, "END");
}

static void resize(orch_engine *engine) {
    uint64_t terminal =
        host_sh(engine, "stty -echo; echo END; while read x; do stty size; echo END; done");
    static host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "END\r\n");
    // The first change counts at once.
    CHECK_OK(orch_terminal_resize(engine, terminal, cells(132, 50)));
    ask(engine, terminal, &text);
    CHECK(check_contains(text.data, text.len, "50 132"));
    // Of changes in quick succession the last one is always made, some time.
    for (uint16_t rows = 51; rows <= 60; rows++) {
        CHECK_OK(orch_terminal_resize(engine, terminal, cells(90, rows)));
    }
    CHECK_INT(host_state(engine, terminal).window.rows, 60);
    CHECK_INT(host_state(engine, terminal).window.cols, 90);
    do {
        ask(engine, terminal, &text);
    } while (!check_contains(text.data, text.len, "60 90"));

    CHECK_STATUS(orch_terminal_resize(engine, terminal, cells(0, 24)), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_resize(engine, terminal, cells(80, 0)), ORCH_E_INVALID);
    CHECK_INT(host_state(engine, terminal).window.rows, 60);
    CHECK_OK(orch_terminal_resize(engine, terminal, cells(65535, 65535)));
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
}

// Who decides over the size: the viewers at first, the host from its own resize on. peer.c has viewers.
static void size_policy(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "exec cat");
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_LATEST);
    CHECK_INT(host_state(engine, terminal).reserved, 0);
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                               ORCH_SIZE_POLICY_SMALLEST));
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_SMALLEST);
    CHECK_STATUS(orch_terminal_resize(engine, terminal, cells(0, 24)), ORCH_E_INVALID);
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_SMALLEST);
    CHECK_OK(orch_terminal_resize(engine, terminal, cells(90, 30)));
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_FIXED);
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                               ORCH_SIZE_POLICY_LATEST));
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_LATEST);
    CHECK_INT(host_state(engine, terminal).window.cols, 90);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY, 0),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY, 4),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "size policy");
    CHECK_INT(host_state(engine, terminal).size_policy, ORCH_SIZE_POLICY_LATEST);
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
}

static void modes(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "echo END; while read x; do stty -a; echo END; done");
    static const struct {
        uint32_t mode;
        const char *shows[2];
    } table[] = {
        {ORCH_MODE_NO_ECHO, {" -echo ", " icanon "}},
        {ORCH_MODE_RAW, {" -icanon ", " -echo "}},
        {ORCH_MODE_ECHO, {" -icanon ", " echo "}},
        {ORCH_MODE_COOKED, {" icanon ", " echo "}},
    };
    static host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "END");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, table[i].mode));
        ask(engine, terminal, &text);
        // Around each flag is a blank or a line end.
        for (size_t at = 0; at < text.len; at++) {
            if (text.data[at] == '\r' || text.data[at] == '\n') text.data[at] = ' ';
        }
        for (size_t flag = 0; flag < 2; flag++) {
            CHECK(check_contains(text.data, text.len, table[i].shows[flag]));
        }
    }
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, 5), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, UINT32_MAX),
                 ORCH_E_INVALID);
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
}

static void signals(orch_engine *engine) {
    uint64_t trapped =
        host_ready(engine, "trap 'exit 7' USR1; echo ready; while :; do sleep 100 & wait; done");
    CHECK_STATUS(orch_terminal_signal(engine, trapped, 0, ORCH_SIGNAL_LEADER), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_signal(engine, trapped, -9, ORCH_SIGNAL_LEADER), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_signal(engine, trapped, 65, ORCH_SIGNAL_LEADER), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_signal(engine, trapped, SIGUSR1, 2), ORCH_E_INVALID);
    CHECK_OK(orch_terminal_signal(engine, trapped, SIGUSR1, ORCH_SIGNAL_LEADER));
    host_until_exit(engine, trapped, 7, NULL);

    uint64_t killed = host_cat(engine);
    CHECK_OK(orch_terminal_signal(engine, killed, SIGINT, ORCH_SIGNAL_FOREGROUND));
    orch_event event = host_event();
    host_until(engine, killed, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(event.payload.exited->exit_value, SIGINT);
    // Real-time signals too.
    uint64_t last = host_cat(engine);
    CHECK_OK(orch_terminal_signal(engine, last, SIGRTMIN + 5, ORCH_SIGNAL_LEADER));
    host_until(engine, last, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_value, SIGRTMIN + 5);
    CHECK_OK(orch_terminal_close(engine, last, 0));
}

// Closing hangs up, kills after the grace, delivers what still comes, and ends with CLOSED.
static void closing(orch_engine *engine) {
    uint64_t polite = host_ready(
        engine, "trap 'echo saved; exit 0' HUP; echo ready; while :; do sleep 100 & wait; done");
    host_text text;
    text.len = 0;
    CHECK_OK(orch_terminal_close(engine, polite, 600000));
    CHECK(host_state(engine, polite).flags & ORCH_TERMINAL_CLOSING);
    CHECK_STATUS(orch_terminal_write(engine, polite, "x", 1, NULL), ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_control(engine, polite, ORCH_CONTROL_EOF), ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_resize(engine, polite, cells(9, 9)), ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_set(engine, polite, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW),
                 ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_set(engine, polite, ORCH_TERMINAL_OPTION_PAUSED, 1), ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_set(engine, polite, ORCH_TERMINAL_OPTION_PAUSED, 0), ORCH_E_CLOSING);
    orch_event event = host_event();
    host_until_exit(engine, polite, 0, &text);
    CHECK(check_contains(text.data, text.len, "saved\r\n"));
    host_until(engine, polite, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK(event.payload.any == NULL);
    CHECK_STATUS(orch_terminal_close(engine, polite, 0), ORCH_E_STALE_ID);

    uint64_t stubborn =
        host_ready(engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    // A second call with a shorter grace hurries the first.
    CHECK_OK(orch_terminal_close(engine, stubborn, 600000));
    int32_t wait_ms = -1;
    CHECK_OK(orch_engine_get_timeout(engine, &wait_ms));
    CHECK(wait_ms > 0 && wait_ms <= 600000);
    CHECK_OK(orch_terminal_close(engine, stubborn, 10));
    host_until(engine, stubborn, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(event.payload.exited->exit_value, SIGKILL);
    host_until(engine, stubborn, ORCH_EVENT_CLOSED, &event, NULL);
}

// A terminal whose program and PTY have ended keeps its id, but takes no commands.
static void ended(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "echo bye");
    host_until_end(engine, terminal);
    CHECK(host_state(engine, terminal).flags & ORCH_TERMINAL_HUNG_UP);
    CHECK_STATUS(orch_terminal_write(engine, terminal, "x", 1, NULL), ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF), ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_resize(engine, terminal, cells(9, 9)), ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW),
                 ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_signal(engine, terminal, SIGTERM, ORCH_SIGNAL_LEADER),
                 ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 1), ORCH_E_ENDED);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 0), ORCH_E_ENDED);
    orch_event event = host_event();
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    resize(engine);
    size_policy(engine);
    modes(engine);
    signals(engine);
    closing(engine);
    ended(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
