// Bad arguments of the calls about file watches: NULL, sizes, numbers and flags that mean nothing, paths,
// globs, limits, ids that name nothing. Each gives an error with a message, and changes nothing. What a
// user must not read is in watch_problems.c.

#include "watch.h"

#include <limits.h>

static char base[WATCH_PATH_MAX];

static size_t count_watches(orch_engine *engine) {
    size_t count = 99;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_WATCHES, NULL, 0, &count));
    return count;
}

static void refuse(orch_engine *engine, const orch_watch_options *options, int32_t status,
                   const char *part) {
    uint64_t watch = 77;
    size_t before = count_watches(engine);
    int open_before = check_open_fds();
    CHECK_STATUS(orch_watch_add(engine, options, &watch), status);
    CHECK_ERROR(engine, status, part);
    CHECK_INT(watch, 77);
    CHECK_INT(count_watches(engine), before);
    CHECK_INT(check_open_fds(), open_before);
}

static void null_and_unknown(orch_engine *engine) {
    const orch_bytes root = orch_str(base);
    const orch_watch_options options = watch_options(&root);
    uint64_t terminal = host_sh(engine, "exec cat");
    uint64_t watch = watch_ready(engine, base);
    watch_check_refused(NULL, watch, ORCH_E_INVALID, 1);
    const uint64_t ids[] = {0, 1, watch + 1, watch ^ (1ull << 40), terminal + 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        watch_check_refused(engine, ids[i], ORCH_E_STALE_ID, 0);
        CHECK_ERROR(engine, ORCH_E_STALE_ID, "watch");
    }
    CHECK_STATUS(orch_watch_add(engine, &options, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "NULL");
    refuse(engine, NULL, ORCH_E_INVALID, "NULL");
    size_t count = 77;
    CHECK_STATUS(orch_engine_list(engine, ORCH_LIST_WATCHES, NULL, 1, &count), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_list(engine, ORCH_LIST_WATCHES, NULL, 0, NULL), ORCH_E_INVALID);
    CHECK_INT(count, 77);
    CHECK_INT(count_watches(engine), 1);
    CHECK_OK(orch_watch_remove(engine, watch));
    watch_check_refused(engine, watch, ORCH_E_STALE_ID, 0);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
}

// Fields of the options.
static void options(orch_engine *engine) {
    const orch_bytes roots[] = {orch_str(base), orch_str("/")};
    const orch_bytes glob = orch_str("*.o");
    orch_watch_options good = watch_options(roots), bad;
    good.ignore = &glob;
    good.ignore_count = 1;
#define REFUSED(assignment, part) \
    (bad = good, assignment, refuse(engine, &bad, ORCH_E_INVALID, part))
    REFUSED(bad.size = HOST_FIRST_WATCH_OPTIONS - 1, "orch_watch_options.size is 95");
    REFUSED(bad.size = 0, "orch_watch_options.size is 0");
    REFUSED(bad.roots = NULL, "NULL");
    REFUSED(bad.root_count = 0, "orch_watch_options.roots");
    REFUSED(bad.root_count = SIZE_MAX, "memory");
    REFUSED(bad.roots = (const orch_bytes *)(const void *)((const char *)roots + 1), "aligned");
    REFUSED(bad.ignore = NULL, "NULL");
    REFUSED(bad.ignore_count = SIZE_MAX, "memory");
    REFUSED(bad.window_ms = 60001, "window");
    REFUSED((bad.max_wait_ms = UINT32_MAX, bad.window_ms = UINT32_MAX), "window");
    REFUSED(bad.max_wait_ms = 600001, "max_wait");
    REFUSED((bad.window_ms = 100, bad.max_wait_ms = 99), "max_wait");
    REFUSED(bad.flags = 64, "orch_watch_options.flags");
    REFUSED(bad.flags = UINT32_MAX, "orch_watch_options.flags");
    REFUSED(bad.kinds = 1, "orch_watch_options.kinds");
    REFUSED(bad.kinds = 1u << (ORCH_FILE_EVENT_RENAME + 1), "flags");
    REFUSED(bad.kinds = UINT32_MAX, "flags");
    REFUSED(bad.max_depth = 1025, "max_depth");
    REFUSED(bad.max_depth = SIZE_MAX, "max_depth");
    REFUSED(bad.poll_interval_ms = 9, "poll_interval");
    REFUSED(bad.poll_interval_ms = 3600001, "poll_interval");
    REFUSED(bad.git_wait_ms = 60001, "git_wait");
#undef REFUSED
    // All the ends of the ranges.
    good.window_ms = 60000;
    good.max_wait_ms = 600000;
    good.flags = 63;
    good.kinds = 126;
    good.max_depth = 1;
    good.entry_limit = SIZE_MAX;
    good.poll_interval_ms = 10;
    good.tag = UINT64_MAX;
    uint64_t watch = watch_ready_with(engine, &good);
    CHECK_INT(watch_state(engine, watch).tag, UINT64_MAX);
    CHECK_OK(orch_watch_remove(engine, watch));
    // 0 means the default; that of the wait follows the window.
    good.window_ms = 60000;
    good.max_wait_ms = good.flags = good.kinds = good.poll_interval_ms = 0;
    good.max_depth = good.entry_limit = 0;
    good.ignore = NULL;
    good.ignore_count = 0;
    watch = watch_ready_with(engine, &good);
    CHECK_OK(orch_watch_remove(engine, watch));
    good.window_ms = 0;
    watch = watch_ready_with(engine, &good);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Globs that are no text, and such that are more than one line.
static void globs(orch_engine *engine) {
    static const char *const bad[] = {"\xFF", "a\xC3", "a\nb"};
    const orch_bytes root = orch_str(base);
    orch_watch_options options = watch_options(&root);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        orch_bytes ignore[] = {orch_str("*.o"), orch_str(bad[i])};
        options.ignore = ignore;
        options.ignore_count = 2;
        refuse(engine, &options, ORCH_E_INVALID, i < 2 ? "UTF-8" : "one line");
        ignore[1].data = NULL;
        refuse(engine, &options, ORCH_E_INVALID, "NULL");
        ignore[1].len = SIZE_MAX;
        ignore[1].data = "x";
        refuse(engine, &options, ORCH_E_INVALID, "memory");
    }
}

static void refuse_roots(orch_engine *engine, const char *first, const char *second, int32_t status,
                         const char *part) {
    orch_bytes roots[2];
    roots[0] = orch_str(first);
    if (second != NULL) roots[1] = orch_str(second);
    orch_watch_options options = watch_options(roots);
    options.root_count = second == NULL ? 1 : 2;
    refuse(engine, &options, status, part);
}

// Paths that name nothing that can be watched, and paths that lie in each other.
static void paths(orch_engine *engine) {
    CHECK_SYS(mkdir("dir", 0755));
    CHECK_SYS(mkdir("dir/below", 0755));
    CHECK_SYS(mkdir("dirs", 0755));
    watch_write("file", "");
    CHECK_SYS(symlink("nowhere", "dangling"));
    refuse_roots(engine, "missing", NULL, ORCH_E_NOT_FOUND, "missing");
    refuse_roots(engine, "dir/missing/../below", NULL, ORCH_E_NOT_FOUND, "missing");
    refuse_roots(engine, "dangling", NULL, ORCH_E_NOT_FOUND, "dangling");
    refuse_roots(engine, "dir", "missing", ORCH_E_NOT_FOUND, "missing");
    refuse_roots(engine, "file/x", NULL, ORCH_E_NOT_DIRECTORY, "file/x");
    refuse_roots(engine, "file/../dir", NULL, ORCH_E_NOT_DIRECTORY, "file");
    refuse_roots(engine, "", NULL, ORCH_E_INVALID, "empty");
    refuse_roots(engine, "dir", "", ORCH_E_INVALID, "empty");
    refuse_roots(engine, "dir", "dir", ORCH_E_INVALID, "in each other");
    refuse_roots(engine, "dir", "./dir/", ORCH_E_INVALID, "in each other");
    refuse_roots(engine, "dir", "dir/below", ORCH_E_INVALID, "in each other");
    refuse_roots(engine, "dir/below", "dirs/../dir", ORCH_E_INVALID, "in each other");
    refuse_roots(engine, "file", base, ORCH_E_INVALID, "in each other");
    refuse_roots(engine, "/", "dir", ORCH_E_INVALID, "in each other");
    static char name[PATH_MAX + 8];
    memset(name, 'x', sizeof name - 1);
    refuse_roots(engine, name, NULL, ORCH_E_SYSTEM, "xxx");

    orch_bytes root = orch_str("dir");
    orch_watch_options options = watch_options(&root);
    root.data = NULL;
    refuse(engine, &options, ORCH_E_INVALID, "NULL");
    root.data = "dir\0x";
    root.len = 5;
    refuse(engine, &options, ORCH_E_INVALID, "NUL");
    root.len = SIZE_MAX;
    refuse(engine, &options, ORCH_E_INVALID, "memory");
    // A name that begins with that of another root does not lie in it.
    const orch_bytes beside[] = {orch_str("dir"), orch_str("dirs"), orch_str("file")};
    options.roots = beside;
    options.root_count = 3;
    CHECK_OK(orch_watch_remove(engine, watch_ready_with(engine, &options)));
}

// Outputs of any size are filled as far as they go; in too small ones nothing is touched.
static void outputs(orch_engine *engine) {
    uint64_t watch = watch_ready(engine, base), ids[2];
    orch_file_cursor cursor = {0, 0, 0};
    orch_file_changes changes;
    orch_watch_state state;
    CHECK_STATUS(orch_watch_get_changes(engine, watch, &cursor, 0, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_watch_get_state(engine, watch, NULL), ORCH_E_INVALID);
    check_fill(&changes, sizeof changes);
    check_fill(&state, sizeof state);
    const size_t sizes[] = {0, 8, sizeof changes - 1};
    for (size_t i = 0; i < 3; i++) {
        changes.size = sizes[i];
        state.size = i < 2 ? sizes[i] : HOST_FIRST_WATCH_STATE - 1;
        CHECK_STATUS(orch_watch_get_changes(engine, watch, &cursor, 0, &changes), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "size");
        CHECK_STATUS(orch_watch_get_state(engine, watch, &state), ORCH_E_INVALID);
        CHECK_INT(changes.size, sizes[i]);
    }
    changes.size = sizeof changes;
    CHECK_STATUS(orch_watch_get_changes(engine, watch, NULL, 0, &changes), ORCH_E_INVALID);
    CHECK(check_is_filled((char *)&changes + 8, sizeof changes - 8));
    CHECK(check_is_filled((char *)&state + 8, sizeof state - 8));
    CHECK_INT(cursor.epoch + cursor.base + cursor.position, 0);
    // A list is cut off, and its length is reported.
    uint64_t other = watch_ready(engine, base);
    size_t count = 77;
    check_fill(ids, sizeof ids);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_WATCHES, ids, 1, &count));
    CHECK_INT(count, 2);
    CHECK(ids[0] == watch || ids[0] == other);
    CHECK(check_is_filled(&ids[1], sizeof ids[1]));
    CHECK_OK(orch_watch_remove(engine, watch));
    CHECK_OK(orch_watch_remove(engine, other));
}

