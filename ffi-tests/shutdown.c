// Shutting down: every terminal is closed, new ones are refused, one event at the very end.

#include "host.h"

static void with_terminals(void) {
    orch_engine *engine = host_engine();
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    host_sh(engine, "exec cat");
    host_ready(engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    uint64_t ended = host_sh(engine, "exit 0");
    host_until_exit(engine, ended, 0, NULL);

    CHECK_OK(orch_engine_shutdown(engine, 600000));
    CHECK_OK(orch_engine_shutdown(engine, 5));
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    orch_spawn_options options = host_options(argv, 1);
    uint64_t out = 77;
    int32_t status = 9;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &out), ORCH_E_GONE);
    CHECK_OK(orch_terminal_spawn_many(engine, &options, 1, sizeof options, &out, &status));
    CHECK_STATUS(status, ORCH_E_GONE);
    CHECK_INT(out, 77);
    CHECK_OK(host_post_spawn(sender, &options, 5));

    int closed = 0, completed = 0;
    orch_event event = host_event();
    do {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_CLOSED) closed++;
        if (event.kind == ORCH_EVENT_COMPLETED) {
            completed++;
            CHECK_INT(event.tag, 5);
            CHECK_STATUS(event.payload.completed->status, ORCH_E_GONE);
        }
    } while (event.kind != ORCH_EVENT_SHUTDOWN_COMPLETE);
    CHECK_INT(closed, 3);
    CHECK_INT(event.source, 0);
    CHECK_INT(event.tag, 0);
    // Once, and then silence; the engine still answers.
    CHECK_OK(orch_engine_turn(engine, 0));
    while (orch_engine_next_event(engine, &event) == ORCH_OK) {
        CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
        completed++;
    }
    CHECK_INT(completed, 1);
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_engine_shutdown(engine, 0));
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &out), ORCH_E_GONE);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
}

static void without_terminals(void) {
    orch_engine *engine = host_engine();
    CHECK_OK(orch_engine_shutdown(engine, 0));
    CHECK(host_is_readable(engine));
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SHUTDOWN_COMPLETE);
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_engine_destroy(engine));
}

// Output that the programs still write is delivered before the end.
static void last_words(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = host_ready(
        engine, "trap 'echo last words; exit 0' HUP; echo ready; while :; do sleep 100 & wait; done");
    host_text text;
    text.len = 0;
    CHECK_OK(orch_engine_shutdown(engine, 600000));
    host_until_exit(engine, terminal, 0, &text);
    CHECK(check_contains(text.data, text.len, "last words\r\n"));
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_SHUTDOWN_COMPLETE);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    with_terminals();
    without_terminals();
    last_words();
    return 0;
}
