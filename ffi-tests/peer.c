// Peers: one engine serves, another one in the same thread mirrors it: the state, output and input, requests,
// change sets, connections that are lost or refused.

#include "peer.h"

#include <sys/stat.h>

static peer_pair pair;

static void connects(void) {
    memset(&pair, 0, sizeof pair);
    peer_serve(&pair, "127.0.0.1:0");
    state_put_session(pair.server, "main", "Main");
    state_put_pane(pair.server, "p1", "main");
    state_put_pane(pair.server, "p2", "main");
    pair.mirror = host_engine();
    orch_peer_options options = peer_options(pair.address, pair.token);
    CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
    CHECK_INT(peer_state(&pair).status, ORCH_PEER_STATUS_CONNECTING);
    orch_state_version version = {7, 7};
    CHECK_STATUS(orch_state_get_version(pair.mirror, pair.peer, &version), ORCH_DONE);
    CHECK_INT(version.epoch + version.n, 14);
    const orch_event *event = peer_next(&pair);
    CHECK_INT(event->kind, ORCH_EVENT_PEER_CONNECTED);
    CHECK_INT(event->source, pair.peer);
    CHECK_INT(event->payload.peer_connected->resumed, 0);
    const orch_event_peer_state *reached =
        peer_until(&pair, ORCH_EVENT_PEER_STATE)->payload.peer_state;
    CHECK_INT(reached->full, 1);
    CHECK_INT(reached->reserved, 0);
    CHECK_INT(reached->version.n, state_version(pair.server).n);
    CHECK_INT(reached->version.epoch, state_version(pair.server).epoch);
    CHECK(peer_is_equal(&pair));
    const orch_peer_state state = peer_state(&pair);
    CHECK_INT(state.status, ORCH_PEER_STATUS_CONNECTED);
    CHECK_INT(state.tag, PEER_TAG);
    CHECK_INT(state.scopes, ORCH_SCOPE_ALL);
    CHECK_INT(state.breaker, ORCH_BREAKER_CLOSED);
    CHECK(check_contains(state.server.data, state.server.len, "orchflow/"));
    CHECK(state.last_error.data == NULL);
    CHECK_INT(state.profile_count + state.terminal_count + state.mismatches, 0);
    CHECK_INT(state.retry_in_ms, -1);
    orch_client_state info;
    CHECK_INT(serve_clients(pair.server, &info), 1);
    CHECK_BYTES(info.name.data, info.name.len, "mirror");
}

// Reading by key, and all of it in slices of any size.
static void reads(void) {
    orch_session session = state_session("", "");
    orch_pane pane = state_pane("", "");
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("main"), &session));
    CHECK_BYTES(session.name.data, session.name.len, "Main");
    CHECK_INT(session.version, state_get_session(pair.server, "main").version);
    state_check_panes(&session, "p1 p2");
    CHECK_OK(state_find_pane(pair.mirror, pair.peer, orch_str("p2"), &pane));
    CHECK_BYTES(pane.session.data, pane.session.len, "main");
    CHECK_STATUS(state_find_pane(pair.mirror, pair.peer, orch_str("p3"), &pane), ORCH_E_STALE_ID);
    CHECK_ERROR(pair.mirror, ORCH_E_STALE_ID, "entry");
    for (size_t max = 0; max < 5; max++) {
        orch_state_cursor cursor = state_cursor();
        orch_state_changes changes;
        size_t sessions = 0, panes = 0, slices = 0;
        do {
            changes = peer_entries(&pair, &cursor, ORCH_COLLECTION_ALL, max);
            CHECK_INT(changes.full, slices == 0);
            CHECK(max == 0 || changes.session_count + changes.pane_count <= max);
            CHECK_INT(changes.version.n, state_version(pair.server).n);
            for (size_t i = 0; i < changes.pane_count; i++) {
                CHECK_INT(state_pane_at(&changes, i)->session.len, 4);
            }
            sessions += changes.session_count;
            panes += changes.pane_count;
            slices++;
        } while (changes.more);
        CHECK_INT(sessions, 1);
        CHECK_INT(panes, 2);
        CHECK_INT(slices, max == 0 || max > 2 ? 1 : max == 2 ? 2 : 3);
        changes = peer_entries(&pair, &cursor, ORCH_COLLECTION_ALL, max);
        CHECK_INT(changes.full + changes.more + changes.session_count + changes.pane_count, 0);
        // A cursor that is nothing but a version begins anew as well, since a copy has no differences.
        orch_state_cursor from = state_cursor();
        from.epoch = changes.version.epoch;
        from.n = changes.version.n;
        changes = peer_entries(&pair, &from, ORCH_COLLECTION_ALL, max);
        CHECK_INT(changes.full, 1);
        // Another query begins anew.
        changes = peer_entries(&pair, &cursor, ORCH_COLLECTION_SESSIONS, 0);
        CHECK_INT(changes.full, 1);
        CHECK_INT(changes.session_count, 1);
        CHECK_INT(changes.pane_count, 0);
    }
}

