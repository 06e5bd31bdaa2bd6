// Bad arguments of the calls about peers: NULL, sizes, flags and numbers that mean nothing, addresses, text that
// is not UTF-8, limits, ids that name nothing. Each gives an error with a message, and changes nothing.

#include "peer.h"

static peer_pair pair;

static orch_bytes bytes_of(const char *data, size_t len) {
    orch_bytes bytes;
    bytes.data = data;
    bytes.len = len;
    return bytes;
}

static void refuse(const orch_peer_options *options, int32_t status, const char *part) {
    uint64_t peer = 77;
    size_t count = 0;
    int open_before = check_open_fds();
    CHECK_STATUS(orch_peer_connect(pair.mirror, options, &peer), status);
    CHECK_ERROR(pair.mirror, status, part);
    CHECK_INT(peer, 77);
    CHECK_INT(check_open_fds(), open_before);
    CHECK_OK(orch_engine_list(pair.mirror, ORCH_LIST_PEERS, NULL, 0, &count));
    CHECK_INT(count, 1);
}

static void options(void) {
    static char long_text[300];
    memset(long_text, 'x', sizeof long_text);
    const orch_peer_options good = peer_options(pair.address, pair.token);
    orch_peer_options bad;
    CHECK_STATUS(orch_peer_connect(pair.mirror, &good, NULL), ORCH_E_INVALID);
    refuse(NULL, ORCH_E_INVALID, "NULL");
#define REFUSED(assignment, part) (bad = good, assignment, refuse(&bad, ORCH_E_INVALID, part))
    REFUSED(bad.size = HOST_FIRST_PEER_OPTIONS - 1, "size");
    REFUSED(bad.size = 0, "size");
    static const char *const addresses[] = {"", "unix:", "localhost:80", "127.0.0.1", "[::1]",
                                            "::1:80", "127.0.0.1:65536", "run/x", "tcp:127.0.0.1:80"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        REFUSED(bad.address = orch_str(addresses[i]), "address");
    }
    REFUSED(bad.address = bytes_of(NULL, 1), "NULL");
    REFUSED(bad.address = bytes_of("\xFF:1", 3), "address");
    REFUSED(bad.token = state_none, "token");
    REFUSED(bad.token = bytes_of(long_text, 257), "token");
    REFUSED(bad.token = bytes_of("\xFF", 1), "token");
    REFUSED(bad.token = bytes_of(NULL, 1), "NULL");
    REFUSED(bad.name = bytes_of(long_text, 65), "name");
    REFUSED(bad.name = bytes_of("\xFF", 1), "name");
    REFUSED(bad.host = bytes_of("\xFF", 1), "host");
    REFUSED(bad.host = orch_str("a\r\nb"), "");
    REFUSED(bad.collections = 16, "collections");
    REFUSED(bad.collections = UINT32_MAX, "collections");
    REFUSED(bad.flags = 8, "flags");
    REFUSED(bad.flags = UINT32_MAX, "flags");
    REFUSED((bad.retry_initial_ms = 11, bad.retry_max_ms = 10), "orch_peer_options.retry_max_ms");
    REFUSED((bad.flags = ORCH_CONNECT_NO_RETRY, bad.retry_attempts = 1), "retry_attempts");
#undef REFUSED
}

static void refuse_attach(const orch_peer_attach_options *options, const char *part) {
    CHECK_STATUS(orch_peer_attach(pair.mirror, pair.peer, 1, options), ORCH_E_INVALID);
    CHECK_ERROR(pair.mirror, ORCH_E_INVALID, part);
    CHECK_INT(peer_state(&pair).terminal_count, 0);
}

