// A program that closes its descriptors of the terminal and lives on, as many do for a moment before
// they exit: it is not hung up on, its exit status is its own, and it may open the terminal again.

#include "host.h"

// Pipes between the program and this test. The program finds them in /proc, as nothing is inherited.
static int ready[2], go[2];

static void name_in_environment(const char *name, int fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    CHECK_SYS(setenv(name, path, 1));
}

static void make_pipes(void) {
    CHECK_SYS(pipe(ready));
    CHECK_SYS(pipe(go));
    name_in_environment("READY", ready[1]);
    name_in_environment("GO", go[0]);
}

// Waits until the program holds nothing of the terminal, lets the engine notice, lets the program go on.
static void let_the_engine_notice(orch_engine *engine) {
    char line[6];
    CHECK_INT(read(ready[0], line, sizeof line), 6);
    orch_event event = host_event();
    while (host_is_readable(engine)) {
        CHECK_OK(orch_engine_turn(engine, 0));
        while (orch_engine_next_event(engine, &event) == ORCH_OK) {
            CHECK(event.kind != ORCH_EVENT_EXITED);
        }
    }
    CHECK_INT(write(go[1], "go\n", 3), 3);
}

static void exits_by_itself(orch_engine *engine) {
    uint64_t terminal = host_sh(
        engine, "exec < /dev/null > /dev/null 2>&1; echo ready > \"$READY\"; read x < \"$GO\"; exit 5");
    let_the_engine_notice(engine);
    host_until_exit(engine, terminal, 5, NULL);
}

static void opens_it_again(orch_engine *engine) {
    uint64_t terminal =
        host_sh(engine, "exec < /dev/null > /dev/null 2>&1; echo ready > \"$READY\"; read x < \"$GO\";"
                        "echo again > /dev/tty; exit 6");
    let_the_engine_notice(engine);
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 6, &text);
    CHECK_BYTES(text.data, text.len, "again\r\n");
}

// The everyday case: cat closes its three descriptors and exits.
static void everyday(orch_engine *engine) {
    for (int round = 0; round < 100; round++) {
        uint64_t terminal = host_sh(engine, "exec cat");
        CHECK_OK(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF));
        host_until_exit(engine, terminal, 0, NULL);
    }
}

int main(void) {
    check_start();
    make_pipes();
    orch_engine *engine = host_engine();
    everyday(engine);
    exits_by_itself(engine);
    opens_it_again(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
