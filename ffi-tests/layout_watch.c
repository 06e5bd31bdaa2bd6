// The binary interface of file watches in numbers; see layout.c. Its events and statuses are there.

#include "layout.h"

SIZE(orch_watch_options, 112);
FIELD(orch_watch_options, size, 0, 8);
FIELD(orch_watch_options, roots, 8, 8);
FIELD(orch_watch_options, root_count, 16, 8);
FIELD(orch_watch_options, ignore, 24, 8);
FIELD(orch_watch_options, ignore_count, 32, 8);
FIELD(orch_watch_options, window_ms, 40, 4);
FIELD(orch_watch_options, max_wait_ms, 44, 4);
FIELD(orch_watch_options, flags, 48, 4);
FIELD(orch_watch_options, kinds, 52, 4);
FIELD(orch_watch_options, summary_threshold, 56, 8);
FIELD(orch_watch_options, max_depth, 64, 8);
FIELD(orch_watch_options, entry_limit, 72, 8);
FIELD(orch_watch_options, poll_interval_ms, 80, 4);
FIELD(orch_watch_options, git_wait_ms, 84, 4);
FIELD(orch_watch_options, tag, 88, 8);
FIELD(orch_watch_options, since, 96, 16);

SIZE(orch_file_version, 16);
FIELD(orch_file_version, epoch, 0, 8);
FIELD(orch_file_version, n, 8, 8);

SIZE(orch_file_cursor, 24);
FIELD(orch_file_cursor, epoch, 0, 8);
FIELD(orch_file_cursor, base, 8, 8);
FIELD(orch_file_cursor, position, 16, 8);

SIZE(orch_file_entry, 72);
FIELD(orch_file_entry, id, 0, 8);
FIELD(orch_file_entry, parent, 8, 8);
FIELD(orch_file_entry, path, 16, 16);
FIELD(orch_file_entry, bytes, 32, 8);
FIELD(orch_file_entry, modified_ns, 40, 8);
FIELD(orch_file_entry, inode, 48, 8);
FIELD(orch_file_entry, file_type, 56, 4);
FIELD(orch_file_entry, flags, 60, 4);
FIELD(orch_file_entry, mode, 64, 4);
FIELD(orch_file_entry, reserved, 68, 4);

SIZE(orch_file_changes, 72);
FIELD(orch_file_changes, size, 0, 8);
FIELD(orch_file_changes, version, 8, 16);
FIELD(orch_file_changes, full, 24, 4);
FIELD(orch_file_changes, more, 28, 4);
FIELD(orch_file_changes, removed, 32, 8);
FIELD(orch_file_changes, removed_count, 40, 8);
FIELD(orch_file_changes, entries, 48, 8);
FIELD(orch_file_changes, entry_count, 56, 8);
FIELD(orch_file_changes, entry_stride, 64, 8);

SIZE(orch_watch_state, 160);
FIELD(orch_watch_state, size, 0, 8);
FIELD(orch_watch_state, tag, 8, 8);
FIELD(orch_watch_state, version, 16, 16);
FIELD(orch_watch_state, roots, 32, 8);
FIELD(orch_watch_state, root_count, 40, 8);
FIELD(orch_watch_state, flags, 48, 4);
FIELD(orch_watch_state, problem, 52, 4);
FIELD(orch_watch_state, entries, 56, 8);
FIELD(orch_watch_state, directories, 64, 8);
FIELD(orch_watch_state, kernel_watches, 72, 8);
FIELD(orch_watch_state, polled_directories, 80, 8);
FIELD(orch_watch_state, unreadable_directories, 88, 8);
FIELD(orch_watch_state, waiting_directories, 96, 8);
FIELD(orch_watch_state, dirty_names, 104, 8);
FIELD(orch_watch_state, kernel_events, 112, 8);
FIELD(orch_watch_state, events, 120, 8);
FIELD(orch_watch_state, batches, 128, 8);
FIELD(orch_watch_state, overflows, 136, 8);
FIELD(orch_watch_state, path_watches, 144, 8);
FIELD(orch_watch_state, save_problem, 152, 4);

SIZE(orch_save_cursor, 40);
FIELD(orch_save_cursor, epoch, 0, 8);
FIELD(orch_save_cursor, base, 8, 8);
FIELD(orch_save_cursor, position, 16, 8);
FIELD(orch_save_cursor, checksum, 24, 8);
FIELD(orch_save_cursor, phase, 32, 8);

SIZE(orch_event_watch_ready, 16);
FIELD(orch_event_watch_ready, version, 0, 16);

SIZE(orch_file_event, 56);
FIELD(orch_file_event, kind, 0, 4);
FIELD(orch_file_event, file_type, 4, 4);
FIELD(orch_file_event, flags, 8, 4);
FIELD(orch_file_event, reserved, 12, 4);
FIELD(orch_file_event, id, 16, 8);
FIELD(orch_file_event, path, 24, 16);
FIELD(orch_file_event, from, 40, 16);

SIZE(orch_file_summary, 56);
FIELD(orch_file_summary, dir, 0, 16);
FIELD(orch_file_summary, created, 16, 8);
FIELD(orch_file_summary, modified, 24, 8);
FIELD(orch_file_summary, deleted, 32, 8);
FIELD(orch_file_summary, renamed, 40, 8);
FIELD(orch_file_summary, recursive, 48, 4);
FIELD(orch_file_summary, reserved, 52, 4);