static void attaching(void) {
    const orch_peer_attach_options good =
        peer_attach_options(ORCH_DELIVERY_LOSSLESS, ORCH_START_DEFAULT);
    orch_peer_attach_options bad;
#define REFUSED(assignment, part) (bad = good, assignment, refuse_attach(&bad, part))
    REFUSED(bad.size = HOST_FIRST_PEER_ATTACH_OPTIONS - 1, "size");
    REFUSED(bad.mode = ORCH_DELIVERY_NONE, "mode");
    REFUSED(bad.mode = 99, "mode");
    REFUSED(bad.start = ORCH_START_OFFSET, "start");
    REFUSED(bad.start = 6, "start");
    REFUSED(bad.reserved = 1, "reserved");
    REFUSED(bad.grid.cols = 80, "row");
    REFUSED(bad.grid.rows = 24, "column");
#undef REFUSED
    const orch_size some = {80, 24, 0, 0}, none = {80, 0, 0, 0};
    CHECK_STATUS(orch_peer_set_grid(pair.mirror, pair.peer, 1, some), ORCH_E_STALE_ID);
    CHECK_ERROR(pair.mirror, ORCH_E_STALE_ID, "not attached");
    CHECK_STATUS(orch_peer_set_grid(pair.mirror, pair.peer, 1, none), ORCH_E_INVALID);
}

static void requests(void) {
    const orch_size none = {0, 24, 0, 0};
    const orch_bytes bad_text = bytes_of("\xFF", 1), bad_bytes = bytes_of(NULL, 1);
    orch_op op = peer_op(1, ORCH_OP_INPUT, "x");
    uint64_t number = 77;
    orch_engine *engine = pair.mirror;
    uint64_t peer = pair.peer;
#define REFUSED(call, part)                              \
    do {                                                 \
        CHECK_STATUS(call, ORCH_E_INVALID);              \
        CHECK_ERROR(engine, ORCH_E_INVALID, part);       \
        CHECK_INT(number, 77);                           \
    } while (0)
    REFUSED(orch_peer_write(engine, peer, 1, NULL, 1), "NULL");
    REFUSED(orch_peer_write(engine, peer, 1, "x", SIZE_MAX), "memory");
    orch_request bad = peer_request(0);
    REFUSED(orch_peer_request(engine, peer, NULL, &number), "NULL");
    const uint32_t unknown[] = {0, ORCH_REQUEST_STATS + 1, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        bad.kind = unknown[i];
        REFUSED(orch_peer_request(engine, peer, &bad, &number), "orch_request.kind");
    }
    for (uint32_t kind = ORCH_REQUEST_BATCH; kind <= ORCH_REQUEST_STATS; kind++) {
        bad = peer_request(kind);
        REFUSED(orch_peer_request(engine, peer, &bad, NULL), "out_request");
        bad.reserved = 1;
        REFUSED(orch_peer_request(engine, peer, &bad, &number), "orch_request.reserved");
        bad = peer_request(kind);
        bad.size = HOST_FIRST_REQUEST - 1;
        REFUSED(orch_peer_request(engine, peer, &bad, &number), "size");
    }
    REFUSED(peer_ask_batch(engine, peer, &op, 1, sizeof op, NULL), "NULL");
    REFUSED(peer_ask_batch(engine, peer, NULL, 1, sizeof op, &number), "NULL");
    REFUSED(peer_ask_batch(engine, peer, &op, 1, HOST_FIRST_OP - 1, &number), "stride");
    REFUSED(peer_ask_batch(engine, peer, &op, SIZE_MAX, sizeof op, &number), "memory");
    const uint32_t kinds[] = {0, ORCH_OP_SET_MODE, ORCH_OP_SCROLL_TO, 11, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        op.kind = kinds[i];
        REFUSED(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), "operation 0");
    }
    op.kind = ORCH_OP_SIGNAL;
    op.value = ORCH_SIGNAL_LEADER;
    REFUSED(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), "signal target");
    op = peer_op(1, ORCH_OP_PASTE, "x");
    op.data = NULL;
    REFUSED(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), "NULL");
    op = peer_op(1, ORCH_OP_CLEAR, "");
    op.reserved = 1;
    REFUSED(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), "reserved");
    REFUSED(peer_ask_spawn(engine, peer, orch_str("x"), state_none, NULL, NULL), "NULL");
    REFUSED(peer_ask_spawn(engine, peer, bad_text, state_none, NULL, &number), "profile");
    REFUSED(peer_ask_spawn(engine, peer, orch_str("x"), bad_bytes, NULL, &number), "NULL");
    REFUSED(peer_ask_spawn(engine, peer, orch_str("x"), state_none, &none, &number), "window");
    REFUSED(peer_ask_search(engine, peer, 1, orch_str("x"), 0, 0, NULL), "NULL");
    REFUSED(peer_ask_search(engine, peer, 1, bad_text, 0, 0, &number), "pattern");
    REFUSED(peer_ask_search(engine, peer, 1, orch_str("x"), 4, 0, &number), "flags");
    REFUSED(peer_ask_query(engine, peer, 1, NULL), "NULL");
    REFUSED(peer_ask_watch(engine, peer, bad_bytes, &number), "NULL");
    REFUSED(peer_ask_watch(engine, peer, orch_str("/"), NULL), "NULL");
    REFUSED(peer_ask_unwatch(engine, peer, 1, NULL), "NULL");
    orch_state_op change = state_op(ORCH_STATE_OP_REMOVE_PANE, "x");
    REFUSED(peer_ask_change(engine, peer, &change, 1, sizeof change, NULL), "NULL");
    REFUSED(peer_ask_change(engine, peer, NULL, 1, sizeof change, &number), "NULL");
    REFUSED(peer_ask_change(engine, peer, &change, 1, sizeof change - 1, &number), "stride");
    change.kind = 99;
    REFUSED(peer_ask_change(engine, peer, &change, 1, sizeof change, &number), "operation 0");
    // What is too much for the connection, or for the other engine.
    static char large[5 << 20];
    op = peer_op(1, ORCH_OP_INPUT, "");
    op.data = large;
    op.len = sizeof large;
    CHECK_STATUS(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "larger");
    CHECK_INT(number, 77);
}