// Waits until a terminal is detached.
static void until_detached(uint64_t terminal) {
    const orch_event *event = peer_until(&pair, ORCH_EVENT_PEER_DETACHED);
    CHECK_INT(event->payload.peer_detached->terminal, terminal);
}

// Output from the beginning, input, the end.
static void output(void) {
    uint64_t terminal = host_ready(pair.server, "echo ready; read -r x; echo \"got $x\"; exit 7");
    const orch_peer_attach_options options =
        peer_attach_options(ORCH_DELIVERY_LOSSLESS, ORCH_START_OLDEST);
    peer_catch_up(&pair);
    orch_state_terminal known;
    CHECK_OK(state_find_terminal(pair.mirror, pair.peer, terminal, &known));
    CHECK_INT(known.flags, ORCH_TERMINAL_RUNNING);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &options));
    const orch_event *event = peer_until(&pair, ORCH_EVENT_PEER_ATTACHED);
    CHECK_INT(event->payload.peer_attached->terminal, terminal);
    CHECK_INT(event->payload.peer_attached->offset, 0);
    event = peer_until(&pair, ORCH_EVENT_PEER_OUTPUT);
    CHECK_INT(event->payload.peer_output->terminal, terminal);
    CHECK_INT(event->payload.peer_output->offset, 0);
    peer_until_text(&pair, "ready\r\n");
    orch_peer_state state = peer_state(&pair);
    CHECK_INT(state.terminal_count, 1);
    CHECK_INT(state.terminals[0], terminal);
    CHECK_OK(orch_peer_write(pair.mirror, pair.peer, terminal, "hello\n", 6));
    event = peer_until(&pair, ORCH_EVENT_PEER_EXITED);
    CHECK_INT(event->payload.peer_exited->terminal, terminal);
    CHECK_INT(event->payload.peer_exited->exit_kind, ORCH_EXIT_CODE);
    CHECK_INT(event->payload.peer_exited->exit_value, 7);
    CHECK_INT(event->payload.peer_exited->end, pair.text.len);
    CHECK_BYTES(pair.text.data, pair.text.len, "ready\r\nhello\r\ngot hello\r\n");
    CHECK_OK(orch_peer_detach(pair.mirror, pair.peer, terminal));
    until_detached(terminal);
    CHECK_STATUS(orch_peer_detach(pair.mirror, pair.peer, terminal), ORCH_E_STALE_ID);
    // One that does not exist there is no error here.
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, 99, NULL));
    until_detached(99);
    CHECK_OK(orch_terminal_close(pair.server, terminal, 0));
}

// Waits until a terminal of the server has so many columns.
static void until_cols(uint64_t terminal, uint16_t cols) {
    while (host_state(pair.server, terminal).window.cols != cols) peer_step(&pair);
}

