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
    host_init(&options, sizeof options);
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
    host_init(&options, sizeof options);
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
        CHECK(event.kind != ORCH_EVENT_LOG && event.kind < ORCH_EVENT_PEER_CONNECTED);
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

// The next event of the mirror, waited for. It is about a peer.
static inline const orch_event *peer_next(peer_pair *pair) {
    orch_event *event = &pair->event;
    int32_t status;
    *event = host_event();
    // The health of a peer is not what these tests are about.
    do {
        while ((status = orch_engine_next_event(pair->mirror, event)) == ORCH_DONE) peer_step(pair);
        CHECK_OK(status);
    } while (event->kind == ORCH_EVENT_HEALTH);
    if (event->kind == ORCH_EVENT_LOG) {
        const orch_bytes *log = &event->payload.log->text;
        dprintf(check_stderr, "log: %.*s\n", (int)log->len, (const char *)log->data);
    }
    CHECK(event->kind >= ORCH_EVENT_PEER_CONNECTED);
    CHECK(event->kind <= ORCH_EVENT_PEER_NOTICE);
    CHECK_INT(event->tag, PEER_TAG);
    CHECK_INT(event->reserved, 0);
    CHECK(event->source != 0);
    CHECK(event->payload.any != NULL);
    return event;
}

// Collects the bytes of output and snapshots; whether the event has any.
static inline int peer_collect(peer_pair *pair, const orch_event *event) {
    const uint8_t *data;
    size_t len;
    if (event->kind == ORCH_EVENT_PEER_OUTPUT) {
        data = event->payload.peer_output->data;
        len = event->payload.peer_output->len;
    } else if (event->kind == ORCH_EVENT_PEER_SNAPSHOT) {
        data = event->payload.peer_snapshot->data;
        len = event->payload.peer_snapshot->len;
    } else {
        return 0;
    }
    CHECK(len > 0 && pair->text.len + len < sizeof pair->text.data);
    memcpy(pair->text.data + pair->text.len, data, len);
    pair->text.len += len;
    return 1;
}

// Fails at an event that no test expects, with its message.
static inline void peer_check_no_problem(const orch_event *event) {
    orch_bytes message;
    if (event->kind == ORCH_EVENT_PEER_DISCONNECTED) {
        message = event->payload.peer_disconnected->reason;
    } else if (event->kind == ORCH_EVENT_PEER_PROBLEM) {
        message = event->payload.peer_problem->message;
    } else {
        return;
    }
    dprintf(check_stderr, "message: %.*s\n", (int)message.len, (const char *)message.data);
    CHECK(0);
}

// Reads events until one of this kind; output on the way is collected.
static inline const orch_event *peer_until(peer_pair *pair, uint32_t kind) {
    for (;;) {
        const orch_event *event = peer_next(pair);
        CHECK_INT(event->source, pair->peer);
        peer_collect(pair, event);
        if (event->kind == kind) return event;
        peer_check_no_problem(event);
    }
}

// Reads events until output or snapshots have this in them.
static inline void peer_until_text(peer_pair *pair, const char *part) {
    while (!check_contains(pair->text.data, pair->text.len, part)) peer_collect(pair, peer_next(pair));
}

// The reply to a request.
static inline const orch_event_peer_reply *peer_reply(peer_pair *pair, uint64_t request,
                                                      uint32_t kind) {
    const orch_event_peer_reply *reply;
    do {
        reply = peer_until(pair, ORCH_EVENT_PEER_REPLY)->payload.peer_reply;
    } while (reply->request != request);
    CHECK_INT(reply->kind, kind);
    CHECK_INT(reply->reserved, 0);
    CHECK_INT(reply->status != ORCH_REMOTE_OK, kind == ORCH_REPLY_FAILED);
    CHECK_INT(reply->message.len > 0, kind == ORCH_REPLY_FAILED);
    CHECK_INT(reply->terminal != 0, kind == ORCH_REPLY_SPAWNED);
    CHECK_INT(reply->watch != 0, kind == ORCH_REPLY_WATCHING);
    CHECK_INT(reply->results != NULL, kind == ORCH_REPLY_RESULTS);
    CHECK_INT(reply->detail != NULL, kind == ORCH_REPLY_TERMINAL);
    CHECK_INT(reply->slice != NULL, kind == ORCH_REPLY_SLICE);
    CHECK_INT(reply->stats != NULL, kind == ORCH_REPLY_STATS);
    CHECK_INT(reply->rows != NULL, kind == ORCH_REPLY_ROWS);
    return reply;
}

