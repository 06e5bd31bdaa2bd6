// What events about peers and questions to them lend: good until the call that the header names, independent of
// each other. See borrowed.c for ORCHFLOW_DEBUG_LIBRARY.

#include "peer.h"

static peer_pair pair;

static void check_overwritten(const void *data, size_t len) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    CHECK(len > 0);
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

// Ends the loan of the last event.
static void end_loan(int with_turn) {
    orch_event next = host_event();
    if (with_turn) {
        CHECK_OK(orch_engine_turn(pair.mirror, 0));
    } else {
        while (orch_engine_next_event(pair.mirror, &next) == ORCH_OK) continue;
    }
}

// Every call about peers that does not end the loan of an event; the other engine goes on too.
static void use_peers(void) {
    const orch_peer_options options = peer_options("unix:/nonexistent/socket", "token");
    orch_state_cursor cursor = state_cursor();
    orch_session session = state_session("", "");
    uint64_t other = 0, number = 0;
    CHECK_OK(orch_peer_connect(pair.mirror, &options, &other));
    CHECK_OK(orch_peer_attach(pair.mirror, other, 1, NULL));
    CHECK_OK(orch_peer_disconnect(pair.mirror, other));
    peer_check_refused(pair.mirror, other, ORCH_E_STALE_ID);
    peer_state(&pair);
    peer_entries(&pair, &cursor, ORCH_COLLECTION_ALL, 0);
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("main"), &session));
    CHECK_OK(peer_ask_query(pair.mirror, pair.peer, 1, &number));
    CHECK_OK(orch_peer_write(pair.mirror, pair.peer, 99, "x", 1));
    peer_let_serve(&pair);
}

// The next event of this kind; those before it are dropped, problems as well.
static const orch_event *next_of(uint32_t kind) {
    const orch_event *event;
    do {
        event = peer_next(&pair);
    } while (event->kind != kind);
    return event;
}

static const orch_event_peer_reply *next_reply(uint64_t request) {
    const orch_event_peer_reply *reply;
    do {
        reply = next_of(ORCH_EVENT_PEER_REPLY)->payload.peer_reply;
    } while (reply->request != request);
    return reply;
}

// Output, results of a batch, what is known of a terminal, matches.
static void events(int with_turn) {
    uint64_t number = 0;
    orch_bytes argv[3];
    const orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    host_sh_argv(argv, "cd /usr; stty -echo; printf 'needle'; exec cat");
    orch_spawn_options spawn = host_options(argv, 3);
    spawn.screen = &screen;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(pair.server, &spawn, &terminal));
    static host_text text;
    text.len = 0;
    host_until_text(pair.server, terminal, &text, 0, "needle");

    const orch_op op = peer_op(98, ORCH_OP_INPUT, "x");
    CHECK_OK(peer_ask_batch(pair.mirror, pair.peer, &op, 1, sizeof op, &number));
    const orch_event_peer_reply *got = peer_reply(&pair, number, ORCH_REPLY_RESULTS);
    const orch_remote_result *result = peer_result_at(got, 0);
    const orch_bytes message = result->message;
    char copy[256];
    CHECK(message.len > 0 && message.len < sizeof copy);
    memcpy(copy, message.data, message.len);
    copy[message.len] = '\0';
    use_peers();
    CHECK_INT(got->result_count, 1);
    CHECK_INT(result->status, ORCH_REMOTE_NOT_FOUND);
    CHECK_BYTES(result->message.data, result->message.len, copy);
    end_loan(with_turn);
    check_overwritten(got, sizeof *got);
    check_overwritten(result, sizeof *result);
    check_overwritten(message.data, message.len);

    CHECK_OK(peer_ask_query(pair.mirror, pair.peer, terminal, &number));
    got = next_reply(number);
    const orch_peer_terminal *detail = got->detail;
    const orch_bytes cwd = detail->cwd;
    use_peers();
    CHECK_BYTES(detail->cwd.data, detail->cwd.len, "/usr");
    end_loan(with_turn);
    check_overwritten(detail, sizeof *detail);
    check_overwritten(cwd.data, cwd.len);

    CHECK_OK(peer_ask_search(pair.mirror, pair.peer, terminal, orch_str("needle"), 0, 0, &number));
    got = next_reply(number);
    const orch_match *match = peer_match_at(got, 0);
    use_peers();
    CHECK_INT(match->end_col, 6);
    end_loan(with_turn);
    check_overwritten(match, sizeof *match);

    const orch_peer_attach_options options =
        peer_attach_options(ORCH_DELIVERY_LOSSLESS, ORCH_START_OLDEST);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &options));
    const orch_event_peer_output *output = next_of(ORCH_EVENT_PEER_OUTPUT)->payload.peer_output;
    const uint8_t *data = output->data;
    size_t len = output->len;
    use_peers();
    CHECK_BYTES(output->data, output->len, "needle");
    CHECK_OK(orch_peer_detach(pair.mirror, pair.peer, terminal));
    end_loan(with_turn);
    check_overwritten(data, len);
    check_overwritten(output, sizeof *output);

    // The very peer that an event is about.
    const orch_peer_attach_options on_screen =
        peer_attach_options(ORCH_DELIVERY_SCREEN, ORCH_START_DEFAULT);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &on_screen));
    const orch_event_peer_screen *changed = next_of(ORCH_EVENT_PEER_SCREEN)->payload.peer_screen;
    const orch_screen_update *update = changed->update;
    CHECK_OK(orch_peer_disconnect(pair.mirror, pair.peer));
    CHECK_INT(update->size, sizeof *update);
    CHECK(update->rows.row_count > 0);
    const orch_run *run = host_run_at(&update->rows, host_row_at(&update->rows, 0), 0);
    CHECK_BYTES(run->text.data, run->text.len, "needle");
    end_loan(with_turn);
    check_overwritten(update, sizeof *update);
    check_overwritten(changed, sizeof *changed);
}