// Limits: watches of an engine, syncs that wait, and nothing new while shutting down.
static void limits(void) {
    const orch_bytes root = orch_str(base);
    const orch_watch_options options = watch_options(&root);
    orch_config config = host_config();
    config.watches = 1;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    for (int round = 0; round < 3; round++) {
        uint64_t watch = watch_ready(engine, base);
        refuse(engine, &options, ORCH_E_LIMIT, "watches");
        CHECK_OK(orch_watch_remove(engine, watch));
    }
    uint64_t watch = watch_ready(engine, base);
    for (uint64_t tag = 1; tag <= 1024; tag++) CHECK_OK(orch_watch_sync(engine, watch, tag));
    CHECK_STATUS(orch_watch_sync(engine, watch, 1025), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "1024");
    orch_event event = host_event();
    for (uint64_t tag = 1; tag <= 1024; tag++) {
        host_next(engine, &event);
        CHECK_INT(event.kind, ORCH_EVENT_WATCH_SYNCED);
        CHECK_INT(event.payload.watch_synced->sync_tag, tag);
    }
    CHECK_OK(orch_watch_sync(engine, watch, 1025));
    CHECK_OK(orch_engine_shutdown(engine, 0));
    watch_check_refused(engine, watch, ORCH_E_STALE_ID, 0);
    CHECK_INT(count_watches(engine), 0);
    refuse(engine, &options, ORCH_E_GONE, "shutting down");
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SHUTDOWN_COMPLETE);
    refuse(engine, &options, ORCH_E_GONE, "shutting down");
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    watch_enter(base);
    orch_engine *engine = host_engine();
    null_and_unknown(engine);
    options(engine);
    globs(engine);
    outputs(engine);
    paths(engine);
    CHECK_OK(orch_engine_destroy(engine));
    limits();
    watch_leave(base);
    return 0;
}
