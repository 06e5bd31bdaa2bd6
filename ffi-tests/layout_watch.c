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

SIZE(orch_save_cursor, 40);
FIELD(orch_save_cursor, epoch, 0, 8);
FIELD(orch_save_cursor, base, 8, 8);
FIELD(orch_save_cursor, position, 16, 8);
FIELD(orch_save_cursor, checksum, 24, 8);
FIELD(orch_save_cursor, phase, 32, 8);

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

SIZE(orch_file_batch, 80);
FIELD(orch_file_batch, size, 0, 8);
FIELD(orch_file_batch, complete, 8, 4);
FIELD(orch_file_batch, reserved, 12, 4);
FIELD(orch_file_batch, events, 16, 8);
FIELD(orch_file_batch, event_count, 24, 8);
FIELD(orch_file_batch, event_stride, 32, 8);
FIELD(orch_file_batch, summaries, 40, 8);
FIELD(orch_file_batch, summary_count, 48, 8);
FIELD(orch_file_batch, summary_stride, 56, 8);
FIELD(orch_file_batch, original_events, 64, 8);
FIELD(orch_file_batch, vanished, 72, 8);

VALUE(ORCH_WATCH_NO_GITIGNORE, 1);
VALUE(ORCH_WATCH_GIT_DIR, 2);
VALUE(ORCH_WATCH_NO_HIDDEN, 4);
VALUE(ORCH_WATCH_FOLLOW_DEVICES, 8);
VALUE(ORCH_WATCH_NO_SUMMARIES, SIZE_MAX);
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
VALUE(ORCH_SAVE_PROBLEM_NONE, 0);
VALUE(ORCH_SAVE_PROBLEM_DAMAGED, 1);
VALUE(ORCH_SAVE_PROBLEM_OTHER_VERSION, 2);
VALUE(ORCH_SAVE_PROBLEM_OTHER_ROOTS, 3);
VALUE(ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES, 4);
VALUE(ORCH_WATCH_IS_READY, 1);
VALUE(ORCH_WATCH_IS_COMPLETE, 2);
VALUE(ORCH_WATCH_IS_HEALTHY, 4);
VALUE(ORCH_FILE_TYPE_FILE, 1);
VALUE(ORCH_FILE_TYPE_DIRECTORY, 2);
VALUE(ORCH_FILE_TYPE_SYMLINK, 3);
VALUE(ORCH_FILE_TYPE_OTHER, 4);
VALUE(ORCH_FILE_FLAG_IGNORED, 1);
VALUE(ORCH_FILE_FLAG_REPLACED, 2);
VALUE(ORCH_FILE_EVENT_CREATE, 1);
VALUE(ORCH_FILE_EVENT_MODIFY, 2);
VALUE(ORCH_FILE_EVENT_METADATA, 3);
VALUE(ORCH_FILE_EVENT_TOUCH, 4);
VALUE(ORCH_FILE_EVENT_DELETE, 5);
VALUE(ORCH_FILE_EVENT_RENAME, 6);

// The library takes the options in their first size, and no smaller ones; the defaults are those that the
// header tells.
int main(void) {
    check_start();
    orch_watch_options options;
    check_fill(&options, sizeof options);
    CHECK_INT(orch_watch_options_init(&options, 95), ORCH_E_INVALID);
    CHECK(check_is_filled(&options, sizeof options));
    CHECK_INT(orch_watch_options_init(&options, 96), ORCH_OK);
    CHECK(options.roots == NULL && options.ignore == NULL);
    CHECK_INT(options.root_count, 0);
    CHECK_INT(options.ignore_count, 0);
    CHECK_INT(options.window_ms, 50);
    CHECK_INT(options.max_wait_ms, 500);
    CHECK_INT(options.flags, 0);
    CHECK_INT(options.kinds, 0);
    CHECK_INT(options.summary_threshold, 100);
    CHECK_INT(options.max_depth, 1024);
    CHECK_INT(options.entry_limit, 0);
    CHECK_INT(options.poll_interval_ms, 1000);
    CHECK_INT(options.git_wait_ms, 0);
    CHECK_INT(options.tag, 0);
    // A host that does not know of the last field.
    orch_watch_options filled;
    check_fill(&filled, sizeof filled);
    CHECK_INT(memcmp(&options.since, &filled.since, sizeof filled.since), 0);
    CHECK_INT(orch_watch_options_init(&options, sizeof options), ORCH_OK);
    CHECK_INT(options.since.len, 0);
    return 0;
}
