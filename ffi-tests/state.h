// Sessions and panes for tests of the application state, and questions that have to be answered.

#ifndef ORCHFLOW_TEST_STATE_H
#define ORCHFLOW_TEST_STATE_H

#include "host.h"

static const orch_bytes state_none = {NULL, 0};

// Elements of arrays that the library lends.
static inline const orch_state_key *state_removed_at(const orch_state_changes *changes, size_t index) {
    return (const orch_state_key *)orch_element_at(changes->removed, changes->removed_stride, index);
}

static inline const orch_session *state_session_at(const orch_state_changes *changes, size_t index) {
    return (const orch_session *)orch_element_at(changes->sessions, changes->session_stride, index);
}

static inline const orch_pane *state_pane_at(const orch_state_changes *changes, size_t index) {
    return (const orch_pane *)orch_element_at(changes->panes, changes->pane_stride, index);
}

static inline const orch_state_terminal *state_terminal_at(const orch_state_changes *changes,
                                                           size_t index) {
    return (const orch_state_terminal *)orch_element_at(changes->terminals, changes->terminal_stride,
                                                        index);
}

static inline const orch_state_file *state_file_at(const orch_state_changes *changes, size_t index) {
    return (const orch_state_file *)orch_element_at(changes->files, changes->file_stride, index);
}

static inline const orch_state_op *state_op_at(const orch_event_review *review, size_t index) {
    return (const orch_state_op *)orch_element_at(review->ops, review->op_stride, index);
}

static inline orch_session state_session(const char *id, const char *name) {
    orch_session session;
    memset(&session, 0, sizeof session);
    session.size = sizeof session;
    session.id = orch_str(id);
    session.name = orch_str(name);
    return session;
}

static inline orch_pane state_pane(const char *id, const char *session) {
    orch_pane pane;
    memset(&pane, 0, sizeof pane);
    pane.size = sizeof pane;
    pane.id = orch_str(id);
    pane.session = orch_str(session);
    return pane;
}

// For `base` below: the change is made whatever is there.
#define STATE_NO_BASE UINT64_MAX

static inline void state_set_base(orch_state_op *op, uint64_t base) {
    op->flags = base == STATE_NO_BASE ? 0 : ORCH_STATE_OP_HAS_BASE;
    op->base = base == STATE_NO_BASE ? 0 : base;
}

static inline orch_state_op state_op(uint32_t kind, const char *id) {
    orch_state_op op;
    memset(&op, 0, sizeof op);
    op.kind = kind;
    op.id = id == NULL ? state_none : orch_str(id);
    return op;
}

// Makes one change.
static inline int32_t state_change(orch_engine *engine, orch_state_op op, uint64_t base,
                                   orch_state_version *version) {
    state_set_base(&op, base);
    return orch_state_change(engine, &op, 1, sizeof op, version, NULL);
}

static inline int32_t state_set_session(orch_engine *engine, const orch_session *session,
                                        uint64_t base, orch_state_version *version) {
    orch_state_op op = state_op(ORCH_STATE_OP_SET_SESSION, NULL);
    op.session = session;
    return state_change(engine, op, base, version);
}

static inline int32_t state_set_pane(orch_engine *engine, const orch_pane *pane, uint64_t base,
                                     orch_state_version *version) {
    orch_state_op op = state_op(ORCH_STATE_OP_SET_PANE, NULL);
    op.pane = pane;
    return state_change(engine, op, base, version);
}

static inline int32_t state_remove_session(orch_engine *engine, orch_bytes id, uint64_t base,
                                           orch_state_version *version) {
    orch_state_op op = state_op(ORCH_STATE_OP_REMOVE_SESSION, NULL);
    op.id = id;
    return state_change(engine, op, base, version);
}

static inline int32_t state_remove_pane(orch_engine *engine, orch_bytes id, uint64_t base,
                                        orch_state_version *version) {
    orch_state_op op = state_op(ORCH_STATE_OP_REMOVE_PANE, NULL);
    op.id = id;
    return state_change(engine, op, base, version);
}

static inline orch_state_key state_key(uint32_t collection, orch_bytes text, uint64_t id,
                                       uint64_t watch) {
    orch_state_key key;
    memset(&key, 0, sizeof key);
    key.collection = collection;
    key.text = text;
    key.id = id;
    key.watch = watch;
    return key;
}

