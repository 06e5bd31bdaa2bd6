// Two engines in one thread: one serves, the other one mirrors it as a peer. Whoever waits for the mirror also
// lets the server work; the server's own events are dropped.

#ifndef ORCHFLOW_TEST_PEER_H
#define ORCHFLOW_TEST_PEER_H

#include "serve.h"
#include "state.h"

#define PEER_TAG 9

typedef struct peer_pair {
    orch_engine *server;  // NULL when it was destroyed.
    orch_engine *mirror;
    uint64_t peer;
    char address[256];
    char token[ORCH_TOKEN_BYTES + 1];
    orch_event event;  // The last one of the mirror.
    host_text text;    // Output and snapshots that came on the way.
} peer_pair;

static inline orch_peer_options peer_options(const char *address, const char *token) {
    orch_peer_options options;
    CHECK_OK(orch_peer_options_init(&options, sizeof options));
    options.address = orch_str(address);
    options.token = orch_str(token);
    options.name = orch_str("mirror");
    options.retry_initial_ms = 1;
    options.retry_max_ms = 2;
    options.breaker_failures = UINT32_MAX;
    options.tag = PEER_TAG;
    return options;
}

// An engine that listens; the text of its token is the same each time.
static inline void peer_serve(peer_pair *pair, const char *address) {
    static const char secret[32] = "thirty-two bytes, and no secret";
    orch_token_options options;
    uint64_t token = 0;
    pair->server = host_engine();
    serve_listen(pair->server, address, pair->address);
    CHECK_OK(orch_token_options_init(&options, sizeof options));
    options.scopes = ORCH_SCOPE_ALL;
    options.secret.data = secret;
    options.secret.len = sizeof secret;
    memset(pair->token, 0, sizeof pair->token);
    CHECK_OK(orch_token_add(pair->server, &options, pair->token, &token));
}

// Lets the server do what there is to do.
static inline void peer_let_serve(peer_pair *pair) {
    orch_event event = host_event();
    if (pair->server == NULL) return;
    CHECK_OK(orch_engine_turn(pair->server, 0));
    while (orch_engine_next_event(pair->server, &event) == ORCH_OK) {
        CHECK(event.kind != ORCH_EVENT_LOG && event.kind != ORCH_EVENT_PEER);
    }
}

// Waits until one of the two has something to do, and lets both.
static inline void peer_step(peer_pair *pair) {
    struct pollfd fds[2] = {{orch_engine_get_fd(pair->mirror), POLLIN, 0}, {-1, POLLIN, 0}};
    if (pair->server != NULL) fds[1].fd = orch_engine_get_fd(pair->server);
    if (poll(fds, 2, -1) < 0) CHECK_INT(errno, EINTR);
    peer_let_serve(pair);
    CHECK_OK(orch_engine_turn(pair->mirror, 0));
}

// The next event of the mirror, waited for.
static inline const orch_peer_event *peer_next(peer_pair *pair) {
    int32_t status;
    pair->event = host_event();
    while ((status = orch_engine_next_event(pair->mirror, &pair->event)) == ORCH_DONE) {
        peer_step(pair);
    }
    CHECK_OK(status);
    if (pair->event.kind == ORCH_EVENT_LOG) {
        dprintf(check_stderr, "log: %.*s\n", (int)pair->event.len, (const char *)pair->event.data);
    }
    CHECK_INT(pair->event.kind, ORCH_EVENT_PEER);
    CHECK_INT(pair->event.tag, PEER_TAG);
    CHECK_INT(pair->event.terminal + pair->event.offset + pair->event.value + pair->event.watch, 0);
    const orch_peer_event *told = pair->event.peer;
    CHECK(told != NULL);
    CHECK_INT(told->size, sizeof *told);
    return told;
}