// Elements of arrays that the library lends.
static inline const orch_remote_result *peer_result_at(const orch_event_peer_reply *reply,
                                                       size_t index) {
    return (const orch_remote_result *)orch_element_at(reply->results, reply->result_stride, index);
}

static inline const orch_match *peer_match_at(const orch_event_peer_reply *reply, size_t index) {
    return (const orch_match *)orch_element_at(reply->matches, reply->match_stride, index);
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
    if (orch_state_get_version(pair->mirror, pair->peer, &copy) != ORCH_OK) return 0;
    const orch_state_version version = state_version(pair->server);
    CHECK_OK(orch_state_get_hash(pair->mirror, pair->peer, ORCH_COLLECTION_ALL, &hash));
    return copy.epoch == version.epoch && copy.n == version.n &&
           hash == state_hash(pair->server, ORCH_COLLECTION_ALL);
}

// Reads events until the copy is the state of the server.
static inline void peer_catch_up(peer_pair *pair) {
    while (!peer_is_equal(pair)) peer_until(pair, ORCH_EVENT_PEER_STATE);
}

// Makes both and waits until the state has come.
static inline void peer_start(peer_pair *pair, const char *address) {
    memset(pair, 0, sizeof *pair);
    peer_serve(pair, address);
    pair->mirror = host_engine();
    const orch_peer_options options = peer_options(pair->address, pair->token);
    CHECK_OK(orch_peer_connect(pair->mirror, &options, &pair->peer));
    CHECK(pair->peer != 0);
    CHECK_INT(peer_until(pair, ORCH_EVENT_PEER_CONNECTED)->payload.peer_connected->resumed, 0);
    CHECK_INT(peer_until(pair, ORCH_EVENT_PEER_STATE)->payload.peer_state->full, 1);
}

static inline void peer_end(peer_pair *pair) {
    CHECK_OK(orch_engine_destroy(pair->mirror));
    if (pair->server != NULL) CHECK_OK(orch_engine_destroy(pair->server));
}

static inline orch_peer_attach_options peer_attach_options(uint32_t mode, uint32_t start) {
    orch_peer_attach_options options;
    host_init(&options, sizeof options);
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

static inline orch_state_changes peer_entries(peer_pair *pair, orch_state_cursor *cursor,
                                              uint32_t collections, size_t max) {
    orch_state_changes changes;
    check_fill(&changes, sizeof changes);
    changes.size = sizeof changes;
    CHECK_OK(orch_state_get_changes(pair->mirror, pair->peer, cursor, collections, max, &changes));
    CHECK_INT(changes.size, sizeof changes);
    CHECK_INT(changes.removed_count, 0);
    CHECK_INT(changes.version.epoch, cursor->epoch);
    CHECK_INT(changes.version.n, cursor->n);
    return changes;
}

static inline orch_request peer_request(uint32_t kind) {
    orch_request request;
    host_init(&request, sizeof request);
    request.kind = kind;
    return request;
}

// Requests of each kind, sent.
static inline int32_t peer_ask_batch(orch_engine *engine, uint64_t peer, const orch_op *ops,
                                     size_t count, size_t stride, uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_BATCH);
    request.ops = ops;
    request.op_count = count;
    request.op_stride = stride;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_spawn(orch_engine *engine, uint64_t peer, orch_bytes profile,
                                     orch_bytes cwd, const orch_size *window, uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_SPAWN);
    request.profile = profile;
    request.cwd = cwd;
    if (window != NULL) request.window = *window;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_search(orch_engine *engine, uint64_t peer, uint64_t terminal,
                                      orch_bytes pattern, uint32_t flags, uint32_t max,
                                      uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_SEARCH);
    request.terminal = terminal;
    request.pattern = pattern;
    request.flags = flags;
    request.matches_max = max;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_query(orch_engine *engine, uint64_t peer, uint64_t terminal,
                                     uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_QUERY);
    request.terminal = terminal;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_rows(orch_engine *engine, uint64_t peer, uint64_t terminal,
                                    orch_line_position from, uint32_t above, uint32_t max,
                                    uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_ROWS);
    request.terminal = terminal;
    request.from = from;
    request.above = above;
    request.rows_max = max;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_watch(orch_engine *engine, uint64_t peer, orch_bytes path,
                                     uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_WATCH);
    request.path = path;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_unwatch(orch_engine *engine, uint64_t peer, uint64_t watch,
                                       uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_UNWATCH);
    request.watch = watch;
    return orch_peer_request(engine, peer, &request, number);
}