// Gets an entry, of the engine's own state or of the copy of a peer's. An error leaves the output alone.
static inline int32_t state_find(orch_engine *engine, uint64_t peer, orch_state_key key,
                                 orch_state_entry *entry) {
    check_fill(entry, sizeof *entry);
    entry->size = sizeof *entry;
    const int32_t status = orch_state_get_entry(engine, peer, &key, entry);
    CHECK_INT(entry->size, sizeof *entry);
    if (status != ORCH_OK) {
        CHECK(check_is_filled((char *)entry + 8, sizeof *entry - 8));
        return status;
    }
    CHECK_INT(entry->collection, key.collection);
    CHECK_INT(entry->reserved, 0);
    CHECK_INT(entry->session != NULL, key.collection == ORCH_COLLECTION_SESSIONS);
    CHECK_INT(entry->pane != NULL, key.collection == ORCH_COLLECTION_PANES);
    CHECK_INT(entry->terminal != NULL, key.collection == ORCH_COLLECTION_TERMINALS);
    CHECK_INT(entry->file != NULL, key.collection == ORCH_COLLECTION_FILES);
    return status;
}

// The same for one collection: the entry itself, which is left alone by an error, too.
static inline int32_t state_find_session(orch_engine *engine, uint64_t peer, orch_bytes id,
                                         orch_session *session) {
    orch_state_entry entry;
    const int32_t status =
        state_find(engine, peer, state_key(ORCH_COLLECTION_SESSIONS, id, 0, 0), &entry);
    if (status == ORCH_OK) *session = *entry.session;
    return status;
}

static inline int32_t state_find_pane(orch_engine *engine, uint64_t peer, orch_bytes id,
                                      orch_pane *pane) {
    orch_state_entry entry;
    const int32_t status =
        state_find(engine, peer, state_key(ORCH_COLLECTION_PANES, id, 0, 0), &entry);
    if (status == ORCH_OK) *pane = *entry.pane;
    return status;
}

static inline int32_t state_find_terminal(orch_engine *engine, uint64_t peer, uint64_t id,
                                          orch_state_terminal *terminal) {
    orch_state_entry entry;
    const int32_t status =
        state_find(engine, peer, state_key(ORCH_COLLECTION_TERMINALS, state_none, id, 0), &entry);
    if (status == ORCH_OK) *terminal = *entry.terminal;
    return status;
}

static inline int32_t state_find_file(orch_engine *engine, uint64_t peer, uint64_t watch, uint64_t id,
                                      orch_state_file *file) {
    orch_state_entry entry;
    const int32_t status =
        state_find(engine, peer, state_key(ORCH_COLLECTION_FILES, state_none, id, watch), &entry);
    if (status == ORCH_OK) *file = *entry.file;
    return status;
}

static inline orch_state_version state_version(orch_engine *engine) {
    orch_state_version version;
    check_fill(&version, sizeof version);
    CHECK_OK(orch_state_get_version(engine, 0, &version));
    return version;
}

static inline uint64_t state_hash(orch_engine *engine, uint32_t collections) {
    uint64_t hash = 77;
    CHECK_OK(orch_state_get_hash(engine, 0, collections, &hash));
    return hash;
}

// Sets a session whatever is there; the version that it made.
static inline uint64_t state_put_session(orch_engine *engine, const char *id, const char *name) {
    const orch_session session = state_session(id, name);
    orch_state_version version;
    CHECK_OK(state_set_session(engine, &session, STATE_NO_BASE, &version));
    CHECK_INT(version.epoch, state_version(engine).epoch);
    CHECK_INT(version.n, state_version(engine).n);
    return version.n;
}

static inline uint64_t state_put_pane(orch_engine *engine, const char *id, const char *session) {
    const orch_pane pane = state_pane(id, session);
    orch_state_version version;
    CHECK_OK(state_set_pane(engine, &pane, STATE_NO_BASE, &version));
    CHECK_INT(version.n, state_version(engine).n);
    return version.n;
}

static inline orch_session state_get_session(orch_engine *engine, const char *id) {
    orch_session session;
    CHECK_OK(state_find_session(engine, 0, orch_str(id), &session));
    CHECK_INT(session.size, sizeof session);
    CHECK_BYTES(session.id.data, session.id.len, id);
    return session;
}

static inline orch_pane state_get_pane(orch_engine *engine, const char *id) {
    orch_pane pane;
    CHECK_OK(state_find_pane(engine, 0, orch_str(id), &pane));
    CHECK_INT(pane.size, sizeof pane);
    CHECK_BYTES(pane.id.data, pane.id.len, id);
    CHECK_INT(pane.reserved, 0);
    return pane;
}

