// What keeps a watch from being exact: a root that goes, directories that must not be read, too many
// entries, events that the kernel dropped, no descriptors. Each is reported, shows in the state, and passes.

#include "watch.h"

#include <sys/resource.h>

static watch_view view;
static char base[WATCH_PATH_MAX];

#define FINE (ORCH_WATCH_IS_READY | ORCH_WATCH_IS_COMPLETE | ORCH_WATCH_IS_HEALTHY)

static void check_problem(orch_engine *engine, uint64_t watch, uint32_t problem) {
    orch_watch_state state = watch_state(engine, watch);
    CHECK_INT(state.problem, problem);
    CHECK_INT(state.flags, problem == ORCH_WATCH_PROBLEM_NONE ? FINE : FINE - ORCH_WATCH_IS_HEALTHY);
}

static void path_in_base(char path[2 * WATCH_PATH_MAX], const char *name) {
    snprintf(path, 2 * WATCH_PATH_MAX, "%s/%s", base, name);
}

// A root that goes is an event and a warning, and it is found again.
static void root_goes(orch_engine *engine) {
    static char root[2 * WATCH_PATH_MAX];
    path_in_base(root, "root");
    CHECK_SYS(mkdir("root", 0755));
    watch_write("root/old", "");
    uint64_t watch = watch_ready(engine, root);
    watch_follow(engine, watch, &view, root, 1, 0);
    watch_delete("root");
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, "delete file old\ndelete directory .\n"));
    CHECK(check_contains(view.text, view.len, "problem 5 .\n"));
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_ROOT_GONE);
    CHECK_INT(watch_state(engine, watch).entries, 0);
    CHECK_INT(watch_state(engine, watch).root_count, 1);
    CHECK_SYS(mkdir("root", 0755));
    watch_write("root/new", "");
    CHECK_TOLD(engine, watch, &view, "create directory .\ncreate file new\n");
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_NONE);
    watch_delete("root");
    CHECK_OK(orch_watch_remove(engine, watch));
}

// The same with the directory above it, which nobody watches: it takes a while, and nobody has to ask.
static void directory_above_goes(orch_engine *engine) {
    CHECK_SYS(mkdir("above", 0755));
    CHECK_SYS(mkdir("above/root", 0755));
    uint64_t watch = watch_ready(engine, "above/root");
    orch_event event = host_event();
    watch_delete("above");
    watch_until(engine, watch, ORCH_EVENT_WATCH_WARNING, &event);
    CHECK_INT(event.payload.watch_warning->problem, ORCH_WATCH_PROBLEM_ROOT_GONE);
    CHECK(check_contains(event.payload.watch_warning->path.data,
                         event.payload.watch_warning->path.len, "/above/root"));
    CHECK_SYS(mkdir("above", 0755));
    CHECK_SYS(mkdir("above/root", 0755));
    while (watch_state(engine, watch).flags != FINE) {
        host_turn(engine);
        while (orch_engine_next_event(engine, &event) == ORCH_OK) continue;
    }
    watch_delete("above");
    CHECK_OK(orch_watch_remove(engine, watch));
}

static void too_many_entries(orch_engine *engine) {
    const orch_bytes root = orch_str(base);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) watch_write(names[i], "");
    orch_watch_options options = watch_options(&root);
    options.entry_limit = 3;
    uint64_t watch = 0;
    CHECK_OK(orch_watch_add(engine, &options, &watch));
    orch_event event = host_event();
    int is_ready = 0, is_warned = 0;
    while (!is_ready || !is_warned) {
        host_next(engine, &event);
        CHECK_INT(event.source, watch);
        is_ready |= event.kind == ORCH_EVENT_WATCH_READY;
        if (event.kind != ORCH_EVENT_WATCH_WARNING) continue;
        is_warned = 1;
        CHECK_INT(event.payload.watch_warning->problem, ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES);
        CHECK_BYTES(event.payload.watch_warning->path.data, event.payload.watch_warning->path.len, base);
    }
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES);
    CHECK_INT(watch_state(engine, watch).entries, 3);
    watch_follow(engine, watch, &view, base, 0, 0);
    // With room again everything is there again.
    for (size_t i = 0; i < 5; i += 2) CHECK_SYS(unlink(names[i]));
    watch_sync(engine, watch, &view);
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_NONE);
    watch_catch_up(engine, watch, &view.asked, &view.cursor, 0);
    watch_check_disk(&view.asked, base);
    for (size_t i = 1; i < 5; i += 2) CHECK_SYS(unlink(names[i]));
    CHECK_OK(orch_watch_remove(engine, watch));
}

// How many events the kernel keeps for a watch; 0 if the system does not say, or is too many to try.
static long queue_length(void) {
    long length = 0;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%ld", &length) != 1 || length > 100000) length = 0;
    fclose(file);
    return length;
}

// More events than the kernel keeps: what they were about is found all the same.
static void events_lost(orch_engine *engine) {
    long length = queue_length();
    if (length == 0) return;
    watch_write("x", "");
    watch_write("y", "");
    uint64_t watch = watch_ready(engine, base);
    watch_follow(engine, watch, &view, base, 1, 0);
    for (long i = 0; i <= length; i++) CHECK_SYS(chmod(i % 2 ? "x" : "y", i % 4 < 2 ? 0600 : 0644));
    CHECK_SYS(mkdir("lost", 0755));
    watch_write("lost/file", "");
    CHECK_SYS(unlink("x"));
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, "problem 4 .\n"));
    CHECK(check_contains(view.text, view.len, "create file lost/file\n"));
    CHECK(check_contains(view.text, view.len, "delete file x\n"));
    CHECK(watch_state(engine, watch).overflows >= 1);
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_NONE);
    CHECK_SYS(unlink("y"));
    watch_delete("lost");
    CHECK_OK(orch_watch_remove(engine, watch));
}

