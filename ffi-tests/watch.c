// The life of a file watch: the first reading, the tree in slices, how changes of every kind are reported
// as, renames, paths that are no text, cursors, the state, several watches, roots, the end.

#include "watch.h"

static watch_view view, other_view;
static char base[WATCH_PATH_MAX];

// The tree that most of the tests begin with.
static void make_files(void) {
    watch_write("a.txt", "one");
    CHECK_SYS(mkdir("dir", 0755));
    watch_write("dir/b.txt", "three");
    CHECK_SYS(symlink("a.txt", "link"));
    CHECK_SYS(mkfifo("fifo", 0600));
}

static void check_ready_event(const orch_event *event, uint64_t watch) {
    CHECK_INT(event->size, sizeof *event);
    CHECK_INT(event->source, watch);
    CHECK_INT(event->tag, 7);
    const orch_file_version version = event->payload.watch_ready->version;
    CHECK(version.epoch > 0 && version.epoch < (1ull << 53));
    CHECK(version.n > 0);
    CHECK_INT(event->reserved, 0);
}

static void check_state(const orch_watch_state *state) {
    CHECK_INT(state->tag, 7);
    CHECK_INT(state->root_count, 1);
    CHECK_BYTES(state->roots->data, state->roots->len, base);
    CHECK_INT(state->flags,
              ORCH_WATCH_IS_READY | ORCH_WATCH_IS_COMPLETE | ORCH_WATCH_IS_HEALTHY);
    CHECK_INT(state->problem, ORCH_WATCH_PROBLEM_NONE);
    CHECK_INT(state->entries, 6);
    CHECK_INT(state->directories, 2);
    CHECK_INT(state->kernel_watches, 2);
    CHECK_INT(state->polled_directories, 0);
    CHECK_INT(state->unreadable_directories, 0);
    CHECK_INT(state->waiting_directories, 0);
    CHECK_INT(state->dirty_names, 0);
    CHECK_INT(state->overflows, 0);
}

// The first reading, and its tree in slices of two.
static void first_reading(orch_engine *engine) {
    const orch_bytes root = orch_str(base);
    orch_watch_options options = watch_options(&root);
    options.tag = 7;
    uint64_t watch = 0, listed[2] = {0, 0};
    size_t count = 9;
    CHECK_OK(orch_watch_add(engine, &options, &watch));
    CHECK_INT(watch_state(engine, watch).flags & ORCH_WATCH_IS_READY, 0);
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_WATCH_READY);
    check_ready_event(&event, watch);
    orch_watch_state state = watch_state(engine, watch);
    check_state(&state);
    CHECK_INT(state.version.epoch, event.payload.watch_ready->version.epoch);
    CHECK_INT(state.version.n, event.payload.watch_ready->version.n);
    CHECK_INT(state.events, 0);
    CHECK_INT(state.batches, 0);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_WATCHES, listed, 2, &count));
    CHECK_INT(count, 1);
    CHECK_INT(listed[0], watch);
    CHECK_INT(listed[1], 0);

    orch_file_cursor cursor = {0, 0, 0};
    for (size_t slice = 0; slice < 3; slice++) {
        orch_file_changes changes = watch_changes(engine, watch, &cursor, 2);
        CHECK_INT(changes.full, slice == 0);
        CHECK_INT(changes.more, slice < 2);
        CHECK_INT(changes.entry_count, 2);
        CHECK_INT(changes.removed_count, 0);
        if (slice < 2) continue;
        CHECK_INT(changes.version.epoch, event.payload.watch_ready->version.epoch);
        CHECK_INT(changes.version.n, event.payload.watch_ready->version.n);
    }
    orch_file_changes nothing = watch_changes(engine, watch, &cursor, 2);
    CHECK_INT(nothing.full + nothing.more, 0);
    CHECK_INT(nothing.entry_count + nothing.removed_count, 0);
    watch_follow(engine, watch, &view, base, 1, 2);
    CHECK_INT(view.asked.count, 6);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// One change after the other, each reported by itself.