static inline int state_has_session(orch_engine *engine, const char *id) {
    orch_session session = state_session("", "");
    int32_t status = state_find_session(engine, 0, orch_str(id), &session);
    if (status != ORCH_OK) CHECK_STATUS(status, ORCH_E_STALE_ID);
    return status == ORCH_OK;
}

static inline int state_has_pane(orch_engine *engine, const char *id) {
    orch_pane pane = state_pane("", "");
    int32_t status = state_find_pane(engine, 0, orch_str(id), &pane);
    if (status != ORCH_OK) CHECK_STATUS(status, ORCH_E_STALE_ID);
    return status == ORCH_OK;
}

static inline orch_state_cursor state_cursor(void) {
    orch_state_cursor cursor;
    memset(&cursor, 0, sizeof cursor);
    return cursor;
}

static inline orch_state_changes state_changes(orch_engine *engine, orch_state_cursor *cursor,
                                               uint32_t collections, size_t max) {
    orch_state_changes changes;
    check_fill(&changes, sizeof changes);
    changes.size = sizeof changes;
    CHECK_OK(orch_state_get_changes(engine, 0, cursor, collections, max, &changes));
    CHECK_INT(changes.size, sizeof changes);
    CHECK_INT(changes.version.epoch, cursor->epoch);
    CHECK_INT(changes.version.n, cursor->n);
    return changes;
}

// The panes of a session are these, separated by spaces.
static inline void state_check_panes(const orch_session *session, const char *expected) {
    char text[4096];
    size_t len = 0;
    for (size_t i = 0; i < session->pane_count; i++) {
        CHECK(len + session->panes[i].len + 1 < sizeof text);
        if (i > 0) text[len++] = ' ';
        memcpy(text + len, session->panes[i].data, session->panes[i].len);
        len += session->panes[i].len;
    }
    CHECK_BYTES(text, len, expected);
}

// Every call that reads this state is refused with this status, and leaves its outputs alone.
static inline void state_check_unreadable(orch_engine *engine, uint64_t peer, int32_t status) {
    orch_state_entry entry;
    orch_state_cursor cursor = state_cursor();
    orch_state_changes changes;
    orch_state_version version = {7, 7};
    const orch_bytes id = orch_str("x");
    uint64_t hash = 7;
    check_fill(&changes, sizeof changes);
    changes.size = sizeof changes;
    CHECK_STATUS(orch_state_get_version(engine, peer, &version), status);
    CHECK_STATUS(orch_state_get_hash(engine, peer, ORCH_COLLECTION_ALL, &hash), status);
    for (uint32_t bit = 1; bit < ORCH_COLLECTION_ALL; bit <<= 1) {
        CHECK_STATUS(state_find(engine, peer, state_key(bit, id, 1, 1), &entry), status);
    }
    CHECK_STATUS(orch_state_get_changes(engine, peer, &cursor, 1, 0, &changes), status);
    CHECK_INT(version.epoch + version.n + hash, 21);
    const orch_state_cursor zeroes = state_cursor();
    CHECK_INT(memcmp(&cursor, &zeroes, sizeof cursor), 0);
    CHECK(check_is_filled((char *)&changes + 8, sizeof changes - 8));
}

// Every call about the state is refused with this status, and leaves its outputs alone.
static inline void state_check_refused(orch_engine *engine, int32_t status) {
    orch_session session = state_session("x", "");
    orch_pane pane = state_pane("x", "x");
    orch_state_version version = {7, 7};
    orch_state_refusal refusal;
    const orch_bytes id = orch_str("x");
    const orch_state_op op = state_op(ORCH_STATE_OP_REMOVE_PANE, "x");
    check_fill(&refusal, sizeof refusal);
    refusal.size = sizeof refusal;
    state_check_unreadable(engine, 0, status);
    CHECK_STATUS(state_set_session(engine, &session, 0, &version), status);
    CHECK_STATUS(state_set_pane(engine, &pane, 0, &version), status);
    CHECK_STATUS(state_remove_session(engine, id, 0, &version), status);
    CHECK_STATUS(state_remove_pane(engine, id, 0, &version), status);
    CHECK_STATUS(orch_state_change(engine, &op, 1, sizeof op, &version, &refusal), status);
    CHECK_STATUS(orch_review_answer(engine, 1, 1, state_none), status);
    CHECK_STATUS(orch_watch_set_published(engine, 1, 1), status);
    CHECK_INT(version.epoch + version.n, 14);
    CHECK(check_is_filled((char *)&refusal + 8, sizeof refusal - 8));
}

#endif