// The grid of a window makes the size of the terminal, also when the connection is made anew.
static void grids(void) {
    uint64_t terminal = host_ready(pair.server, "echo ready; exec cat");
    orch_peer_attach_options options =
        peer_attach_options(ORCH_DELIVERY_LOSSLESS, ORCH_START_OLDEST);
    options.grid.cols = 100;
    options.grid.rows = 40;
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &options));
    until_cols(terminal, 100);
    const orch_size smaller = {90, 30, 0, 0};
    CHECK_OK(orch_peer_set_grid(pair.mirror, pair.peer, terminal, smaller));
    until_cols(terminal, 90);
    CHECK_INT(host_state(pair.server, terminal).window.rows, 30);
    const orch_size own = {70, 20, 0, 0};
    CHECK_OK(orch_terminal_resize(pair.server, terminal, own));
    CHECK_OK(orch_peer_set_grid(pair.mirror, pair.peer, terminal, smaller));
    CHECK_OK(orch_peer_write(pair.mirror, pair.peer, terminal, "typed\n", 6));
    peer_until_text(&pair, "typed\r\ntyped\r\n");
    CHECK_INT(host_state(pair.server, terminal).window.cols, 70);
    CHECK_OK(orch_terminal_set(pair.server, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                               ORCH_SIZE_POLICY_LATEST));
    CHECK_INT(host_state(pair.server, terminal).window.cols, 90);
    CHECK_OK(orch_peer_detach(pair.mirror, pair.peer, terminal));
    until_detached(terminal);
    CHECK_OK(orch_terminal_close(pair.server, terminal, 0));
}

// A terminal with a screen: snapshot, updates, search, query, operations.
static void screens(void) {
    orch_bytes argv[3];
    const orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    host_sh_argv(argv, "stty -echo; printf 'one two one'; exec cat");
    orch_spawn_options spawn = host_options(argv, 3);
    spawn.screen = &screen;
    uint64_t terminal = 0, number = 0;
    CHECK_OK(orch_terminal_spawn(pair.server, &spawn, &terminal));
    static host_text text;
    text.len = 0;
    host_until_text(pair.server, terminal, &text, 0, "one two one");
    pair.text.len = 0;
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, NULL));
    const orch_event_peer_snapshot *snapshot =
        peer_until(&pair, ORCH_EVENT_PEER_SNAPSHOT)->payload.peer_snapshot;
    CHECK_INT(snapshot->terminal, terminal);
    CHECK_INT(snapshot->window.cols, 80);
    CHECK_INT(snapshot->window.rows, 24);
    CHECK_INT(snapshot->has_more + snapshot->reserved, 0);
    CHECK_INT(snapshot->offset, 11);
    CHECK(check_contains(pair.text.data, pair.text.len, "one two one"));
    const orch_peer_attach_options options =
        peer_attach_options(ORCH_DELIVERY_SCREEN, ORCH_START_DEFAULT);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &options));
    const orch_event_peer_screen *changed =
        peer_until(&pair, ORCH_EVENT_PEER_SCREEN)->payload.peer_screen;
    CHECK_INT(changed->terminal, terminal);
    CHECK(changed->update != NULL && changed->update->flags == ORCH_UPDATE_FULL);
    CHECK_INT(changed->update->window.cols, 80);
    CHECK_OK(peer_ask_search(pair.mirror, pair.peer, terminal, orch_str("ONE"),
                              ORCH_SEARCH_IGNORE_CASE, 0, &number));
    const orch_event_peer_reply *got = peer_reply(&pair, number, ORCH_REPLY_MATCHES);
    CHECK_INT(got->match_count, 2);
    CHECK_INT(got->has_more, 0);
    CHECK_INT(peer_match_at(got, 1)->start_col, 8);
    CHECK_INT(peer_match_at(got, 1)->end_col, 11);
    CHECK_OK(peer_ask_query(pair.mirror, pair.peer, terminal, &number));
    got = peer_reply(&pair, number, ORCH_REPLY_TERMINAL);
    CHECK(got->detail != NULL && got->detail->size == sizeof *got->detail);
    CHECK_INT(got->detail->terminal, terminal);
    CHECK_INT(got->detail->log_end, 11);
    CHECK(got->detail->foreground_pid > 0 && got->detail->since_output_ms >= 0);
    CHECK_INT(got->detail->since_input_ms, -1);
    orch_op ops[4] = {peer_op(terminal, ORCH_OP_INPUT, "x"), peer_op(99, ORCH_OP_PASTE, "y"),
                      peer_op(99, ORCH_OP_EOF, ""), peer_op(terminal, ORCH_OP_RESIZE, "")};
    ops[3].window.cols = 100;
    ops[3].window.rows = 30;
    CHECK_OK(peer_ask_batch(pair.mirror, pair.peer, ops, 4, sizeof ops[0], &number));
    got = peer_reply(&pair, number, ORCH_REPLY_RESULTS);
    CHECK_INT(got->result_count, 4);
    const uint32_t statuses[] = {ORCH_REMOTE_OK, ORCH_REMOTE_NOT_FOUND, ORCH_REMOTE_SKIPPED,
                                 ORCH_REMOTE_OK};
    for (size_t i = 0; i < 4; i++) {
        const orch_remote_result *result = peer_result_at(got, i);
        CHECK_INT(result->status, statuses[i]);
        CHECK_INT(result->reserved, 0);
        CHECK_INT(result->message.len > 0, statuses[i] != ORCH_REMOTE_OK);
    }
    ops[0] = peer_op(terminal, ORCH_OP_CLOSE, "");
    CHECK_OK(peer_ask_batch(pair.mirror, pair.peer, ops, 1, sizeof ops[0], &number));
    CHECK_INT(peer_reply(&pair, number, ORCH_REPLY_RESULTS)->result_count, 1);
    until_detached(terminal);
}

