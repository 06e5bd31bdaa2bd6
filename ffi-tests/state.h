// Sessions and panes for tests of the application state, and questions that have to be answered.

#ifndef ORCHFLOW_TEST_STATE_H
#define ORCHFLOW_TEST_STATE_H

#include "host.h"

static const orch_bytes state_none = {NULL, 0};

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

static inline orch_state_op state_op(uint32_t kind, const char *id) {
    orch_state_op op;
    memset(&op, 0, sizeof op);
    op.kind = kind;
    op.base = ORCH_STATE_NO_BASE;
    op.id = id == NULL ? state_none : orch_str(id);
    return op;
}

static inline orch_state_version state_version(orch_engine *engine) {
    orch_state_version version;
    check_fill(&version, sizeof version);
    CHECK_OK(orch_state_get_version(engine, &version));
    return version;
}

static inline uint64_t state_hash(orch_engine *engine, uint32_t collections) {
    uint64_t hash = 77;
    CHECK_OK(orch_state_get_hash(engine, collections, &hash));
    return hash;
}

// Sets a session whatever is there; the version that it made.
static inline uint64_t state_put_session(orch_engine *engine, const char *id, const char *name) {
    const orch_session session = state_session(id, name);
    orch_state_version version;
    CHECK_OK(orch_state_set_session(engine, &session, ORCH_STATE_NO_BASE, &version));
    CHECK_INT(version.epoch, state_version(engine).epoch);
    CHECK_INT(version.n, state_version(engine).n);
    return version.n;
}

static inline uint64_t state_put_pane(orch_engine *engine, const char *id, const char *session) {
    const orch_pane pane = state_pane(id, session);
    orch_state_version version;
    CHECK_OK(orch_state_set_pane(engine, &pane, ORCH_STATE_NO_BASE, &version));
    CHECK_INT(version.n, state_version(engine).n);
    return version.n;
}

static inline orch_session state_get_session(orch_engine *engine, const char *id) {
    orch_session session;
    check_fill(&session, sizeof session);
    session.size = sizeof session;
    CHECK_OK(orch_state_get_session(engine, orch_str(id), &session));
    CHECK_INT(session.size, sizeof session);
    CHECK_BYTES(session.id.data, session.id.len, id);
    return session;
}

static inline orch_pane state_get_pane(orch_engine *engine, const char *id) {
    orch_pane pane;
    check_fill(&pane, sizeof pane);
    pane.size = sizeof pane;
    CHECK_OK(orch_state_get_pane(engine, orch_str(id), &pane));
    CHECK_BYTES(pane.id.data, pane.id.len, id);
    CHECK_INT(pane.reserved, 0);
    return pane;
}

static inline int state_has_session(orch_engine *engine, const char *id) {
    orch_session session = state_session("", "");
    int32_t status = orch_state_get_session(engine, orch_str(id), &session);
    if (status != ORCH_OK) CHECK_STATUS(status, ORCH_E_STALE_ID);
    return status == ORCH_OK;
}

static inline int state_has_pane(orch_engine *engine, const char *id) {
    orch_pane pane = state_pane("", "");
    int32_t status = orch_state_get_pane(engine, orch_str(id), &pane);
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
    CHECK_OK(orch_state_get_changes(engine, cursor, collections, max, &changes));
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

// Every call about the state is refused with this status, and leaves its outputs alone.
static inline void state_check_refused(orch_engine *engine, int32_t status) {
    orch_session session = state_session("x", "");
    orch_pane pane = state_pane("x", "x");
    orch_state_terminal terminal;
    orch_state_file file;
    orch_state_cursor cursor = state_cursor();
    orch_state_changes changes;
    orch_state_version version = {7, 7};
    orch_state_refusal refusal;
    const orch_bytes id = orch_str("x");
    const orch_state_op op = state_op(ORCH_STATE_OP_REMOVE_PANE, "x");
    uint64_t hash = 7;
    check_fill(&terminal, sizeof terminal);
    check_fill(&file, sizeof file);
    check_fill(&changes, sizeof changes);
    check_fill(&refusal, sizeof refusal);
    terminal.size = sizeof terminal;
    file.size = sizeof file;
    changes.size = sizeof changes;
    refusal.size = sizeof refusal;
    CHECK_STATUS(orch_state_get_version(engine, &version), status);
    CHECK_STATUS(orch_state_get_hash(engine, ORCH_COLLECTION_ALL, &hash), status);
    CHECK_STATUS(orch_state_get_session(engine, id, &session), status);
    CHECK_STATUS(orch_state_get_pane(engine, id, &pane), status);
    CHECK_STATUS(orch_state_get_terminal(engine, 1, &terminal), status);
    CHECK_STATUS(orch_state_get_file(engine, 1, 1, &file), status);
    CHECK_STATUS(orch_state_get_changes(engine, &cursor, 1, 0, &changes), status);
    CHECK_STATUS(orch_state_set_session(engine, &session, 0, &version), status);
    CHECK_STATUS(orch_state_set_pane(engine, &pane, 0, &version), status);
    CHECK_STATUS(orch_state_remove_session(engine, id, 0, &version), status);
    CHECK_STATUS(orch_state_remove_pane(engine, id, 0, &version), status);
    CHECK_STATUS(orch_state_change(engine, &op, 1, sizeof op, &version, &refusal), status);
    CHECK_STATUS(orch_review_answer(engine, 1, 1, state_none), status);
    CHECK_STATUS(orch_watch_set_published(engine, 1, 1), status);
    CHECK_INT(version.epoch + version.n + hash + cursor.epoch + cursor.n, 21);
    CHECK_INT(session.id.len + pane.id.len, 2);
    CHECK(check_is_filled((char *)&terminal + 8, sizeof terminal - 8));
    CHECK(check_is_filled((char *)&file + 8, sizeof file - 8));
    CHECK(check_is_filled((char *)&changes + 8, sizeof changes - 8));
    CHECK(check_is_filled((char *)&refusal + 8, sizeof refusal - 8));
}

#endif