static void queries(void) {
    orch_engine *engine = pair.mirror;
    uint64_t peer = pair.peer, number = 77;
    size_t count = 77;
    orch_session session = state_session("x", "");
    orch_state_changes changes;
    orch_state_cursor cursor = state_cursor();
    memset(&changes, 0, sizeof changes);
    changes.size = sizeof changes;
    REFUSED(orch_engine_list(engine, ORCH_LIST_PEERS, NULL, 1, &count), "NULL");
    REFUSED(orch_engine_list(engine, ORCH_LIST_PEERS, NULL, 0, NULL), "NULL");
    CHECK_INT(count, 77);
    REFUSED(orch_peer_get_state(engine, peer, NULL), "NULL");
    REFUSED(orch_state_get_version(engine, peer, NULL), "NULL");
    REFUSED(orch_state_get_hash(engine, peer, ORCH_COLLECTION_ALL, NULL), "NULL");
    REFUSED(orch_state_get_hash(engine, peer, 0, &number), "collections");
    REFUSED(orch_state_get_hash(engine, peer, 16, &number), "collections");
    orch_state_entry entry;
    orch_state_key key = state_key(ORCH_COLLECTION_SESSIONS, orch_str("x"), 0, 0);
    check_fill(&entry, sizeof entry);
    entry.size = sizeof entry;
    REFUSED(orch_state_get_entry(engine, peer, &key, NULL), "NULL");
    REFUSED(orch_state_get_entry(engine, peer, NULL, &entry), "NULL");
    REFUSED(state_find_session(engine, peer, bytes_of("\xFF", 1), &session), "UTF-8");
    REFUSED(state_find_session(engine, peer, bytes_of(NULL, 1), &session), "NULL");
    entry.size = 8;
    REFUSED(orch_state_get_entry(engine, peer, &key, &entry), "size");
    CHECK(check_is_filled((char *)&entry + 8, sizeof entry - 8));
    REFUSED(orch_state_get_changes(engine, peer, NULL, 1, 0, &changes), "NULL");
    REFUSED(orch_state_get_changes(engine, peer, &cursor, 1, 0, NULL), "NULL");
    REFUSED(orch_state_get_changes(engine, peer, &cursor, 0, 0, &changes), "collections");
    REFUSED(orch_state_get_changes(engine, peer, &cursor, 32, 0, &changes), "collections");
    CHECK_INT(cursor.rest[0] + cursor.rest[1], 0);
    // All words but the first one, with and without the peer in the last one.
    for (size_t i = 1; i < 14; i++) {
        orch_state_cursor wild = state_cursor();
        if (i > 7) wild.rest[7] = peer;
        wild.rest[i % 7] = UINT64_MAX;
        REFUSED(orch_state_get_changes(engine, peer, &wild, 1, 0, &changes), "cursor");
        CHECK(wild.rest[i % 7] == UINT64_MAX);
    }
    // A cursor of the engine's own state, and one of a copy for the own state.
    orch_state_cursor own = state_cursor(), walk = state_cursor();
    orch_state_changes ignored = changes;
    CHECK_OK(orch_state_get_changes(engine, 0, &own, 1, 0, &ignored));
    CHECK_OK(orch_state_get_changes(engine, peer, &walk, 1, 0, &ignored));
    REFUSED(orch_state_get_changes(engine, peer, &own, 1, 0, &changes), "cursor");
    REFUSED(orch_state_get_changes(engine, 0, &walk, 1, 0, &changes), "cursor");
    CHECK_INT(changes.version.epoch, 0);
    // One of another time, or of another peer, is taken for the beginning.
    cursor.rest[7] = peer + 1;
    CHECK_OK(orch_state_get_changes(engine, peer, &cursor, 1, 0, &changes));
    CHECK_INT(changes.full, 1);
    CHECK(cursor.rest[7] == peer);
    CHECK_OK(orch_state_get_changes(engine, peer, &cursor, 1, 0, &changes));
    CHECK_INT(changes.full, 0);
    cursor.rest[0] = UINT64_MAX;
    CHECK_OK(orch_state_get_changes(engine, peer, &cursor, 1, 0, &changes));
    CHECK_INT(changes.full, 1);
}

