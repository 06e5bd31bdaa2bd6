// The application state: sessions and panes, change sets and conflicts, what terminals and files put into
// it, what changed since a version.

#include "state.h"
#include "watch.h"

static void empty(orch_engine *engine) {
    orch_state_terminal terminal;
    orch_state_file file;
    CHECK_INT(state_version(engine).n, 0);
    CHECK_INT(state_hash(engine, ORCH_COLLECTION_ALL), 0);
    CHECK(!state_has_session(engine, "main"));
    CHECK(!state_has_pane(engine, "main"));
    CHECK_STATUS(state_find_terminal(engine, 0, 1, &terminal), ORCH_E_STALE_ID);
    CHECK_STATUS(state_find_file(engine, 0, 1, 1, &file), ORCH_E_STALE_ID);
    orch_state_cursor cursor = state_cursor();
    orch_state_changes changes = state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0);
    CHECK_INT(changes.full, 1);
    CHECK_INT(changes.more, 0);
    CHECK_INT(changes.session_count + changes.pane_count + changes.removed_count, 0);
}

// Everything that a session and a pane have comes back as it was set.
static void set_and_get(orch_engine *engine) {
    const orch_key_value pairs[] = {{orch_str("zoom"), orch_str("2")}, {orch_str("color"), orch_str("")}};
    orch_session session = state_session("main", "The \xC3\xA4 session");
    session.metadata = pairs;
    session.metadata_count = 2;
    session.version = 99;  // Not looked at.
    orch_state_version version;
    CHECK_OK(state_set_session(engine, &session, 0, &version));
    CHECK_INT(version.n, 1);
    orch_session got = state_get_session(engine, "main");
    CHECK_BYTES(got.name.data, got.name.len, "The \xC3\xA4 session");
    CHECK_INT(got.version, 1);
    CHECK_INT(got.pane_count, 0);
    CHECK_INT(got.metadata_count, 2);
    CHECK_BYTES(got.metadata[0].key.data, got.metadata[0].key.len, "color");
    CHECK_INT(got.metadata[0].value.len, 0);
    CHECK_BYTES(got.metadata[1].key.data, got.metadata[1].key.len, "zoom");
    CHECK_BYTES(got.metadata[1].value.data, got.metadata[1].value.len, "2");
    // The same again makes no version.
    CHECK_OK(state_set_session(engine, &session, STATE_NO_BASE, &version));
    CHECK_INT(version.n, 1);

    orch_pane pane = state_pane("file", "main");
    pane.title = orch_str("A file");
    pane.content = ORCH_PANE_FILE;
    pane.data = orch_str("/tmp/\xFF");
    pane.metadata = pairs;
    pane.metadata_count = 1;
    CHECK_OK(state_set_pane(engine, &pane, 0, NULL));
    orch_pane shown = state_get_pane(engine, "file");
    CHECK_BYTES(shown.session.data, shown.session.len, "main");
    CHECK_BYTES(shown.title.data, shown.title.len, "A file");
    CHECK_INT(shown.content, ORCH_PANE_FILE);
    CHECK_BYTES(shown.data.data, shown.data.len, "/tmp/\xFF");
    CHECK_INT(shown.terminal, 0);
    CHECK_INT(shown.metadata_count, 1);
    CHECK_BYTES(shown.metadata->key.data, shown.metadata->key.len, "zoom");
    pane = state_pane("own", "main");
    pane.content = ORCH_PANE_CUSTOM;
    pane.data = orch_str("clock");
    CHECK_OK(state_set_pane(engine, &pane, 0, NULL));
    shown = state_get_pane(engine, "own");
    CHECK_INT(shown.content, ORCH_PANE_CUSTOM);
    CHECK_BYTES(shown.data.data, shown.data.len, "clock");
    state_put_pane(engine, "empty", "main");
    shown = state_get_pane(engine, "empty");
    CHECK_INT(shown.content, ORCH_PANE_EMPTY);
    CHECK_INT(shown.data.len, 0);
    CHECK(state_hash(engine, ORCH_COLLECTION_ALL) != 0);
    CHECK_INT(state_hash(engine, ORCH_COLLECTION_TERMINALS | ORCH_COLLECTION_FILES), 0);
    CHECK_INT(state_hash(engine, ORCH_COLLECTION_SESSIONS) + state_hash(engine, ORCH_COLLECTION_PANES),
              state_hash(engine, ORCH_COLLECTION_ALL));
}

// A session's list is in the order wished for; what it leaves out is kept behind.
static void order_of_panes(orch_engine *engine) {
    orch_session session = state_get_session(engine, "main");
    state_check_panes(&session, "file own empty");
    const orch_bytes panes[] = {orch_str("empty"), orch_str("file")};
    session = state_session("main", "Other");
    session.panes = panes;
    session.pane_count = 2;
    CHECK_OK(state_set_session(engine, &session, STATE_NO_BASE, NULL));
    session = state_get_session(engine, "main");
    state_check_panes(&session, "empty file own");
    // Another session takes one.
    state_put_session(engine, "second", "");
    state_put_pane(engine, "file", "second");
    session = state_get_session(engine, "main");
    state_check_panes(&session, "empty own");
    session = state_get_session(engine, "second");
    state_check_panes(&session, "file");
}