static void kinds_of_changes(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    CHECK_TOLD(engine, watch, &view, "");
    watch_write("new", "");
    CHECK_TOLD(engine, watch, &view, "create file new\n");
    watch_append("new", "text");
    CHECK_TOLD(engine, watch, &view, "modify file new\n");
    CHECK_SYS(chmod("new", 0600));
    CHECK_TOLD(engine, watch, &view, "metadata file new\n");
    CHECK_SYS(chmod("dir", 0700));
    CHECK_TOLD(engine, watch, &view, "metadata directory dir\n");
    CHECK_SYS(rename("new", "newer"));
    CHECK_TOLD(engine, watch, &view, "rename file newer from new\n");
    CHECK_SYS(rename("newer", "dir/b.txt"));
    CHECK_TOLD(engine, watch, &view, "rename file dir/b.txt from newer replaced\n");
    // An atomic save; nobody needs to know of the other file.
    watch_write("a.txt~", "one and a half");
    CHECK_SYS(rename("a.txt~", "a.txt"));
    CHECK_TOLD(engine, watch, &view, "modify file a.txt replaced\n");
    CHECK_SYS(unlink("fifo"));
    CHECK_TOLD(engine, watch, &view, "delete other fifo\n");
    CHECK_SYS(symlink("nowhere", "fifo"));
    CHECK_TOLD(engine, watch, &view, "create symlink fifo\n");
    // Another kind of thing is another entry.
    CHECK_SYS(unlink("fifo"));
    CHECK_SYS(mkfifo("fifo", 0600));
    CHECK_TOLD(engine, watch, &view, "delete symlink fifo\ncreate other fifo\n");
    orch_watch_state state = watch_state(engine, watch);
    CHECK_INT(state.events, 11);
    CHECK(state.batches > 0 && state.batches <= 11);
    CHECK(state.kernel_events >= 11);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// What came and went again before anybody looked was never there; it is counted with the next batch.
static void vanished(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    watch_write("short", "");
    CHECK_SYS(unlink("short"));
    CHECK_TOLD(engine, watch, &view, "");
    watch_append("a.txt", "!");
    CHECK_TOLD(engine, watch, &view, "modify file a.txt\n");
    CHECK_INT(view.vanished, 1);
    // The old name of what was renamed has not vanished.
    CHECK_SYS(rename("a.txt", "b.tmp"));
    CHECK_TOLD(engine, watch, &view, "rename file b.tmp from a.txt\n");
    CHECK_SYS(rename("b.tmp", "a.txt"));
    CHECK_TOLD(engine, watch, &view, "rename file a.txt from b.tmp\n");
    CHECK_INT(view.vanished, 1);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Opened for writing and closed, time and again.
static void touches(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    for (int round = 0; round < 3; round++) {
        watch_append("a.txt", "");
        CHECK_TOLD(engine, watch, &view, "touch file a.txt\n");
    }
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Directories: parents come before what is in them and go after it; one that is renamed is reported alone.
static void directories(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    CHECK_SYS(mkdir("new", 0755));
    CHECK_SYS(mkdir("new/deep", 0755));
    watch_write("new/deep/file", "x");
    CHECK_TOLD(engine, watch, &view,
               "create directory new\ncreate directory new/deep\ncreate file new/deep/file\n");
    orch_file_cursor before = view.cursor;
    CHECK_SYS(rename("new", "dir/moved"));
    CHECK_TOLD(engine, watch, &view, "rename directory dir/moved from new\n");
    orch_file_changes changes = watch_changes(engine, watch, &before, 0);
    CHECK_INT(changes.entry_count, 1);
    CHECK_INT(changes.removed_count, 0);
    watch_append("dir/moved/deep/file", "y");
    CHECK_TOLD(engine, watch, &view, "modify file dir/moved/deep/file\n");
    CHECK_SYS(rename("dir/moved/deep", "deep"));
    CHECK_SYS(rmdir("dir/moved"));
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, "rename directory deep from dir/moved/deep\n"));
    CHECK(check_contains(view.text, view.len, "delete directory dir/moved\n"));
    watch_delete("deep");
    CHECK_TOLD(engine, watch, &view, "delete file deep/file\ndelete directory deep\n");
    // A swap needs both names at once; it is reported in an order that can be applied.
    watch_write("p", "p");
    watch_write("q", "qq");
    watch_sync(engine, watch, &view);
    CHECK_SYS(rename("p", "t"));
    CHECK_SYS(rename("q", "p"));
    CHECK_SYS(rename("t", "q"));
    watch_sync(engine, watch, &view);
    CHECK_SYS(unlink("p"));
    CHECK_SYS(unlink("q"));
    watch_sync(engine, watch, &view);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Names are bytes.
static void raw_bytes(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    CHECK_SYS(mkdir("\xFF\xFE", 0755));
    watch_write("\xFF\xFE/\x80 \n\x01", "x");
    CHECK_TOLD(engine, watch, &view,
               "create directory \xFF\xFE\ncreate file \xFF\xFE/\x80 \n\x01\n");
    CHECK_SYS(rename("\xFF\xFE/\x80 \n\x01", "\xC3"));
    CHECK_TOLD(engine, watch, &view, "rename file \xC3 from \xFF\xFE/\x80 \n\x01\n");
    char name[256];
    memset(name, '\xE0', 255);
    name[255] = '\0';
    CHECK_SYS(rename("\xC3", name));
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, name));
    CHECK_SYS(unlink(name));
    CHECK_SYS(rmdir("\xFF\xFE"));
    watch_sync(engine, watch, &view);
    // A root, too.
    CHECK_SYS(mkdir("\xFF", 0755));
    watch_write("\xFF/a", "");
    // Before the other watch is waited for, which would drop what this one reports in the meantime.
    watch_sync(engine, watch, &view);
    uint64_t below = watch_ready(engine, "\xFF");
    orch_file_cursor cursor = {0, 0, 0};
    orch_file_changes changes = watch_changes(engine, below, &cursor, 1);
    orch_bytes path = watch_entry_at(&changes, 0)->path;
    CHECK_BYTES((const char *)path.data + path.len - 2, 2, "/\xFF");
    CHECK_OK(orch_watch_remove(engine, below));
    watch_delete("\xFF");
    watch_sync(engine, watch, &view);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Cursors: as many as a host likes, each at its own pace; foreign ones begin from the start.
static void cursors(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base), other = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    orch_file_cursor slow = view.cursor;
    static watch_copy copy;
    copy = view.asked;
    for (int round = 0; round < 10; round++) {
        watch_write("coming", "");
        watch_append("a.txt", "+");
        watch_sync(engine, watch, &view);
        CHECK_SYS(round % 2 == 0 ? unlink("coming") : rename("coming", "stays"));
        watch_sync(engine, watch, &view);
    }
    // What came and went in between costs nothing but its end.
    size_t changes = watch_catch_up(engine, watch, &copy, &slow, 1);
    CHECK(changes >= 2 && changes <= 20);
    watch_check_same(&view.reported, &copy);
    watch_check_disk(&copy, base);
    CHECK_INT(watch_catch_up(engine, watch, &copy, &slow, 0), 0);

    orch_event event = host_event();
    CHECK_OK(orch_watch_sync(engine, other, 1));
    watch_until(engine, other, ORCH_EVENT_WATCH_SYNCED, &event);
    orch_file_changes full = watch_changes(engine, other, &slow, 0);
    CHECK_INT(full.full, 1);
    CHECK_INT(full.entry_count, copy.count);
    orch_file_cursor nonsense = {slow.epoch, UINT64_MAX, UINT64_MAX};
    CHECK_INT(watch_changes(engine, other, &nonsense, SIZE_MAX).full, 1);
    CHECK_INT(watch_changes(engine, other, &nonsense, 0).full, 0);
    // A copy that is as old as a version begins there.
    orch_file_version version = watch_state(engine, watch).version;
    orch_file_cursor at = {version.epoch, version.n, version.n};
    CHECK_INT(watch_catch_up(engine, watch, &copy, &at, 0), 0);
    CHECK_SYS(unlink("stays"));
    watch_sync(engine, watch, &view);
    CHECK_INT(watch_catch_up(engine, watch, &copy, &at, 0), 1);
    CHECK_OK(orch_watch_remove(engine, watch));
    CHECK_OK(orch_watch_remove(engine, other));
}

