// What a watch is asked to leave out: ignored files, hidden ones, deep ones, kinds of events, and events
// that are counted instead of listed.

#include "watch.h"

static watch_view view;
static char base[WATCH_PATH_MAX];

static uint64_t follow_with(orch_engine *engine, const orch_watch_options *options) {
    uint64_t watch = watch_ready_with(engine, options);
    watch_follow(engine, watch, &view, base, 0, 0);
    return watch;
}

static const watch_entry *find(const char *name) {
    char path[2 * WATCH_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return watch_find_path(&view.asked, path);
}

static void empty_base(void) {
    CHECK_SYS(chdir("/"));
    watch_delete(base);
    CHECK_SYS(mkdir(base, 0700));
    CHECK_SYS(chdir(base));
}

// Globs of the host: an ignored file is not there, an ignored directory is one entry.
static void globs(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    const orch_bytes ignore[] = {orch_str("*.o"), orch_str("build/"), orch_str("/only/here"),
                                 orch_str("!keep.o"), orch_str("")};
    watch_write("a.o", "");
    watch_write("keep.o", "");
    CHECK_SYS(mkdir("build", 0755));
    watch_write("build/x", "");
    orch_watch_options options = watch_options(&root);
    options.ignore = ignore;
    options.ignore_count = 5;
    uint64_t watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 3);
    CHECK(find("a.o") == NULL && find("build/x") == NULL && find("keep.o") != NULL);
    CHECK_INT(find("build")->flags, ORCH_FILE_FLAG_IGNORED);
    CHECK_INT(find("keep.o")->flags, 0);
    watch_append("a.o", "x");
    watch_append("build/x", "x");
    CHECK_TOLD(engine, watch, &view, "");
    CHECK_INT(view.batches, 0);
    CHECK_SYS(mkdir("only", 0755));
    CHECK_TOLD(engine, watch, &view, "create directory only\n");
    watch_write("only/here", "");
    watch_write("only/there", "");
    CHECK_TOLD(engine, watch, &view, "create file only/there\n");
    // A file that gets an ignored name goes away, and comes with another one.
    CHECK_SYS(rename("only/there", "only/there.o"));
    CHECK_TOLD(engine, watch, &view, "delete file only/there\n");
    CHECK_SYS(rename("only/there.o", "only/there.c"));
    CHECK_TOLD(engine, watch, &view, "create file only/there.c\n");
    watch_delete("build");
    CHECK_TOLD(engine, watch, &view, "delete directory build ignored\n");
    CHECK_SYS(mkdir("build", 0755));
    watch_write("build/y", "");
    CHECK_TOLD(engine, watch, &view, "create directory build ignored\n");
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Files of rules, in the tree; they can be switched off.
static void gitignore(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    watch_write(".gitignore", "*.ruled\n");
    watch_write("a.ruled", "");
    orch_watch_options options = watch_options(&root);
    uint64_t watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 2);
    CHECK(find(".gitignore") != NULL);
    watch_write("b.ruled", "");
    CHECK_TOLD(engine, watch, &view, "");
    // Other rules: what they hid before comes.
    CHECK_SYS(unlink(".gitignore"));
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, "delete file .gitignore\n"));
    CHECK(check_contains(view.text, view.len, "create file a.ruled\n"));
    CHECK(check_contains(view.text, view.len, "create file b.ruled\n"));
    CHECK_OK(orch_watch_remove(engine, watch));

    watch_write(".gitignore", "*.ruled\n");
    options.flags = ORCH_WATCH_NO_GITIGNORE;
    watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 4);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Names that begin with a dot, and `.git`.