// A change that was built on another version than the entry's is refused.
static void conflicts(orch_engine *engine) {
    orch_session session = state_get_session(engine, "main");
    const uint64_t base = session.version;
    CHECK(base > 0);
    // What a question has lent may be set again, changed.
    session.name = orch_str("Newer");
    orch_state_version version;
    CHECK_OK(state_set_session(engine, &session, session.version, &version));
    CHECK_INT(state_get_session(engine, "main").version, version.n);
    const orch_session old = state_session("main", "Too late");
    orch_state_version untouched = {77, 77};
    CHECK_STATUS(state_set_session(engine, &old, base, &untouched), ORCH_E_CONFLICT);
    CHECK_ERROR(engine, ORCH_E_CONFLICT, "version");
    CHECK_STATUS(state_set_session(engine, &old, 0, &untouched), ORCH_E_CONFLICT);
    CHECK_STATUS(state_remove_session(engine, orch_str("main"), base, &untouched),
                 ORCH_E_CONFLICT);
    CHECK_STATUS(state_remove_pane(engine, orch_str("own"), version.n + 1, &untouched),
                 ORCH_E_CONFLICT);
    const orch_pane pane = state_pane("new", "main");
    CHECK_STATUS(state_set_pane(engine, &pane, 1, &untouched), ORCH_E_CONFLICT);
    CHECK_INT(untouched.epoch + untouched.n, 154);
    session = state_get_session(engine, "main");
    CHECK_BYTES(session.name.data, session.name.len, "Newer");
    CHECK_INT(state_version(engine).n, version.n);
}

// Operations take effect together or not at all.
static void change_sets(orch_engine *engine) {
    // A host's struct that is larger than the library's.
    struct {
        orch_state_op op;
        char tail[16];
    } ops[4];
    memset(ops, 0, sizeof ops);
    const orch_session session = state_session("third", "Third");
    const orch_pane pane = state_pane("of-third", "third");
    ops[0].op = state_op(ORCH_STATE_OP_SET_PANE, NULL);  // Before its session.
    ops[0].op.pane = &pane;
    ops[1].op = state_op(ORCH_STATE_OP_SET_SESSION, "third");
    ops[1].op.session = &session;
    state_set_base(&ops[1].op, 0);
    ops[2].op = state_op(ORCH_STATE_OP_REMOVE_PANE, "own");
    ops[3].op = state_op(ORCH_STATE_OP_REMOVE_SESSION, "second");
    const uint64_t before = state_version(engine).n;
    orch_state_version version;
    orch_state_refusal refusal, filled;
    check_fill(&refusal, sizeof refusal);
    refusal.size = sizeof refusal;
    filled = refusal;
    CHECK_OK(orch_state_change(engine, &ops[0].op, 4, sizeof ops[0], &version, &refusal));
    CHECK_INT(version.n, before + 1);
    CHECK_INT(memcmp(&refusal, &filled, sizeof refusal), 0);
    CHECK_INT(state_get_session(engine, "third").version, version.n);
    CHECK_INT(state_get_pane(engine, "of-third").version, version.n);
    CHECK(!state_has_pane(engine, "own") && !state_has_pane(engine, "file"));
    CHECK(!state_has_session(engine, "second"));
    // The second operation meets a conflict: the first one has no effect either.
    ops[0].op = state_op(ORCH_STATE_OP_REMOVE_SESSION, "main");
    CHECK_STATUS(orch_state_change(engine, &ops[0].op, 2, sizeof ops[0], &version, &refusal),
                 ORCH_E_CONFLICT);
    CHECK_INT(refusal.index, 1);
    CHECK_INT(refusal.version, before + 1);
    CHECK_INT(refusal.collection, ORCH_COLLECTION_SESSIONS);
    CHECK_INT(refusal.reserved, 0);
    CHECK(state_has_session(engine, "main"));
    CHECK_INT(state_version(engine).n, before + 1);
    // The same with an entry that is gone, and without an output.
    ops[1].op = state_op(ORCH_STATE_OP_REMOVE_PANE, "own");
    state_set_base(&ops[1].op, 5);
    CHECK_STATUS(orch_state_change(engine, &ops[0].op, 2, sizeof ops[0], NULL, &refusal),
                 ORCH_E_CONFLICT);
    CHECK_INT(refusal.version, 0);
    CHECK_INT(refusal.collection, ORCH_COLLECTION_PANES);
    CHECK_STATUS(orch_state_change(engine, &ops[0].op, 2, sizeof ops[0], NULL, NULL),
                 ORCH_E_CONFLICT);
    // No operation, no version.
    CHECK_OK(orch_state_change(engine, NULL, 0, 0, &version, NULL));
    CHECK_INT(version.n, before + 1);
}

