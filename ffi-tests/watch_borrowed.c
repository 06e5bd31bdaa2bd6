// What events about file watches and questions to them lend: good until the call that the header names,
// independent of each other. See borrowed.c for ORCHFLOW_DEBUG_LIBRARY.

#include "watch.h"

static char base[WATCH_PATH_MAX];

static void check_overwritten(const void *data, size_t len) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

// A path in the base.
static void check_path(orch_bytes bytes, const char *name) {
    char path[2 * WATCH_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", base, name);
    CHECK_BYTES(bytes.data, bytes.len, path);
}

// Every call about watches that does not end the loan of an event.
static void use_watches(orch_engine *engine, uint64_t watch) {
    orch_file_cursor cursor = {0, 0, 0};
    uint64_t other = 0, id = 0;
    size_t count = 0;
    const orch_bytes root = orch_str(base);
    const orch_watch_options options = watch_options(&root);
    watch_changes(engine, watch, &cursor, 0);
    watch_state(engine, watch);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_WATCHES, &id, 1, &count));
    CHECK_OK(orch_watch_add(engine, &options, &other));
    CHECK_OK(orch_watch_sync(engine, other, 1));
    watch_changes(engine, other, &cursor, 0);
    watch_check_refused(engine, UINT64_MAX, ORCH_E_STALE_ID, 0);
    CHECK_OK(orch_watch_remove(engine, other));
    CHECK_OK(orch_watch_sync(engine, watch, 2));
    watch_write("later", "");
    CHECK_SYS(unlink("later"));
    // The very watch that the batch came from.
    CHECK_OK(orch_watch_remove(engine, watch));
}

static void check_events(const orch_event_watch_batch *batch) {
    CHECK_INT(batch->event_count, 2);
    CHECK_INT(batch->summary_count, 0);
    CHECK_INT(batch->original_events, 2);
    const orch_file_event *renamed = watch_event_at(batch, 0);
    const orch_file_event *created = watch_event_at(batch, 1);
    CHECK_INT(renamed->kind, ORCH_FILE_EVENT_RENAME);
    check_path(renamed->path, "dir");
    check_path(renamed->from, "before");
    CHECK_INT(created->kind, ORCH_FILE_EVENT_CREATE);
    check_path(created->path, "dir/new");
    CHECK(created->from.data == NULL);
}

// Ends the loan of the last event.
static void end_loan(orch_engine *engine, int with_turn) {
    orch_event next = host_event();
    if (with_turn) {
        CHECK_OK(orch_engine_turn(engine, 0));
        return;
    }
    CHECK_STATUS(orch_engine_next_event(engine, &next), ORCH_DONE);
}

// The batch of an event stays while questions are asked, and goes with the next event or turn.
static void event_batch(int with_turn) {
    orch_engine *engine = host_engine();
    orch_event event = host_event();
    CHECK_SYS(mkdir("before", 0755));
    uint64_t watch = watch_ready(engine, base);
    CHECK_SYS(rename("before", "dir"));
    watch_write("dir/new", "");
    CHECK_OK(orch_watch_sync(engine, watch, 1));
    watch_until(engine, watch, ORCH_EVENT_WATCH_BATCH, &event);
    const orch_event_watch_batch *batch = event.payload.watch_batch;
    check_events(batch);
    use_watches(engine, watch);
    check_events(batch);
    CHECK_STATUS(orch_engine_next_event(engine, NULL), ORCH_E_INVALID);
    check_events(batch);
    const orch_file_event *first = watch_event_at(batch, 0);
    const orch_file_event *second = watch_event_at(batch, 1);
    const orch_bytes path = first->path, from = first->from, other = second->path;
    end_loan(engine, with_turn);
    check_overwritten(&first->kind, sizeof first->kind);
    check_overwritten(&first->id, sizeof first->id);
    check_overwritten(&second->kind, sizeof second->kind);
    check_overwritten(path.data, path.len);
    check_overwritten(from.data, from.len);
    check_overwritten(other.data, other.len);
    CHECK_OK(orch_engine_destroy(engine));
    watch_delete("dir");
}