// How a peer is lends until the next such question: its terminals as well.
static uint64_t lend_terminals(void) {
    uint64_t terminal = host_sh(pair.server, "exec cat");
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, NULL));
    const orch_peer_state state = peer_state(&pair);
    const orch_bytes *profile = state.profiles;
    CHECK_INT(state.terminal_count, 1);
    CHECK_INT(state.terminals[0], terminal);
    CHECK_OK(orch_peer_detach(pair.mirror, pair.peer, terminal));
    CHECK_INT(peer_state(&pair).terminal_count, 0);
    check_overwritten(state.terminals, sizeof *state.terminals);
    CHECK_BYTES(profile->data, profile->len, "shell");
    return terminal;
}

// Entries of the copy, of the own state, and how a peer is, do not depend on each other.
static void questions(void) {
    orch_session copy = state_session("", ""), none = state_session("", "");
    orch_state_cursor cursor = state_cursor();
    state_put_session(pair.mirror, "own", "The own one");
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("main"), &copy));
    const orch_session own = state_get_session(pair.mirror, "own");
    const orch_peer_state state = peer_state(&pair);
    const orch_bytes server = state.server, profile = state.profiles[0];
    CHECK_INT(state.profile_count, 1);
    // What fails ends nothing, and neither do turns.
    CHECK_STATUS(state_find_session(pair.mirror, pair.peer, orch_str("none"), &none),
                 ORCH_E_STALE_ID);
    CHECK_STATUS(orch_state_get_changes(pair.mirror, pair.peer, &cursor, 0, 0, NULL), ORCH_E_INVALID);
    peer_check_refused(pair.mirror, UINT64_MAX, ORCH_E_STALE_ID);
    state_put_session(pair.server, "main", "Another name");
    peer_catch_up(&pair);
    CHECK_BYTES(copy.name.data, copy.name.len, "Main");
    CHECK_BYTES(own.name.data, own.name.len, "The own one");
    CHECK_BYTES(profile.data, profile.len, "shell");
    CHECK(check_contains(server.data, server.len, "orchflow/"));
    const orch_state_changes all = peer_entries(&pair, &cursor, ORCH_COLLECTION_SESSIONS, 0);
    CHECK_INT(all.session_count, 2);
    const orch_bytes name = state_session_at(&all, 0)->name;
    CHECK_BYTES(name.data, name.len, "Another name");
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("x"), &copy));
    check_overwritten(name.data, name.len);
    check_overwritten(state_session_at(&all, 1), sizeof(orch_session));
    CHECK_OK(orch_terminal_close(pair.server, lend_terminals(), 0));
    CHECK_BYTES(own.name.data, own.name.len, "The own one");
}

int main(void) {
    check_start();
    for (int with_turn = 0; with_turn < 2; with_turn++) {
        memset(&pair, 0, sizeof pair);
        peer_serve(&pair, "127.0.0.1:0");
        const orch_spawn_options shell = host_options(NULL, 0);
        CHECK_OK(orch_profile_set(pair.server, orch_str("shell"), &shell));
        state_put_session(pair.server, "main", "Main");
        state_put_session(pair.server, "x", "");
        pair.mirror = host_engine();
        const orch_peer_options options = peer_options(pair.address, pair.token);
        CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
        peer_until(&pair, ORCH_EVENT_PEER_STATE);
        questions();
        events(with_turn);
        peer_end(&pair);
    }
    return 0;
}
