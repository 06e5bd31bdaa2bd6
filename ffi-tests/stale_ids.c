// Ids go stale when CLOSED has been read, or when a watch is removed, stay so for ever, and are never
// given out again. Ids of different kinds are different numbers.

#include "peer.h"
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
    STALE(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF));
    STALE(orch_terminal_resize(engine, terminal, size));
    STALE(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW));
    STALE(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                            ORCH_SIZE_POLICY_FIXED));
    STALE(orch_terminal_signal(engine, terminal, SIGKILL, ORCH_SIGNAL_LEADER));
    STALE(orch_terminal_close(engine, terminal, 0));
    STALE(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    STALE(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 0));
    STALE(orch_terminal_attach(engine, terminal, NULL, &out));
    STALE(orch_terminal_get_state(engine, terminal, &state));
    STALE(orch_reader_detach(engine, reader));
    STALE(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 1));
    STALE(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 0));
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
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
    CHECK_INT(count, 1);
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    check_all_stale(engine, terminal, reader);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
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

// A listener, token, client or watch with this id is not there, and no peer.
static void check_no_other_kind(orch_engine *engine, uint64_t id) {
    orch_client_state client = ORCH_CLIENT_STATE_INIT;
    char address[256];
    size_t len = 77;
    STALE(orch_listener_get_address(engine, id, address, sizeof address, &len));
    STALE(orch_listener_remove(engine, id));
    STALE(orch_token_revoke(engine, id));
    STALE(orch_client_get_state(engine, id, &client));
    STALE(orch_client_close(engine, id, state_none));
    watch_check_refused(engine, id, ORCH_E_STALE_ID, 0);
    peer_check_refused(engine, id, ORCH_E_STALE_ID);
    CHECK_INT(len, 77);
    CHECK_INT(client.client, 0);
}

// Ids of different kinds are different numbers, and one of another kind is stale.
static void other_kinds(void) {
    static peer_pair pair;
    static char base[WATCH_PATH_MAX];
    orch_client_state client = ORCH_CLIENT_STATE_INIT;
    orch_token_options options = ORCH_TOKEN_OPTIONS_INIT;
    char address[256], text[ORCH_TOKEN_BYTES];
    uint64_t token = 0;
    peer_start(&pair, "127.0.0.1:0");
    watch_enter(base);
    options.scopes = ORCH_SCOPE_ALL;
    CHECK_OK(orch_token_add(pair.server, &options, text, &token));
    CHECK_INT(serve_clients(pair.server, &client), 1);
    const uint64_t terminal = host_cat(pair.server);
    const uint64_t reader = host_state(pair.server, terminal).readers->reader;
    const uint64_t ids[] = {terminal, reader, watch_ready(pair.server, base),
                            serve_listen(pair.server, "127.0.0.1:0", address), token, client.client};
    const size_t count = sizeof ids / sizeof ids[0];
    for (size_t i = 0; i < count; i++) {
        CHECK(ids[i] != 0 && ids[i] < 1ull << 53);
        for (size_t other = 0; other < i; other++) CHECK(ids[other] != ids[i]);
    }
    for (size_t i = 2; i < count; i++) check_all_stale(pair.server, ids[i], ids[i]);
    check_all_stale(pair.server, reader, terminal);
    check_no_other_kind(pair.server, terminal);
    check_no_other_kind(pair.server, reader);
    CHECK(pair.peer < 1ull << 53);
    check_all_stale(pair.mirror, pair.peer, pair.peer);
    watch_check_refused(pair.mirror, pair.peer, ORCH_E_STALE_ID, 0);
    STALE(orch_client_close(pair.mirror, pair.peer, state_none));
    STALE(orch_listener_remove(pair.mirror, pair.peer));
    // All of them are still there.
    CHECK_INT(host_state(pair.server, terminal).reader_count, 1);
    CHECK_INT(host_count(pair.server, ORCH_LIST_WATCHES), 1);
    CHECK_INT(host_count(pair.server, ORCH_LIST_LISTENERS), 2);
    CHECK_INT(host_count(pair.server, ORCH_LIST_CLIENTS), 1);
    CHECK_INT(host_count(pair.mirror, ORCH_LIST_PEERS), 1);
    CHECK_OK(orch_token_revoke(pair.server, token));
    peer_end(&pair);
    watch_leave(base);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    good_until_closed_is_read(engine);
    never_reused(engine);
    in_arrays(engine);
    watches(engine);
    other_kinds();
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