// The directory of a summary is lent in the same way.
static void event_summary(void) {
    orch_engine *engine = host_engine();
    orch_event event = host_event();
    const orch_bytes root = orch_str(base);
    orch_watch_options options = watch_options(&root);
    options.summary_threshold = 1;
    CHECK_SYS(mkdir("dir", 0755));
    uint64_t watch = watch_ready_with(engine, &options);
    watch_write("dir/one", "");
    watch_write("dir/two", "");
    CHECK_OK(orch_watch_sync(engine, watch, 1));
    watch_until(engine, watch, ORCH_EVENT_WATCH_BATCH, &event);
    const orch_file_summary *summary = watch_summary_at(event.payload.watch_batch, 0);
    const orch_bytes dir = summary->dir;
    use_watches(engine, watch);
    CHECK_INT(event.payload.watch_batch->event_count, 0);
    CHECK_INT(event.payload.watch_batch->summary_count, 1);
    check_path(summary->dir, "dir");
    CHECK_INT(summary->created, 2);
    end_loan(engine, 0);
    check_overwritten(dir.data, dir.len);
    CHECK_OK(orch_engine_destroy(engine));
    watch_delete("dir");
}

// The path of a warning.
static void warning(void) {
    orch_engine *engine = host_engine();
    orch_event event = host_event();
    CHECK_SYS(mkdir("root", 0755));
    uint64_t watch = watch_ready(engine, "root");
    watch_delete("root");
    watch_until(engine, watch, ORCH_EVENT_WATCH_WARNING, &event);
    const orch_bytes path = event.payload.watch_warning->path;
    use_watches(engine, watch);
    check_path(path, "root");
    end_loan(engine, 1);
    check_overwritten(path.data, path.len);
    CHECK_OK(orch_engine_destroy(engine));
}

static void check_whole_tree(const orch_file_changes *changes) {
    CHECK_INT(changes->entry_count, 2);
    CHECK_BYTES(watch_entry_at(changes, 0)->path.data, watch_entry_at(changes, 0)->path.len,
                base);
    check_path(watch_entry_at(changes, 1)->path, "file");
}

// What a question has lent stays through events and turns, until the next question about a watch.
static void questions(void) {
    orch_engine *engine = host_engine();
    orch_event event = host_event();
    orch_file_cursor cursor = {0, 0, 0};
    watch_write("file", "");
    uint64_t watch = watch_ready(engine, base), other = watch_ready(engine, base);
    orch_file_changes changes = watch_changes(engine, watch, &cursor, 0);
    CHECK_SYS(unlink("file"));
    for (uint64_t tag = 1; tag <= 2; tag++) {
        CHECK_OK(orch_watch_sync(engine, watch, tag));
        watch_until(engine, watch, ORCH_EVENT_WATCH_SYNCED, &event);
    }
    uint64_t terminal = host_sh(engine, "exec cat");
    host_state(engine, terminal);
    CHECK_OK(orch_watch_remove(engine, other));
    check_whole_tree(&changes);
    // Removed ids.
    changes = watch_changes(engine, watch, &cursor, 0);
    CHECK_INT(changes.removed_count, 1);
    CHECK_INT(changes.entry_count, 0);
    const uint64_t removed = *changes.removed;
    watch_write("file", "");
    CHECK_OK(orch_watch_sync(engine, watch, 3));
    watch_until(engine, watch, ORCH_EVENT_WATCH_SYNCED, &event);
    CHECK_INT(*changes.removed, removed);
    // The roots of a state; the watch itself may go.
    orch_watch_state state = watch_state(engine, watch);
    CHECK_OK(orch_watch_remove(engine, watch));
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK_INT(state.root_count, 1);
    CHECK_BYTES(state.roots->data, state.roots->len, base);
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_SYS(unlink("file"));
}

int main(void) {
    check_start();
    watch_enter(base);
    event_batch(0);
    event_batch(1);
    event_summary();
    warning();
    questions();
    watch_leave(base);
    return 0;
}