// Programs by profile, files in granted directories.
static void grants(void) {
    uint64_t number = 0;
    CHECK_OK(peer_ask_spawn(pair.mirror, pair.peer, orch_str("cat"), state_none, NULL, &number));
    const orch_event_peer_reply *failed = peer_reply(&pair, number, ORCH_REPLY_FAILED);
    CHECK(failed->status != ORCH_REMOTE_OK && failed->message.len > 0);
    const orch_bytes argv[] = {orch_str("cat")};
    const orch_spawn_options cat = host_options(argv, 1);
    const orch_size window = {100, 30, 0, 0};
    CHECK_OK(orch_profile_set(pair.server, orch_str("cat"), &cat));
    CHECK_OK(peer_ask_spawn(pair.mirror, pair.peer, orch_str("cat"), state_none, &window, &number));
    uint64_t terminal = peer_reply(&pair, number, ORCH_REPLY_SPAWNED)->terminal;
    CHECK_INT(host_state(pair.server, terminal).window.cols, 100);
    CHECK_OK(orch_terminal_close(pair.server, terminal, 0));
    // valgrind does not know openat2, by which directories are found.
    if (getenv("ORCHFLOW_VALGRIND") != NULL) return;
    char folder[] = "/tmp/orchflow-peer-XXXXXX", path[64];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK_SYS(fd);
    CHECK_SYS(close(fd));
    CHECK_OK(orch_directory_set_granted(pair.server, orch_str(folder), 1));
    CHECK_OK(peer_ask_watch(pair.mirror, pair.peer, orch_str(folder), &number));
    uint64_t watch = peer_reply(&pair, number, ORCH_REPLY_WATCHING)->watch;
    orch_state_changes changes;
    for (;;) {
        orch_state_cursor cursor = state_cursor();
        changes = peer_entries(&pair, &cursor, ORCH_COLLECTION_FILES, 0);
        if (changes.file_count == 2) break;
        peer_until(&pair, ORCH_EVENT_PEER_STATE);
    }
    const orch_state_file *file = state_file_at(&changes, 1);
    CHECK_INT(file->watch, watch);
    CHECK_BYTES(file->name.data, file->name.len, "file");
    orch_state_file known;
    CHECK_OK(state_find_file(pair.mirror, pair.peer, watch, file->id, &known));
    CHECK_INT(known.file_type, ORCH_FILE_TYPE_FILE);
    CHECK_OK(peer_ask_unwatch(pair.mirror, pair.peer, watch, &number));
    peer_reply(&pair, number, ORCH_REPLY_DONE);
    CHECK_OK(peer_ask_unwatch(pair.mirror, pair.peer, watch, &number));
    CHECK_INT(peer_reply(&pair, number, ORCH_REPLY_FAILED)->status, ORCH_REMOTE_NOT_FOUND);
    CHECK_SYS(unlink(path));
    CHECK_SYS(rmdir(folder));
}