static inline int32_t peer_ask_change(orch_engine *engine, uint64_t peer, const orch_state_op *ops,
                                      size_t count, size_t stride, uint64_t *number) {
    orch_request request = peer_request(ORCH_REQUEST_CHANGE);
    request.changes = ops;
    request.change_count = count;
    request.change_stride = stride;
    return orch_peer_request(engine, peer, &request, number);
}

// Every call about this peer is refused with this status, and leaves its outputs alone.
static inline void peer_check_refused(orch_engine *engine, uint64_t peer, int32_t status) {
    const orch_op op = peer_op(1, ORCH_OP_INPUT, "x");
    const orch_state_op change = state_op(ORCH_STATE_OP_REMOVE_PANE, "x");
    orch_peer_state state;
    uint64_t number = 7;
    check_fill(&state, sizeof state);
    state.size = sizeof state;
    CHECK_STATUS(orch_peer_disconnect(engine, peer), status);
    CHECK_STATUS(orch_peer_get_state(engine, peer, &state), status);
    CHECK_STATUS(orch_peer_attach(engine, peer, 1, NULL), status);
    CHECK_STATUS(orch_peer_detach(engine, peer, 1), status);
    CHECK_STATUS(orch_peer_set_grid(engine, peer, 1, (orch_size){80, 24, 0, 0}), status);
    CHECK_STATUS(orch_peer_scroll(engine, peer, 1, 1), status);
    CHECK_STATUS(orch_peer_write(engine, peer, 1, "x", 1), status);
    CHECK_STATUS(peer_ask_batch(engine, peer, &op, 1, sizeof op, &number), status);
    CHECK_STATUS(peer_ask_spawn(engine, peer, orch_str("x"), state_none, NULL, &number), status);
    CHECK_STATUS(peer_ask_search(engine, peer, 1, orch_str("x"), 0, 0, &number), status);
    CHECK_STATUS(peer_ask_query(engine, peer, 1, &number), status);
    CHECK_STATUS(peer_ask_rows(engine, peer, 1, (orch_line_position){0, 0}, 0, 1, &number), status);
    for (uint32_t kind = ORCH_REQUEST_READ; kind <= ORCH_REQUEST_STATS; kind++) {
        orch_request request = peer_request(kind);
        request.path = orch_str("/");
        CHECK_STATUS(orch_peer_request(engine, peer, &request, &number), status);
    }
    CHECK_STATUS(peer_ask_watch(engine, peer, orch_str("/"), &number), status);
    CHECK_STATUS(peer_ask_unwatch(engine, peer, 1, &number), status);
    CHECK_STATUS(peer_ask_change(engine, peer, &change, 1, sizeof change, &number), status);
    // Peer 0 stands for the engine's own state.
    if (peer != 0) state_check_unreadable(engine, peer, status);
    CHECK_INT(number, 7);
    CHECK(check_is_filled((char *)&state + 8, sizeof state - 8));
}

#endif