static void flags(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    CHECK_SYS(mkdir(".git", 0755));
    watch_write(".git/HEAD", "");
    watch_write(".hidden", "");
    orch_watch_options options = watch_options(&root);
    uint64_t watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 3);
    CHECK_INT(find(".git")->flags, ORCH_FILE_FLAG_IGNORED);
    CHECK_OK(orch_watch_remove(engine, watch));

    options.flags = ORCH_WATCH_GIT_DIR | ORCH_WATCH_NO_GITIGNORE | ORCH_WATCH_FOLLOW_DEVICES;
    watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 4);
    CHECK_INT(find(".git")->flags, 0);
    watch_append(".git/HEAD", "x");
    CHECK_TOLD(engine, watch, &view, "modify file .git/HEAD\n");
    CHECK_OK(orch_watch_remove(engine, watch));

    options.flags = ORCH_WATCH_NO_HIDDEN | ORCH_WATCH_GIT_DIR;
    watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 1);
    watch_append(".hidden", "x");
    CHECK_TOLD(engine, watch, &view, "");
    CHECK_SYS(rename(".hidden", "shown"));
    CHECK_TOLD(engine, watch, &view, "create file shown\n");
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Directories below the depth are one entry each.
static void depth(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    CHECK_SYS(mkdir("one", 0755));
    CHECK_SYS(mkdir("one/two", 0755));
    watch_write("one/two/three", "");
    orch_watch_options options = watch_options(&root);
    options.max_depth = 1;
    uint64_t watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 2);
    CHECK_INT(find("one")->flags, ORCH_FILE_FLAG_IGNORED);
    CHECK_OK(orch_watch_remove(engine, watch));
    options.max_depth = 2;
    watch = follow_with(engine, &options);
    CHECK_INT(view.asked.count, 3);
    watch_append("one/two/three", "x");
    CHECK_TOLD(engine, watch, &view, "");
    watch_write("one/new", "x");
    CHECK_TOLD(engine, watch, &view, "create file one/new\n");
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Only some kinds are reported; the tree stays exact all the same.
static void kinds(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    watch_write("a", "");
    orch_watch_options options = watch_options(&root);
    options.kinds = 1u << ORCH_FILE_EVENT_CREATE | 1u << ORCH_FILE_EVENT_DELETE;
    uint64_t watch = follow_with(engine, &options);
    orch_file_version before = watch_state(engine, watch).version;
    watch_append("a", "text");
    CHECK_SYS(chmod("a", 0600));
    CHECK_TOLD(engine, watch, &view, "");
    CHECK_INT(view.batches, 0);
    orch_watch_state state = watch_state(engine, watch);
    CHECK(state.version.n > before.n);
    CHECK_INT(state.version.epoch, before.epoch);
    CHECK_SYS(rename("a", "b"));
    CHECK_TOLD(engine, watch, &view, "");
    CHECK_SYS(unlink("b"));
    watch_write("c", "");
    watch_sync(engine, watch, &view);
    CHECK(check_contains(view.text, view.len, "delete file b\n"));
    CHECK(check_contains(view.text, view.len, "create file c\n"));
    watch_catch_up(engine, watch, &view.asked, &view.cursor, 0);
    watch_check_disk(&view.asked, base);
    CHECK_OK(orch_watch_remove(engine, watch));

    options.kinds = 1u << ORCH_FILE_EVENT_RENAME;
    watch = follow_with(engine, &options);
    CHECK_SYS(rename("c", "d"));
    watch_write("e", "");
    CHECK_TOLD(engine, watch, &view, "rename file d from c\n");
    CHECK_OK(orch_watch_remove(engine, watch));
}

static void make_many(const char *folder, int count) {
    char path[64];
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%d", folder, i);
        watch_write(path, "");
    }
}

// More events than the threshold: the largest directories are counted, and `orch_watch_get_changes` is exact.
static void summaries(orch_engine *engine) {
    empty_base();
    const orch_bytes root = orch_str(base);
    CHECK_SYS(mkdir("many", 0755));
    CHECK_SYS(mkdir("few", 0755));
    orch_watch_options options = watch_options(&root);
    options.summary_threshold = 4;
    uint64_t watch = follow_with(engine, &options);
    make_many("many", 4);
    watch_sync(engine, watch, &view);
    CHECK_INT(view.original_events, 4);
    CHECK(check_contains(view.text, view.len, "create file many/3\n"));
    make_many("many", 10);
    watch_delete("few");
    CHECK_TOLD(engine, watch, &view, "delete directory few\nmany/* +6 ~4 -0 >0\n");
    CHECK_INT(view.original_events, 11);
    watch_catch_up(engine, watch, &view.asked, &view.cursor, 0);
    watch_check_disk(&view.asked, base);
    // What was in a directory that is gone is counted.
    watch_delete("many");
    CHECK_TOLD(engine, watch, &view, "delete directory many\nmany/** +0 ~0 -10 >0\n");
    CHECK_INT(view.original_events, 11);
    CHECK_OK(orch_watch_remove(engine, watch));
}

// Summaries of many directories are joined; or they are switched off.
static void joined_summaries(orch_engine *engine) {
    static const char *const folders[] = {"p", "q", "p/x"};
    const orch_bytes root = orch_str(base);
    for (int on = 0; on < 2; on++) {
        empty_base();
        for (size_t i = 0; i < 3; i++) CHECK_SYS(mkdir(folders[i], 0755));
        orch_watch_options options = watch_options(&root);
        options.summary_threshold = 1;
        if (!on) options.flags = ORCH_WATCH_NO_SUMMARIES;
        uint64_t watch = follow_with(engine, &options);
        for (size_t i = 0; i < 3; i++) make_many(folders[i], 30);
        watch_sync(engine, watch, &view);
        CHECK_INT(view.original_events, 90);
        if (on) {
            CHECK_BYTES(view.text, view.len, "./** +90 ~0 -0 >0\n");
        } else {
            size_t lines = 0;
            for (size_t i = 0; i < view.len; i++) lines += view.text[i] == '\n';
            CHECK_INT(lines, 90);
            CHECK(!check_contains(view.text, view.len, "*"));
        }
        CHECK_OK(orch_watch_remove(engine, watch));
    }
}

int main(void) {
    check_start();
    watch_enter(base);
    orch_engine *engine = host_engine();
    globs(engine);
    gitignore(engine);
    flags(engine);
    depth(engine);
    kinds(engine);
    summaries(engine);
    joined_summaries(engine);
    CHECK_OK(orch_engine_destroy(engine));
    watch_leave(base);
    return 0;
}