static void ids(void) {
    uint64_t terminal = host_sh(pair.mirror, "exec cat");
    const uint64_t none[] = {0, 1, pair.peer + 1, pair.peer ^ (1ull << 40), terminal + 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (none[i] == pair.peer) continue;
        peer_check_refused(pair.mirror, none[i], ORCH_E_STALE_ID);
        CHECK_ERROR(pair.mirror, ORCH_E_STALE_ID, "peer");
    }
    peer_check_refused(NULL, pair.peer, ORCH_E_INVALID);
    orch_event event = host_event();
    CHECK_OK(orch_terminal_close(pair.mirror, terminal, 0));
    host_until(pair.mirror, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

// As many peers as the configuration says, none while shutting down.
static void limits(void) {
    orch_config config = host_config();
    orch_engine *engine = NULL;
    uint64_t peer = 0, other = 77;
    config.peers = 1025;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "peers");
    config.peers = 1;
    config.peer_queue_bytes = 1;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "peer_queue_bytes");
    config.peer_queue_bytes = 64 << 10;
    CHECK_OK(orch_engine_create(&config, &engine));
    const orch_peer_options options = peer_options("unix:/nonexistent/socket", "token");
    CHECK_OK(orch_peer_connect(engine, &options, &peer));
    CHECK_STATUS(orch_peer_connect(engine, &options, &other), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "1 peers");
    // Without a connection nothing can be sent, but wishes are kept.
    CHECK_STATUS(orch_peer_write(engine, peer, 1, "x", 1), ORCH_E_DISCONNECTED);
    CHECK_STATUS(peer_ask_query(engine, peer, 1, &other), ORCH_E_DISCONNECTED);
    CHECK_OK(orch_peer_attach(engine, peer, 1, NULL));
    CHECK_OK(orch_peer_detach(engine, peer, 1));
    CHECK_OK(orch_engine_shutdown(engine, 0));
    CHECK_STATUS(orch_peer_connect(engine, &options, &other), ORCH_E_GONE);
    peer_check_refused(engine, peer, ORCH_E_STALE_ID);
    CHECK_INT(other, 77);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    peer_start(&pair, "127.0.0.1:0");
    options();
    attaching();
    requests();
    queries();
    ids();
    // None of this was seen by the other engine, or has harmed the connection.
    state_put_session(pair.server, "s", "");
    peer_catch_up(&pair);
    CHECK_INT(peer_state(&pair).mismatches, 0);
    limits();
    peer_end(&pair);
    return 0;
}