SIZE(orch_event_watch_batch, 88);
FIELD(orch_event_watch_batch, version, 0, 16);
FIELD(orch_event_watch_batch, complete, 16, 4);
FIELD(orch_event_watch_batch, reserved, 20, 4);
FIELD(orch_event_watch_batch, events, 24, 8);
FIELD(orch_event_watch_batch, event_count, 32, 8);
FIELD(orch_event_watch_batch, event_stride, 40, 8);
FIELD(orch_event_watch_batch, summaries, 48, 8);
FIELD(orch_event_watch_batch, summary_count, 56, 8);
FIELD(orch_event_watch_batch, summary_stride, 64, 8);
FIELD(orch_event_watch_batch, original_events, 72, 8);
FIELD(orch_event_watch_batch, vanished, 80, 8);

SIZE(orch_event_watch_synced, 24);
FIELD(orch_event_watch_synced, version, 0, 16);
FIELD(orch_event_watch_synced, sync_tag, 16, 8);

SIZE(orch_event_watch_warning, 24);
FIELD(orch_event_watch_warning, problem, 0, 4);
FIELD(orch_event_watch_warning, reserved, 4, 4);
FIELD(orch_event_watch_warning, path, 8, 16);

VALUE(ORCH_WATCH_NO_GITIGNORE, 1);
VALUE(ORCH_WATCH_GIT_DIR, 2);
VALUE(ORCH_WATCH_NO_HIDDEN, 4);
VALUE(ORCH_WATCH_FOLLOW_DEVICES, 8);
VALUE(ORCH_WATCH_NO_DEBOUNCE, 16);
VALUE(ORCH_WATCH_NO_SUMMARIES, 32);
VALUE(ORCH_FILE_TYPE_FILE, 1);
VALUE(ORCH_FILE_TYPE_DIRECTORY, 2);
VALUE(ORCH_FILE_TYPE_SYMLINK, 3);
VALUE(ORCH_FILE_TYPE_OTHER, 4);
VALUE(ORCH_FILE_FLAG_IGNORED, 1);
VALUE(ORCH_FILE_FLAG_REPLACED, 2);
VALUE(ORCH_WATCH_PROBLEM_NONE, 0);
VALUE(ORCH_WATCH_PROBLEM_UNREADABLE, 1);
VALUE(ORCH_WATCH_PROBLEM_OUT_OF_WATCHES, 2);
VALUE(ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES, 3);
VALUE(ORCH_WATCH_PROBLEM_EVENTS_LOST, 4);
VALUE(ORCH_WATCH_PROBLEM_ROOT_GONE, 5);
VALUE(ORCH_WATCH_PROBLEM_REFUSED, 6);
VALUE(ORCH_WATCH_PROBLEM_TOO_MANY_RULES, 7);
VALUE(ORCH_WATCH_PROBLEM_ROOTS_OVERLAP, 8);
VALUE(ORCH_WATCH_PROBLEM_SAVE_UNUSABLE, 9);
VALUE(ORCH_WATCH_PROBLEM_OUT_OF_MEMORY, 10);
VALUE(ORCH_SAVE_PROBLEM_NONE, 0);
VALUE(ORCH_SAVE_PROBLEM_DAMAGED, 1);
VALUE(ORCH_SAVE_PROBLEM_OTHER_VERSION, 2);
VALUE(ORCH_SAVE_PROBLEM_OTHER_ROOTS, 3);
VALUE(ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES, 4);
VALUE(ORCH_WATCH_IS_READY, 1);
VALUE(ORCH_WATCH_IS_COMPLETE, 2);
VALUE(ORCH_WATCH_IS_HEALTHY, 4);
VALUE(ORCH_FILE_EVENT_CREATE, 1);
VALUE(ORCH_FILE_EVENT_MODIFY, 2);
VALUE(ORCH_FILE_EVENT_METADATA, 3);
VALUE(ORCH_FILE_EVENT_TOUCH, 4);
VALUE(ORCH_FILE_EVENT_DELETE, 5);
VALUE(ORCH_FILE_EVENT_RENAME, 6);

SIZE(orch_watch_flags, 4);
SIZE(orch_file_type, 4);
SIZE(orch_file_flags, 4);
SIZE(orch_watch_problem, 4);
SIZE(orch_save_problem, 4);
SIZE(orch_watch_state_flags, 4);
SIZE(orch_file_event_kind, 4);

// The library takes the options in their first size, and no smaller ones; in every field 0 is the default.
int main(void) {
    check_start();
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    const orch_bytes root = orch_str("/");
    orch_watch_options zeroes;
    memset(&zeroes, 0, sizeof zeroes);
    zeroes.size = sizeof zeroes;
    CHECK_INT(memcmp(&options, &zeroes, sizeof options), 0);
    orch_engine *engine = NULL;
    uint64_t watch = 77;
    CHECK_INT(orch_engine_create(NULL, &engine), ORCH_OK);
    options.roots = &root;
    options.root_count = 1;
    options.max_depth = 1;
    options.size = 95;
    CHECK_INT(orch_watch_add(engine, &options, &watch), ORCH_E_INVALID);
    CHECK_INT(watch, 77);
    // A host that does not know of the last field: what it has behind is not read.
    check_fill(&options.since, sizeof options.since);
    options.size = 96;
    CHECK_INT(orch_watch_add(engine, &options, &watch), ORCH_OK);
    CHECK_INT(orch_engine_destroy(engine), ORCH_OK);
    return 0;
}
