// What queries about the application state lend: good until the next one that has an answer, whatever
// happens to the state. See borrowed.c for ORCHFLOW_DEBUG_LIBRARY.

#include "state.h"

static void check_overwritten(const void *data, size_t len) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    CHECK(len > 0);
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

static void put_large(orch_engine *engine) {
    const orch_key_value pair = {orch_str("key"), orch_str("a value at the end of what is lent")};
    orch_session session = state_session("main", "A name that is long enough to be seen");
    session.metadata = &pair;
    session.metadata_count = 1;
    CHECK_OK(state_set_session(engine, &session, STATE_NO_BASE, NULL));
    state_put_pane(engine, "first", "main");
    state_put_pane(engine, "second", "main");
}

static void check_large(const orch_session *session) {
    CHECK_BYTES(session->id.data, session->id.len, "main");
    CHECK_BYTES(session->name.data, session->name.len, "A name that is long enough to be seen");
    state_check_panes(session, "first second");
    CHECK_INT(session->metadata_count, 1);
    CHECK_BYTES(session->metadata->key.data, session->metadata->key.len, "key");
    CHECK_BYTES(session->metadata->value.data, session->metadata->value.len,
                "a value at the end of what is lent");
}

// Every call about the state that does not end a loan, and events and turns.
static void use_state(orch_engine *engine) {
    orch_session none = state_session("", "");
    orch_state_cursor cursor = state_cursor();
    orch_event event = host_event();
    state_put_session(engine, "main", "Another name");
    CHECK_OK(state_remove_session(engine, orch_str("main"), STATE_NO_BASE, NULL));
    CHECK_STATUS(state_find_session(engine, 0, orch_str("main"), &none), ORCH_E_STALE_ID);
    const orch_state_key key = state_key(ORCH_COLLECTION_SESSIONS, orch_str("main"), 0, 0);
    CHECK_STATUS(orch_state_get_entry(engine, 0, &key, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_state_get_changes(engine, 0, &cursor, 0, 0, NULL), ORCH_E_INVALID);
    state_hash(engine, ORCH_COLLECTION_ALL);
    uint64_t terminal = host_sh(engine, "exit 3");
    host_until_exit(engine, terminal, 3, NULL);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_OK(orch_engine_turn(engine, 0));
}

static void one_entry(orch_engine *engine) {
    put_large(engine);
    orch_state_entry entry;
    CHECK_OK(state_find(engine, 0, state_key(ORCH_COLLECTION_SESSIONS, orch_str("main"), 0, 0), &entry));
    const orch_session session = *entry.session;
    const orch_bytes value = session.metadata->value;
    use_state(engine);
    check_large(entry.session);
    check_large(&session);
    state_put_session(engine, "x", "");
    state_get_session(engine, "x");
    check_overwritten(value.data, value.len);
    check_overwritten(session.metadata, sizeof *session.metadata);
    check_overwritten(session.panes, 2 * sizeof *session.panes);
}

static void changes(orch_engine *engine) {
    orch_state_cursor cursor = state_cursor();
    put_large(engine);
    state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0);
    const orch_state_cursor before = cursor;
    CHECK_OK(state_remove_pane(engine, orch_str("first"), STATE_NO_BASE, NULL));
    state_put_pane(engine, "first", "main");
    state_put_pane(engine, "gone", "main");
    CHECK_OK(state_remove_pane(engine, orch_str("gone"), STATE_NO_BASE, NULL));
    const orch_state_changes got = state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0);
    use_state(engine);
    CHECK_INT(got.session_count, 1);
    CHECK_INT(got.pane_count, 1);
    CHECK_INT(got.removed_count, 1);
    const orch_state_key *key = state_removed_at(&got, 0);
    const orch_pane *pane = state_pane_at(&got, 0);
    const orch_session *session = state_session_at(&got, 0);
    CHECK_BYTES(key->text.data, key->text.len, "gone");
    CHECK_BYTES(pane->id.data, pane->id.len, "first");
    state_check_panes(session, "second first");
    state_get_session(engine, "x");
    check_overwritten(key, sizeof *key);
    check_overwritten(pane, sizeof *pane);
    // An old cursor gives what is different now.
    cursor = before;
    CHECK_INT(state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0).session_count, 0);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    one_entry(engine);
    changes(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