// Reads events until one of this kind; output on the way is collected.
static inline const orch_peer_event *peer_until(peer_pair *pair, uint32_t kind) {
    for (;;) {
        const orch_peer_event *told = peer_next(pair);
        CHECK_INT(told->peer, pair->peer);
        if (told->kind == ORCH_PEER_OUTPUT || told->kind == ORCH_PEER_SNAPSHOT) {
            CHECK(told->len > 0 && pair->text.len + told->len < sizeof pair->text.data);
            memcpy(pair->text.data + pair->text.len, told->data, told->len);
            pair->text.len += told->len;
        }
        if (told->kind == kind) return told;
        if (told->kind == ORCH_PEER_DISCONNECTED || told->kind == ORCH_PEER_PROBLEM) {
            dprintf(check_stderr, "told: %.*s\n", (int)told->len, (const char *)told->data);
            CHECK(0);
        }
    }
}

// Reads events until output or snapshots have this in them.
static inline void peer_until_text(peer_pair *pair, const char *part) {
    while (!check_contains(pair->text.data, pair->text.len, part)) {
        const orch_peer_event *told = peer_next(pair);
        if (told->kind != ORCH_PEER_OUTPUT && told->kind != ORCH_PEER_SNAPSHOT) continue;
        CHECK(pair->text.len + told->len < sizeof pair->text.data);
        memcpy(pair->text.data + pair->text.len, told->data, told->len);
        pair->text.len += told->len;
    }
}

// The answer to a request.
static inline const orch_peer_event *peer_answer(peer_pair *pair, uint64_t number, uint32_t answer) {
    const orch_peer_event *told;
    do {
        told = peer_until(pair, ORCH_PEER_ANSWER);
    } while (told->number != number);
    CHECK_INT(told->answer, answer);
    return told;
}

static inline orch_peer_state peer_state(peer_pair *pair) {
    orch_peer_state state;
    check_fill(&state, sizeof state);
    state.size = sizeof state;
    CHECK_OK(orch_peer_get_state(pair->mirror, pair->peer, &state));
    CHECK_INT(state.size, sizeof state);
    CHECK_INT(state.peer, pair->peer);
    return state;
}

// Whether the copy is the state of the server.
static inline int peer_is_equal(peer_pair *pair) {
    orch_state_version copy;
    uint64_t hash = 0;
    if (orch_peer_state_version(pair->mirror, pair->peer, &copy) != ORCH_OK) return 0;
    const orch_state_version version = state_version(pair->server);
    CHECK_OK(orch_peer_state_hash(pair->mirror, pair->peer, ORCH_COLLECTION_ALL, &hash));
    return copy.epoch == version.epoch && copy.n == version.n &&
           hash == state_hash(pair->server, ORCH_COLLECTION_ALL);
}

// Reads events until the copy is the state of the server.
static inline void peer_catch_up(peer_pair *pair) {
    while (!peer_is_equal(pair)) peer_until(pair, ORCH_PEER_STATE);
}

// Makes both and waits until the state has come.
static inline void peer_start(peer_pair *pair, const char *address) {
    memset(pair, 0, sizeof *pair);
    peer_serve(pair, address);
    pair->mirror = host_engine();
    const orch_peer_options options = peer_options(pair->address, pair->token);
    CHECK_OK(orch_peer_connect(pair->mirror, &options, &pair->peer));
    CHECK(pair->peer != 0);
    CHECK_INT(peer_until(pair, ORCH_PEER_CONNECTED)->flags, 0);
    CHECK_INT(peer_until(pair, ORCH_PEER_STATE)->flags, ORCH_PEER_IS_FULL);
}

static inline void peer_end(peer_pair *pair) {
    CHECK_OK(orch_engine_destroy(pair->mirror));
    if (pair->server != NULL) CHECK_OK(orch_engine_destroy(pair->server));
}

static inline orch_peer_attach_options peer_attach_options(uint32_t mode, uint32_t start) {
    orch_peer_attach_options options;
    CHECK_OK(orch_peer_attach_options_init(&options, sizeof options));
    options.mode = mode;
    options.start = start;
    return options;
}

static inline orch_op peer_op(uint64_t terminal, uint32_t kind, const char *data) {
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = kind;
    op.data = data;
    op.len = strlen(data);
    return op;
}