// Without a sync: a change comes by itself, and the descriptor shows when.
static void without_sync(orch_engine *engine) {
    const orch_bytes root = orch_str(base);
    orch_watch_options options = watch_options(&root);
    options.flags = ORCH_WATCH_NO_DEBOUNCE;
    options.window_ms = 60000;
    uint64_t watch = watch_ready_with(engine, &options);
    orch_event event = host_event();
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    watch_write("coming", "");
    watch_until(engine, watch, ORCH_EVENT_WATCH_BATCH, &event);
    CHECK_INT(event.payload.watch_batch->event_count, 1);
    CHECK_INT(event.payload.watch_batch->complete, 1);
    CHECK_INT(watch_event_at(event.payload.watch_batch, 0)->kind, ORCH_FILE_EVENT_CREATE);
    CHECK_SYS(unlink("coming"));
    do {
        watch_until(engine, watch, ORCH_EVENT_WATCH_BATCH, &event);
    } while (watch_event_at(event.payload.watch_batch, 0)->kind != ORCH_FILE_EVENT_DELETE);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Two watches of one engine: each event has its watch and tag, and each sync is answered once, in order.
static void two_watches(orch_engine *engine) {
    const orch_bytes roots[] = {orch_str("dir"), orch_str(base)};
    uint64_t watches[2], syncs[2] = {0, 0};
    uint32_t batches[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        orch_watch_options options = watch_options(&roots[i]);
        options.tag = UINT64_MAX - i;
        watches[i] = watch_ready_with(engine, &options);
    }
    CHECK(watches[0] != watches[1]);
    CHECK(watch_state(engine, watches[0]).version.epoch !=
          watch_state(engine, watches[1]).version.epoch);
    watch_write("dir/new", "");
    for (uint64_t tag = 1; tag <= 3; tag++) {
        for (size_t i = 0; i < 2; i++) CHECK_OK(orch_watch_sync(engine, watches[i], tag));
    }
    orch_event event = host_event();
    while (syncs[0] < 3 || syncs[1] < 3) {
        host_next(engine, &event);
        size_t i = event.source == watches[1];
        CHECK_INT(event.source, watches[i]);
        CHECK_INT(event.tag, UINT64_MAX - i);
        if (event.kind == ORCH_EVENT_WATCH_SYNCED) {
            CHECK_INT(event.payload.watch_synced->sync_tag, ++syncs[i]);
            CHECK_INT(batches[i], 1);
            continue;
        }
        CHECK_INT(event.kind, ORCH_EVENT_WATCH_BATCH);
        CHECK_INT(event.payload.watch_batch->event_count, 1);
        batches[i]++;
    }
    // Unread events are discarded.
    CHECK_SYS(unlink("dir/new"));
    CHECK_OK(orch_watch_sync(engine, watches[0], 4));
    CHECK_OK(orch_watch_remove(engine, watches[0]));
    watch_check_refused(engine, watches[0], ORCH_E_STALE_ID, 0);
    CHECK_OK(orch_watch_sync(engine, watches[1], 4));
    do {
        host_next(engine, &event);
        CHECK_INT(event.source, watches[1]);
    } while (event.kind != ORCH_EVENT_WATCH_SYNCED);
    CHECK_OK(orch_watch_remove(engine, watches[1]));
    size_t count = 9;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_WATCHES, NULL, 0, &count));
    CHECK_INT(count, 0);
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
}