static void changes(void) {
    const orch_session session = state_session("new", "From the mirror");
    const orch_pane pane = state_pane("inside", "new");
    orch_state_op ops[2] = {state_op(ORCH_STATE_OP_SET_SESSION, NULL),
                            state_op(ORCH_STATE_OP_SET_PANE, NULL)};
    uint64_t number = 0, other = 0;
    peer_catch_up(&pair);
    ops[0].session = &session;
    state_set_base(&ops[0], 0);
    ops[1].pane = &pane;
    CHECK_OK(peer_ask_change(pair.mirror, pair.peer, ops, 2, sizeof ops[0], &number));
    const orch_event *event = peer_until(&pair, ORCH_EVENT_PEER_APPLIED);
    CHECK_INT(event->payload.peer_applied->request, number);
    CHECK_INT(event->payload.peer_applied->version_n,
              state_get_session(pair.server, "new").version);
    orch_session copy = state_session("", "");
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("new"), &copy));
    CHECK_BYTES(copy.name.data, copy.name.len, "From the mirror");
    state_check_panes(&copy, "inside");
    // It is there now, so it cannot be new again.
    CHECK_OK(peer_ask_change(pair.mirror, pair.peer, ops, 1, sizeof ops[0], &other));
    CHECK(other != number);
    const orch_event_peer_rejected *rejected =
        peer_until(&pair, ORCH_EVENT_PEER_REJECTED)->payload.peer_rejected;
    CHECK_INT(rejected->request, other);
    CHECK_INT(rejected->status, ORCH_REMOTE_CONFLICT);
    CHECK_INT(rejected->reserved, 0);
    CHECK(rejected->message.len > 0);
}

static void disconnects(void) {
    uint64_t ids[2] = {77, 77};
    size_t count = 0;
    CHECK_OK(orch_engine_list(pair.mirror, ORCH_LIST_PEERS, ids, 2, &count));
    CHECK_INT(count, 1);
    CHECK_INT(ids[0], pair.peer);
    CHECK_INT(ids[1], 77);
    CHECK_OK(orch_peer_disconnect(pair.mirror, pair.peer));
    peer_check_refused(pair.mirror, pair.peer, ORCH_E_STALE_ID);
    CHECK_OK(orch_engine_list(pair.mirror, ORCH_LIST_PEERS, NULL, 0, &count));
    CHECK_INT(count, 0);
    orch_client_state info;
    while (serve_clients(pair.server, &info) > 0) peer_step(&pair);
    peer_end(&pair);
}