// A terminal is in the state as long as it exists; a pane that shows it becomes empty.
static void terminals(orch_engine *engine) {
    uint64_t id = host_cat(engine);
    orch_state_terminal found;
    CHECK_OK(state_find_terminal(engine, 0, id, &found));
    CHECK_INT(found.terminal, id);
    CHECK_INT(found.flags, ORCH_TERMINAL_RUNNING);
    CHECK_INT(found.cols, 80);
    CHECK_INT(found.rows, 24);
    CHECK(found.pid > 0);
    CHECK_INT(found.exit_kind, 0);
    CHECK_INT(found.title.len, 0);
    orch_pane pane = state_pane("shows", "main");
    pane.content = ORCH_PANE_TERMINAL;
    pane.terminal = id;
    CHECK_OK(state_set_pane(engine, &pane, 0, NULL));
    CHECK_INT(state_get_pane(engine, "shows").terminal, id);
    CHECK_OK(orch_terminal_signal(engine, id, SIGKILL, ORCH_SIGNAL_LEADER));
    host_until_end(engine, id);
    CHECK_OK(state_find_terminal(engine, 0, id, &found));
    CHECK_INT(found.flags, 0);
    CHECK_INT(found.exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(found.exit_value, SIGKILL);
    orch_event event = host_event();
    CHECK_OK(orch_terminal_close(engine, id, 0));
    host_until(engine, id, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_STATUS(state_find_terminal(engine, 0, id, &found), ORCH_E_STALE_ID);
    CHECK_INT(state_get_pane(engine, "shows").content, ORCH_PANE_EMPTY);
    CHECK_STATUS(state_set_pane(engine, &pane, STATE_NO_BASE, NULL), ORCH_E_INVALID);
}

// Changes of files until there are `count` of them, added and removed.
static orch_state_changes files_until(orch_engine *engine, orch_state_cursor *cursor, size_t count) {
    orch_state_changes changes;
    size_t seen = 0;
    for (;;) {
        changes = state_changes(engine, cursor, ORCH_COLLECTION_FILES, 0);
        seen += changes.file_count + changes.removed_count;
        if (seen >= count && changes.more == 0) break;
        if (changes.more == 0) host_turn(engine);
    }
    CHECK_INT(seen, count);
    return changes;
}

// The files of a watch come into the state and go again.
static void files(orch_engine *engine) {
    static char base[WATCH_PATH_MAX];
    watch_enter(base);
    watch_write("name", "12345");
    uint64_t watch = watch_ready(engine, base);
    orch_state_cursor cursor = state_cursor();
    CHECK_INT(state_changes(engine, &cursor, ORCH_COLLECTION_FILES, 0).file_count, 0);
    CHECK_OK(orch_watch_set_published(engine, watch, 1));
    orch_state_changes changes = files_until(engine, &cursor, 2);
    uint64_t root = 0, file = 0;
    for (size_t i = 0; i < changes.file_count; i++) {
        const orch_state_file *entry = state_file_at(&changes, i);
        CHECK_INT(entry->watch, watch);
        CHECK_INT(entry->reserved, 0);
        if (entry->parent == 0) {
            root = entry->id;
            CHECK_INT(entry->file_type, ORCH_FILE_TYPE_DIRECTORY);
            CHECK_BYTES(entry->name.data, entry->name.len, base);
        } else {
            file = entry->id;
        }
    }
    CHECK(root != 0 && file != 0);
    orch_state_file found;
    CHECK_OK(state_find_file(engine, 0, watch, file, &found));
    CHECK_BYTES(found.name.data, found.name.len, "name");
    CHECK_INT(found.parent, root);
    CHECK_INT(found.bytes, 5);
    CHECK_INT(found.file_type, ORCH_FILE_TYPE_FILE);
    CHECK_INT(found.flags, 0);
    CHECK_INT(found.mode & 0777, 0644);
    CHECK(found.modified_us > 0);
    CHECK_OK(orch_watch_set_published(engine, watch, 0));
    changes = files_until(engine, &cursor, 2);
    CHECK_INT(changes.removed_count, 2);
    const orch_state_key *key = state_removed_at(&changes, 0);
    CHECK_INT(key->collection, ORCH_COLLECTION_FILES);
    CHECK_INT(key->watch, watch);
    CHECK(key->id == root || key->id == file);
    CHECK_INT(key->text.len, 0);
    CHECK_STATUS(state_find_file(engine, 0, watch, file, &found), ORCH_E_STALE_ID);
    watch_leave(base);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    empty(engine);
    set_and_get(engine);
    order_of_panes(engine);
    conflicts(engine);
    change_sets(engine);
    terminals(engine);
    files(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