// Roots: several of them, relative ones, a file, one that is reached through a link.
static void roots(orch_engine *engine) {
    CHECK_SYS(symlink("dir", "way"));
    const orch_bytes paths[] = {orch_str("./way/"), orch_str("a.txt"), orch_str("dir/../empty")};
    CHECK_SYS(mkdir("empty", 0755));
    orch_watch_options options = watch_options(paths);
    options.root_count = 3;
    uint64_t watch = watch_ready_with(engine, &options);
    watch_follow(engine, watch, &other_view, base, 0, 0);
    CHECK_INT(other_view.asked.count, 4);
    orch_watch_state state = watch_state(engine, watch);
    CHECK_INT(state.root_count, 3);
    static const char *const names[] = {"way", "a.txt", "empty"};
    for (size_t i = 0; i < 3; i++) {
        char path[WATCH_PATH_MAX + 8];
        snprintf(path, sizeof path, "%s/%s", base, names[i]);
        CHECK_BYTES(state.roots[i].data, state.roots[i].len, path);
        const watch_entry *entry = watch_find_path(&other_view.asked, path);
        CHECK(entry != NULL && entry->parent == 0);
        CHECK_INT(entry->file_type, i == 1 ? ORCH_FILE_TYPE_FILE : ORCH_FILE_TYPE_DIRECTORY);
    }
    watch_append("dir/b.txt", "!");
    CHECK_TOLD(engine, watch, &other_view, "modify file way/b.txt\n");
    watch_write("a.txt~", "another file");
    CHECK_SYS(rename("a.txt~", "a.txt"));
    CHECK_TOLD(engine, watch, &other_view, "modify file a.txt replaced\n");
    watch_write("empty/x", "");
    CHECK_TOLD(engine, watch, &other_view, "create file empty/x\n");
    watch_delete("empty");
    CHECK_SYS(unlink("way"));
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Nothing stays open when watches are removed, or when their engine is destroyed.
static void descriptors(void) {
    int open_before = check_open_fds();
    orch_engine *engine = host_engine();
    int with_engine = check_open_fds();
    for (int round = 0; round < 20; round++) {
        uint64_t watch = watch_ready(engine, base);
        CHECK_OK(orch_watch_sync(engine, watch, 1));
        CHECK_OK(orch_watch_remove(engine, watch));
        CHECK_INT(check_open_fds(), with_engine);
    }
    for (int i = 0; i < 3; i++) watch_ready(engine, base);
    // One each, and one for the mounts.
    CHECK_INT(check_open_fds(), with_engine + 3 + 1);
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_INT(check_open_fds(), open_before);
}

int main(void) {
    check_start();
    watch_enter(base);
    make_files();
    orch_engine *engine = host_engine();
    first_reading(engine);
    kinds_of_changes(engine);
    vanished(engine);
    touches(engine);
    directories(engine);
    raw_bytes(engine);
    cursors(engine);
    without_sync(engine);
    two_watches(engine);
    roots(engine);
    CHECK_OK(orch_engine_destroy(engine));
    descriptors();
    watch_leave(base);
    return 0;
}