static inline orch_state_changes peer_entries(peer_pair *pair, orch_peer_cursor *cursor,
                                              uint32_t collections, size_t max) {
    orch_state_changes changes;
    check_fill(&changes, sizeof changes);
    changes.size = sizeof changes;
    CHECK_OK(orch_peer_entries(pair->mirror, pair->peer, cursor, collections, max, &changes));
    CHECK_INT(changes.size, sizeof changes);
    CHECK_INT(changes.removed_count, 0);
    return changes;
}

// Every call about this peer is refused with this status, and leaves its outputs alone.
static inline void peer_check_refused(orch_engine *engine, uint64_t peer, int32_t status) {
    const orch_op op = peer_op(1, ORCH_OP_INPUT, "x");
    const orch_state_op change = state_op(ORCH_STATE_OP_REMOVE_PANE, "x");
    orch_peer_state state;
    orch_session session = state_session("x", "");
    orch_pane pane = state_pane("x", "x");
    orch_state_terminal terminal;
    orch_state_file file;
    orch_state_changes changes;
    orch_state_version version = {7, 7};
    orch_peer_cursor cursor = {{0, 0, 0, 0}};
    uint64_t number = 7;
    check_fill(&state, sizeof state);
    check_fill(&terminal, sizeof terminal);
    check_fill(&file, sizeof file);
    check_fill(&changes, sizeof changes);
    state.size = sizeof state;
    terminal.size = sizeof terminal;
    file.size = sizeof file;
    changes.size = sizeof changes;
    CHECK_STATUS(orch_peer_disconnect(engine, peer), status);
    CHECK_STATUS(orch_peer_get_state(engine, peer, &state), status);
    CHECK_STATUS(orch_peer_attach(engine, peer, 1, NULL), status);
    CHECK_STATUS(orch_peer_detach(engine, peer, 1), status);
    CHECK_STATUS(orch_peer_set_grid(engine, peer, 1, (orch_size){80, 24, 0, 0}), status);
    CHECK_STATUS(orch_peer_write(engine, peer, 1, "x", 1), status);
    CHECK_STATUS(orch_peer_batch(engine, peer, &op, 1, sizeof op, &number), status);
    CHECK_STATUS(orch_peer_spawn(engine, peer, orch_str("x"), state_none, NULL, &number), status);
    CHECK_STATUS(orch_peer_search(engine, peer, 1, orch_str("x"), 0, 0, &number), status);
    CHECK_STATUS(orch_peer_query(engine, peer, 1, &number), status);
    CHECK_STATUS(orch_peer_watch(engine, peer, orch_str("/"), &number), status);
    CHECK_STATUS(orch_peer_unwatch(engine, peer, 1, &number), status);
    CHECK_STATUS(orch_peer_change(engine, peer, &change, 1, sizeof change, &number), status);
    CHECK_STATUS(orch_peer_state_version(engine, peer, &version), status);
    CHECK_STATUS(orch_peer_state_hash(engine, peer, ORCH_COLLECTION_ALL, &number), status);
    CHECK_STATUS(orch_peer_get_session(engine, peer, orch_str("x"), &session), status);
    CHECK_STATUS(orch_peer_get_pane(engine, peer, orch_str("x"), &pane), status);
    CHECK_STATUS(orch_peer_get_terminal(engine, peer, 1, &terminal), status);
    CHECK_STATUS(orch_peer_get_file(engine, peer, 1, 1, &file), status);
    CHECK_STATUS(orch_peer_entries(engine, peer, &cursor, 1, 0, &changes), status);
    CHECK_INT(version.epoch + version.n + number + cursor.words[0] + cursor.words[1], 21);
    CHECK_INT(session.id.len + pane.id.len, 2);
    CHECK(check_is_filled((char *)&state + 8, sizeof state - 8));
    CHECK(check_is_filled((char *)&terminal + 8, sizeof terminal - 8));
    CHECK(check_is_filled((char *)&file + 8, sizeof file - 8));
    CHECK(check_is_filled((char *)&changes + 8, sizeof changes - 8));
}

#endif