// A server that goes and comes back at the same place.
static void lost_connections(void) {
    char folder[] = "/tmp/orchflow-peer-XXXXXX", path[64], address[80];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(address, sizeof address, "unix:%s", path);
    memset(&pair, 0, sizeof pair);
    peer_serve(&pair, path);
    state_put_session(pair.server, "before", "");
    pair.mirror = host_engine();
    orch_peer_options options = peer_options(address, pair.token);
    CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
    peer_until(&pair, ORCH_EVENT_PEER_STATE);
    uint64_t terminal = host_cat(pair.server), number = 0;
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, NULL));
    peer_until(&pair, ORCH_EVENT_PEER_ATTACHED);
    CHECK_OK(peer_ask_query(pair.mirror, pair.peer, terminal, &number));
    CHECK_OK(orch_engine_destroy(pair.server));
    pair.server = NULL;
    CHECK_INT(peer_reply(&pair, number, ORCH_REPLY_FAILED)->status, ORCH_REMOTE_DISCONNECTED);
    const orch_event *event = peer_until(&pair, ORCH_EVENT_PEER_DISCONNECTED);
    CHECK(event->payload.peer_disconnected->retry_in_ms >= 0);
    CHECK(event->payload.peer_disconnected->reason.len > 0);
    CHECK_STATUS(orch_peer_write(pair.mirror, pair.peer, terminal, "x", 1), ORCH_E_DISCONNECTED);
    CHECK_STATUS(peer_ask_query(pair.mirror, pair.peer, terminal, &number), ORCH_E_DISCONNECTED);
    const orch_peer_state state = peer_state(&pair);
    CHECK(state.status == ORCH_PEER_STATUS_WAITING || state.status == ORCH_PEER_STATUS_CONNECTING);
    CHECK_INT(state.retry_in_ms >= 0, state.status == ORCH_PEER_STATUS_WAITING);
    CHECK(state.last_error.len > 0);
    // What was there can still be read.
    orch_session session = state_session("", "");
    CHECK_OK(state_find_session(pair.mirror, pair.peer, orch_str("before"), &session));
    peer_serve(&pair, path);
    do {
        event = peer_next(&pair);
    } while (event->kind != ORCH_EVENT_PEER_CONNECTED);
    CHECK_INT(event->payload.peer_connected->resumed, 0);
    CHECK_INT(peer_until(&pair, ORCH_EVENT_PEER_STATE)->payload.peer_state->full, 1);
    CHECK(peer_is_equal(&pair));
    CHECK_STATUS(state_find_session(pair.mirror, pair.peer, orch_str("before"), &session),
                 ORCH_E_STALE_ID);
    peer_end(&pair);
    unlink(path);
    CHECK_SYS(rmdir(folder));
}

// A token that is not valid, and nobody there with no further attempt: both are given up.
static void refusals(void) {
    memset(&pair, 0, sizeof pair);
    peer_serve(&pair, "127.0.0.1:0");
    pair.mirror = host_engine();
    orch_peer_options options = peer_options(pair.address, "not a token");
    for (int round = 0; round < 2; round++) {
        CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
        const orch_event *event = peer_next(&pair);
        CHECK_INT(event->kind, ORCH_EVENT_PEER_DISCONNECTED);
        CHECK_INT(event->source, pair.peer);
        CHECK_INT(event->payload.peer_disconnected->retry_in_ms, -1);
        CHECK(event->payload.peer_disconnected->reason.len > 0);
        const orch_peer_state state = peer_state(&pair);
        CHECK_INT(state.status, ORCH_PEER_STATUS_FAILED);
        CHECK(state.last_error.len > 0);
        CHECK_OK(orch_peer_disconnect(pair.mirror, pair.peer));
        options = peer_options("unix:/nonexistent/socket", pair.token);
        options.flags = ORCH_CONNECT_NO_RETRY;
    }
    peer_end(&pair);
}

// Both ways of writing, with compression.
static void codecs(void) {
    for (uint32_t flags = 0; flags < 4; flags++) {
        memset(&pair, 0, sizeof pair);
        peer_serve(&pair, "127.0.0.1:0");
        state_put_session(pair.server, "s", "Name");
        state_put_pane(pair.server, "p", "s");
        pair.mirror = host_engine();
        orch_peer_options options = peer_options(pair.address, pair.token);
        options.flags = flags;
        options.collections = ORCH_COLLECTION_SESSIONS;
        options.host = orch_str(pair.address);
        CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
        peer_until(&pair, ORCH_EVENT_PEER_STATE);
        orch_state_cursor cursor = state_cursor();
        const orch_state_changes all = peer_entries(&pair, &cursor, ORCH_COLLECTION_ALL, 0);
        CHECK_INT(all.session_count, 1);
        CHECK_INT(all.pane_count, 0);
        peer_end(&pair);
    }
}

int main(void) {
    check_start();
    int open_before = check_open_fds();
    connects();
    reads();
    output();
    grids();
    screens();
    grants();
    changes();
    disconnects();
    lost_connections();
    refusals();
    codecs();
    CHECK_INT(check_open_fds(), open_before);
    return 0;
}
