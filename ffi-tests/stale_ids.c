// Ids go stale when CLOSED has been read, or when a watch is removed, stay so for ever, and are never
// given out again.

#include "screen.h"
#include "watch.h"

#define STALE(call) CHECK_STATUS(call, ORCH_E_STALE_ID)
#define ROUNDS 50

static void check_all_stale(orch_engine *engine, uint64_t terminal, uint64_t reader) {
    orch_size size = {9, 9, 0, 0};
    orch_terminal_state state;
    memset(&state, 0, sizeof state);
    state.size = sizeof state;
    uint64_t out = 77;
    STALE(orch_terminal_write(engine, terminal, "x", 1, NULL));
    STALE(orch_terminal_send_eof(engine, terminal));
    STALE(orch_terminal_resize(engine, terminal, size));
    STALE(orch_terminal_set_mode(engine, terminal, ORCH_MODE_RAW));
    STALE(orch_terminal_set_size_policy(engine, terminal, ORCH_SIZE_POLICY_FIXED));
    STALE(orch_terminal_signal(engine, terminal, SIGKILL, ORCH_SIGNAL_LEADER));
    STALE(orch_terminal_close(engine, terminal, 0));
    STALE(orch_terminal_pause(engine, terminal));
    STALE(orch_terminal_resume(engine, terminal));
    STALE(orch_terminal_attach(engine, terminal, NULL, &out));
    STALE(orch_terminal_get_state(engine, terminal, &state));
    STALE(orch_reader_detach(engine, reader));
    STALE(orch_reader_pause(engine, reader));
    STALE(orch_reader_resume(engine, reader));
    screen_check_refused(engine, terminal, reader, ORCH_E_STALE_ID, 1);
    CHECK_INT(out, 77);
    CHECK_INT(state.terminal, 0);
}

// The id is good until CLOSED has been read, not only until it could be read.
static void good_until_closed_is_read(orch_engine *engine) {
    uint64_t terminal = host_cat(engine);
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    CHECK_INT(host_state(engine, terminal).exit_value, SIGHUP);
    uint64_t reader = host_state(engine, terminal).readers->reader;
    size_t count = 0;
    CHECK_OK(orch_terminal_list(engine, ORCH_TERMINALS_ALL, NULL, 0, &count));
    CHECK_INT(count, 1);
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    check_all_stale(engine, terminal, reader);
    CHECK_OK(orch_terminal_list(engine, ORCH_TERMINALS_ALL, NULL, 0, &count));
    CHECK_INT(count, 0);
}

static void never_reused(orch_engine *engine) {
    uint64_t terminals[ROUNDS], readers[ROUNDS];
    orch_event event = host_event();
    for (size_t i = 0; i < ROUNDS; i++) {
        terminals[i] = host_cat(engine);
        readers[i] = host_state(engine, terminals[i]).readers->reader;
        for (size_t old = 0; old < i; old++) {
            CHECK(terminals[old] != terminals[i]);
            CHECK(readers[old] != readers[i]);
        }
        if (i > 0) check_all_stale(engine, terminals[i - 1], readers[i - 1]);
        CHECK_OK(orch_terminal_close(engine, terminals[i], 0));
        host_until(engine, terminals[i], ORCH_EVENT_CLOSED, &event, NULL);
    }
    for (size_t i = 0; i < ROUNDS; i++) check_all_stale(engine, terminals[i], readers[i]);
}

// In arrays a stale id fails alone.
static void in_arrays(orch_engine *engine) {
    uint64_t stale = host_cat(engine);
    orch_event event = host_event();
    CHECK_OK(orch_terminal_close(engine, stale, 0));
    host_until(engine, stale, ORCH_EVENT_CLOSED, &event, NULL);
    uint64_t ids[2] = {stale, host_cat(engine)};
    int32_t statuses[2];
    CHECK_OK(orch_terminal_write_many(engine, ids, 2, "x", 1, statuses, NULL));
    CHECK_STATUS(statuses[0], ORCH_E_STALE_ID);
    CHECK_STATUS(statuses[1], ORCH_OK);
    orch_terminal_state states[2];
    memset(states, 0, sizeof states);
    states[0].size = states[1].size = sizeof states[0];
    CHECK_OK(orch_terminal_get_states(engine, ids, 2, states, sizeof states[0], statuses));
    CHECK_STATUS(statuses[0], ORCH_E_STALE_ID);
    CHECK_STATUS(statuses[1], ORCH_OK);
    CHECK_INT(states[0].terminal, 0);
    CHECK_INT(states[1].terminal, ids[1]);
}

// A watch is gone at once; of those that are there the ids stay good.
static void watches(orch_engine *engine) {
    static char base[WATCH_PATH_MAX];
    uint64_t ids[ROUNDS];
    watch_enter(base);
    uint64_t stays = watch_ready(engine, base);
    for (size_t i = 0; i < ROUNDS; i++) {
        ids[i] = watch_ready(engine, base);
        CHECK(ids[i] != stays);
        for (size_t old = 0; old < i; old++) CHECK(ids[old] != ids[i]);
        if (i > 0) watch_check_refused(engine, ids[i - 1], ORCH_E_STALE_ID, 0);
        CHECK_OK(orch_watch_sync(engine, ids[i], 1));
        CHECK_OK(orch_watch_remove(engine, ids[i]));
        watch_check_refused(engine, ids[i], ORCH_E_STALE_ID, 0);
    }
    for (size_t i = 0; i < ROUNDS; i++) watch_check_refused(engine, ids[i], ORCH_E_STALE_ID, 0);
    CHECK_INT(watch_state(engine, stays).entries, 1);
    CHECK_OK(orch_watch_remove(engine, stays));
    watch_leave(base);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    good_until_closed_is_read(engine);
    never_reused(engine);
    in_arrays(engine);
    watches(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