// No descriptor to list a directory with: it is listed as soon as there is one.
static void no_descriptors(orch_engine *engine) {
    const orch_bytes root = orch_str(base);
    orch_watch_options options = watch_options(&root);
    options.poll_interval_ms = 10;
    struct rlimit limit, none;
    watch_write("late", "");
    CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
    none = limit;
    none.rlim_cur = 0;
    uint64_t watch = 0;
    orch_event event = host_event();
    CHECK_OK(orch_watch_add(engine, &options, &watch));
    CHECK_SYS(setrlimit(RLIMIT_NOFILE, &none));
    do {
        CHECK_OK(orch_engine_turn(engine, -1));
        int32_t status;
        while ((status = orch_engine_next_event(engine, &event)) == ORCH_OK) {
            if (event.kind == ORCH_EVENT_WATCH_WARNING) break;
        }
    } while (event.kind != ORCH_EVENT_WATCH_WARNING);
    CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
    CHECK_INT(event.payload.watch_warning->problem, ORCH_WATCH_PROBLEM_REFUSED);
    CHECK_BYTES(event.payload.watch_warning->path.data, event.payload.watch_warning->path.len, base);
    // Nothing has been read so far.
    CHECK_INT(watch_state(engine, watch).flags, 0);
    CHECK_INT(watch_state(engine, watch).problem, ORCH_WATCH_PROBLEM_REFUSED);
    while (watch_state(engine, watch).flags != FINE) {
        host_turn(engine);
        while (orch_engine_next_event(engine, &event) == ORCH_OK) continue;
    }
    CHECK_OK(orch_watch_sync(engine, watch, 1));
    watch_until(engine, watch, ORCH_EVENT_WATCH_SYNCED, &event);
    watch_follow(engine, watch, &view, base, 1, 0);
    CHECK_INT(view.asked.count, 2);
    CHECK_SYS(unlink("late"));
    CHECK_OK(orch_watch_remove(engine, watch));
}

// A user who is no superuser must not read everything.
static void unreadable(void) {
    orch_engine *engine = host_engine();
    uint64_t watch = 77;
    const orch_bytes root = orch_str("closed");
    const orch_watch_options options = watch_options(&root);
    CHECK_STATUS(orch_watch_add(engine, &options, &watch), ORCH_E_PERMISSION);
    CHECK_ERROR(engine, ORCH_E_PERMISSION, "closed");
    const orch_bytes below = orch_str("closed/below");
    const orch_watch_options options_below = watch_options(&below);
    CHECK_STATUS(orch_watch_add(engine, &options_below, &watch), ORCH_E_PERMISSION);
    CHECK_INT(watch, 77);

    const orch_bytes all = orch_str(base);
    const orch_watch_options options_all = watch_options(&all);
    CHECK_OK(orch_watch_add(engine, &options_all, &watch));
    orch_event event = host_event();
    watch_until(engine, watch, ORCH_EVENT_WATCH_WARNING, &event);
    CHECK_INT(event.payload.watch_warning->problem, ORCH_WATCH_PROBLEM_UNREADABLE);
    CHECK(check_contains(event.payload.watch_warning->path.data,
                         event.payload.watch_warning->path.len, "/closed"));
    CHECK_OK(orch_watch_sync(engine, watch, 1));
    watch_until(engine, watch, ORCH_EVENT_WATCH_SYNCED, &event);
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_UNREADABLE);
    CHECK_INT(watch_state(engine, watch).unreadable_directories, 1);
    watch_follow(engine, watch, &view, base, 0, 0);
    CHECK_INT(view.asked.count, 2);

    uid_t user = geteuid();
    CHECK_SYS(seteuid(getuid()));
    CHECK_SYS(chmod("closed", 0755));
    CHECK_SYS(seteuid(user));
    CHECK_TOLD(engine, watch, &view, "metadata directory closed\ncreate file closed/below\n");
    check_problem(engine, watch, ORCH_WATCH_PROBLEM_NONE);
    CHECK_INT(watch_state(engine, watch).unreadable_directories, 0);
    CHECK_OK(orch_engine_destroy(engine));
}

// In a process of its own: the superuser gives up being one for it.
static void as_a_user(void) {
    CHECK_SYS(chmod(base, 0755));
    CHECK_SYS(mkdir("closed", 0755));
    watch_write("closed/below", "");
    CHECK_SYS(chmod("closed", 0));
    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) {
        check_start();
        if (geteuid() == 0) CHECK_SYS(seteuid(65534));
        // The folder may lie where only the superuser gets to.
        if (eaccess(base, R_OK | X_OK) == 0) unreadable();
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK_SYS(chmod("closed", 0755));
    watch_delete("closed");
}

int main(void) {
    check_start();
    watch_enter(base);
    as_a_user();
    orch_engine *engine = host_engine();
    root_goes(engine);
    directory_above_goes(engine);
    too_many_entries(engine);
    no_descriptors(engine);
    events_lost(engine);
    CHECK_OK(orch_engine_destroy(engine));
    watch_leave(base);
    return 0;
}
