// Folders with files for tests of watches, and somebody who follows a watch: batches as text,
// a copy of the tree that is kept from their events alone, and another one that is kept from questions.
// After each sync the two copies and the disk have to be the same.

#ifndef ORCHFLOW_TEST_WATCH_H
#define ORCHFLOW_TEST_WATCH_H

#include "host.h"

#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>

#define WATCH_PATH_MAX 1024
#define WATCH_ENTRIES_MAX 128

typedef struct watch_entry {
    uint64_t id;
    uint64_t parent;
    uint32_t file_type;
    uint32_t flags;
    uint32_t mode;
    uint64_t bytes;
    uint64_t inode;
    int64_t modified_ns;
    char name[WATCH_PATH_MAX];  // Of a root its path.
} watch_entry;

typedef struct watch_copy {
    watch_entry entries[WATCH_ENTRIES_MAX];
    size_t count;
} watch_copy;

// Somebody who follows a watch. Large: make it static.
typedef struct watch_view {
    const char *base;        // Paths are reported relative to this directory.
    int is_exact;            // Nothing is filtered or counted: the copies equal the disk.
    char text[1 << 14];      // What was reported since the last sync, one line for each thing.
    size_t len;
    size_t batches;          // Since the last sync, too.
    size_t original_events;
    uint64_t vanished;       // Since the beginning: they come with whichever batch is next.
    watch_copy reported;         // Kept from events.
    watch_copy asked;        // Kept from questions.
    orch_file_cursor cursor;
    orch_file_version version;
} watch_view;

// Makes a folder, goes there and gives its absolute path.
static inline void watch_enter(char base[WATCH_PATH_MAX]) {
    const char *folder = getenv("TMPDIR");
    char path[WATCH_PATH_MAX];
    if (folder == NULL || *folder == '\0') folder = "/tmp";
    int len = snprintf(path, sizeof path, "%s/orchflow-watch-XXXXXX", folder);
    CHECK(len > 0 && (size_t)len < sizeof path);
    CHECK(mkdtemp(path) != NULL);
    CHECK_SYS(chdir(path));
    CHECK(getcwd(base, WATCH_PATH_MAX) != NULL);
}

static inline int watch_remove_one(const char *path, const struct stat *stat, int type,
                                   struct FTW *place) {
    (void)stat;
    (void)type;
    (void)place;
    return remove(path);
}

// Removes a folder with all that is in it.
static inline void watch_delete(const char *path) {
    CHECK_INT(nftw(path, watch_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

// Goes away and removes the folder.
static inline void watch_leave(const char *base) {
    CHECK_SYS(chdir("/"));
    watch_delete(base);
}

static inline void watch_put_text(const char *name, const char *text, int flags) {
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    CHECK_SYS(fd);
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
    CHECK_SYS(close(fd));
}

static inline void watch_write(const char *name, const char *text) {
    watch_put_text(name, text, O_TRUNC);
}

static inline void watch_append(const char *name, const char *text) {
    watch_put_text(name, text, O_APPEND);
}

// Options for one root, which has to outlive them.
static inline orch_watch_options watch_options(const orch_bytes *root) {
    orch_watch_options options;
    host_init(&options, sizeof options);
    options.roots = root;
    options.root_count = 1;
    return options;
}

// Watches, and reads events until the tree has been read.
static inline uint64_t watch_ready_with(orch_engine *engine, const orch_watch_options *options) {
    uint64_t watch = 0;
    CHECK_OK(orch_watch_add(engine, options, &watch));
    CHECK(watch != 0);
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_WATCH_READY || event.source != watch);
    return watch;
}

static inline uint64_t watch_ready(orch_engine *engine, const char *path) {
    const orch_bytes root = orch_str(path);
    const orch_watch_options options = watch_options(&root);
    return watch_ready_with(engine, &options);
}

// Reads events until this one of this watch; other ones are dropped.
static inline void watch_until(orch_engine *engine, uint64_t watch, uint32_t kind,
                               orch_event *event) {
    do {
        host_next(engine, event);
    } while (event->kind != kind || event->source != watch);
}

static inline orch_watch_state watch_state(orch_engine *engine, uint64_t watch) {
    orch_watch_state state;
    check_fill(&state, sizeof state);
    state.size = sizeof state;
    CHECK_OK(orch_watch_get_state(engine, watch, &state));
    CHECK_INT(state.size, sizeof state);
    return state;
}

static inline orch_file_changes watch_changes(orch_engine *engine, uint64_t watch,
                                              orch_file_cursor *cursor, size_t max) {
    orch_file_changes changes;
    check_fill(&changes, sizeof changes);
    changes.size = sizeof changes;
    CHECK_OK(orch_watch_get_changes(engine, watch, cursor, max, &changes));
    CHECK_INT(changes.size, sizeof changes);
    CHECK(changes.entry_stride >= sizeof(orch_file_entry));
    CHECK(changes.full <= 1 && changes.more <= 1);
    CHECK_INT(changes.version.epoch, cursor->epoch);
    if (max > 0) CHECK(changes.entry_count + changes.removed_count <= max);
    return changes;
}

static inline const orch_file_entry *watch_entry_at(const orch_file_changes *changes, size_t index) {
    return (const orch_file_entry *)orch_element_at(changes->entries, changes->entry_stride, index);
}

static inline const orch_file_event *watch_event_at(const orch_event_watch_batch *batch,
                                                    size_t index) {
    return (const orch_file_event *)orch_element_at(batch->events, batch->event_stride, index);
}

static inline const orch_file_summary *watch_summary_at(const orch_event_watch_batch *batch,
                                                        size_t index) {
    return (const orch_file_summary *)orch_element_at(batch->summaries, batch->summary_stride, index);
}

// Copies of a tree.

static inline void watch_copy_text(char out[WATCH_PATH_MAX], orch_bytes bytes) {
    CHECK(bytes.len < WATCH_PATH_MAX);
    CHECK(bytes.len == 0 || memchr(bytes.data, '\0', bytes.len) == NULL);
    if (bytes.len > 0) memcpy(out, bytes.data, bytes.len);
    out[bytes.len] = '\0';
}

static inline watch_entry *watch_find(watch_copy *copy, uint64_t id) {
    for (size_t i = 0; i < copy->count; i++) {
        if (copy->entries[i].id == id) return &copy->entries[i];
    }
    return NULL;
}

static inline void watch_path(watch_copy *copy, const watch_entry *entry,
                              char out[WATCH_PATH_MAX]) {
    out[0] = '\0';
    if (entry->parent != 0) {
        const watch_entry *parent = watch_find(copy, entry->parent);
        CHECK(parent != NULL && parent->file_type == ORCH_FILE_TYPE_DIRECTORY);
        watch_path(copy, parent, out);
        strcat(out, "/");
    }
    CHECK(strlen(out) + strlen(entry->name) + 1 < WATCH_PATH_MAX);
    strcat(out, entry->name);
}

static inline watch_entry *watch_find_path(watch_copy *copy, const char *path) {
    char other[WATCH_PATH_MAX];
    for (size_t i = 0; i < copy->count; i++) {
        watch_path(copy, &copy->entries[i], other);
        if (strcmp(path, other) == 0) return &copy->entries[i];
    }
    return NULL;
}

static inline void watch_take_out(watch_copy *copy, watch_entry *entry) {
    *entry = copy->entries[--copy->count];
}

// A place for this entry, under the name that its path ends with; a root's name is its path.
static inline watch_entry *watch_put_in(watch_copy *copy, uint64_t id, uint64_t parent,
                                        const char *path) {
    watch_entry *entry = watch_find(copy, id);
    if (entry == NULL) {
        CHECK(copy->count < WATCH_ENTRIES_MAX);
        entry = &copy->entries[copy->count++];
        memset(entry, 0, sizeof *entry);
    }
    const char *name = parent == 0 ? path : strrchr(path, '/') + 1;
    CHECK(id != 0 && *name != '\0');
    entry->id = id;
    entry->parent = parent;
    memmove(entry->name, name, strlen(name) + 1);
    return entry;
}

// Brings a copy up to date by questions; returns how many changes there were.
static inline size_t watch_catch_up(orch_engine *engine, uint64_t watch, watch_copy *copy,
                                    orch_file_cursor *cursor, size_t max) {
    orch_file_changes changes;
    char path[WATCH_PATH_MAX];
    size_t count = 0;
    do {
        changes = watch_changes(engine, watch, cursor, max);
        if (changes.full) copy->count = 0;
        for (size_t i = 0; i < changes.removed_count; i++) {
            watch_entry *gone = watch_find(copy, changes.removed[i]);
            if (gone != NULL) watch_take_out(copy, gone);
        }
        for (size_t i = 0; i < changes.entry_count; i++) {
            const orch_file_entry *now = watch_entry_at(&changes, i);
            watch_copy_text(path, now->path);
            watch_entry *entry = watch_put_in(copy, now->id, now->parent, path);
            entry->file_type = now->file_type;
            entry->flags = now->flags;
            entry->mode = now->mode;
            entry->bytes = now->bytes;
            entry->inode = now->inode;
            entry->modified_ns = now->modified_ns;
            CHECK_INT(now->reserved, 0);
        }
        count += changes.removed_count + changes.entry_count;
    } while (changes.more);
    return count;
}

// Where an entry of this path belongs in a copy: its directory is there, or it is a root.
static inline uint64_t watch_parent_of(watch_copy *copy, const char *path, const char *base) {
    char above[WATCH_PATH_MAX];
    if (strcmp(path, base) == 0) return 0;
    strcpy(above, path);
    *strrchr(above, '/') = '\0';
    const watch_entry *parent = watch_find_path(copy, above);
    CHECK(parent != NULL && parent->file_type == ORCH_FILE_TYPE_DIRECTORY);
    return parent->id;
}

// Applies an event to a copy; that always works.
static inline void watch_apply(watch_copy *copy, const orch_file_event *event, const char *base) {
    char path[WATCH_PATH_MAX], from[WATCH_PATH_MAX];
    watch_copy_text(path, event->path);
    watch_copy_text(from, event->from);
    watch_entry *entry = watch_find(copy, event->id);
    watch_entry *there = watch_find_path(copy, path);
    if (event->kind == ORCH_FILE_EVENT_CREATE) {
        CHECK(entry == NULL && there == NULL);
        uint64_t parent = watch_parent_of(copy, path, base);
        watch_put_in(copy, event->id, parent, path)->file_type = event->file_type;
        return;
    }
    CHECK(entry != NULL && entry->file_type == event->file_type);
    if (event->kind == ORCH_FILE_EVENT_RENAME) {
        CHECK(watch_find_path(copy, from) == entry);
        CHECK((there != NULL) == ((event->flags & ORCH_FILE_FLAG_REPLACED) != 0));
        if (there != NULL) {
            CHECK(there->file_type != ORCH_FILE_TYPE_DIRECTORY);
            watch_take_out(copy, there);
        }
        watch_put_in(copy, event->id, watch_parent_of(copy, path, base), path);
        return;
    }
    CHECK(there == entry);
    if (event->kind != ORCH_FILE_EVENT_DELETE) return;
    for (size_t i = 0; i < copy->count; i++) CHECK(copy->entries[i].parent != event->id);
    watch_take_out(copy, entry);
}

static inline void watch_check_same(watch_copy *reported, watch_copy *asked) {
    CHECK_INT(reported->count, asked->count);
    for (size_t i = 0; i < reported->count; i++) {
        const watch_entry *entry = &reported->entries[i], *other = watch_find(asked, entry->id);
        CHECK(other != NULL);
        CHECK_INT(entry->parent, other->parent);
        CHECK_INT(entry->file_type, other->file_type);
        CHECK_BYTES(entry->name, strlen(entry->name), other->name);
    }
}

// What is looked at by watch_check_one, which nftw calls.
static watch_copy *watch_walked;
static size_t watch_walked_count;

static inline uint32_t watch_type_of(const struct stat *stat) {
    if (S_ISREG(stat->st_mode)) return ORCH_FILE_TYPE_FILE;
    if (S_ISDIR(stat->st_mode)) return ORCH_FILE_TYPE_DIRECTORY;
    return S_ISLNK(stat->st_mode) ? ORCH_FILE_TYPE_SYMLINK : ORCH_FILE_TYPE_OTHER;
}

static inline int watch_check_one(const char *path, const struct stat *stat, int type,
                                  struct FTW *place) {
    (void)type;
    (void)place;
    const watch_entry *entry = watch_find_path(watch_walked, path);
    CHECK(entry != NULL);
    int is_directory = S_ISDIR(stat->st_mode);
    int64_t modified = (int64_t)stat->st_mtim.tv_sec * 1000000000 + stat->st_mtim.tv_nsec;
    CHECK_INT(entry->file_type, watch_type_of(stat));
    CHECK_INT(entry->flags, 0);
    CHECK_INT(entry->mode, stat->st_mode);
    CHECK_INT(entry->inode, stat->st_ino);
    CHECK_INT(entry->bytes, is_directory ? 0 : stat->st_size);
    CHECK_INT(entry->modified_ns, is_directory ? 0 : modified);
    watch_walked_count++;
    return 0;
}

// A copy is what a walk over the disk finds, if it may stay unlooked at.
static inline void watch_check_disk(watch_copy *copy, const char *base) {
    watch_walked = copy;
    watch_walked_count = 0;
    struct stat stat;
    if (lstat(base, &stat) == 0) CHECK_INT(nftw(base, watch_check_one, 16, FTW_PHYS), 0);
    CHECK_INT(copy->count, watch_walked_count);
}

// Somebody who follows a watch.

static inline void watch_line(watch_view *view, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void watch_line(watch_view *view, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(view->text + view->len, sizeof view->text - view->len, format, arguments);
    va_end(arguments);
    CHECK(len >= 0 && (size_t)len < sizeof view->text - view->len);
    view->len += (size_t)len;
}

// A path from the base on.
static inline const char *watch_shown(const watch_view *view, char path[WATCH_PATH_MAX],
                                      orch_bytes bytes) {
    size_t len = strlen(view->base);
    watch_copy_text(path, bytes);
    CHECK(path[0] == '/');
    if (strcmp(path, view->base) == 0) return ".";
    return strncmp(path, view->base, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

static inline void watch_see_event(watch_view *view, const orch_file_event *event) {
    static const char *const kinds[] = {"", "create", "modify", "metadata", "touch", "delete",
                                        "rename"};
    static const char *const types[] = {"", "file", "directory", "symlink", "other"};
    char path[WATCH_PATH_MAX];
    CHECK(event->kind >= ORCH_FILE_EVENT_CREATE && event->kind <= ORCH_FILE_EVENT_RENAME);
    CHECK(event->file_type >= ORCH_FILE_TYPE_FILE && event->file_type <= ORCH_FILE_TYPE_OTHER);
    CHECK_INT(event->flags & ~(uint32_t)(ORCH_FILE_FLAG_IGNORED | ORCH_FILE_FLAG_REPLACED), 0);
    CHECK_INT(event->reserved, 0);
    CHECK((event->from.len > 0) == (event->kind == ORCH_FILE_EVENT_RENAME));
    watch_line(view, "%s %s %s", kinds[event->kind], types[event->file_type],
               watch_shown(view, path, event->path));
    if (event->from.len > 0) watch_line(view, " from %s", watch_shown(view, path, event->from));
    if (event->flags & ORCH_FILE_FLAG_REPLACED) watch_line(view, " replaced");
    if (event->flags & ORCH_FILE_FLAG_IGNORED) watch_line(view, " ignored");
    watch_line(view, "\n");
    if (view->is_exact) watch_apply(&view->reported, event, view->base);
}

static inline void watch_see_batch(watch_view *view, const orch_event *event) {
    const orch_event_watch_batch *batch = event->payload.watch_batch;
    char path[WATCH_PATH_MAX];
    CHECK(batch != NULL);
    CHECK(batch->event_stride >= sizeof(orch_file_event));
    CHECK(batch->summary_stride >= sizeof(orch_file_summary));
    CHECK(batch->complete <= 1 && batch->original_events >= batch->event_count);
    CHECK_INT(batch->reserved, 0);
    CHECK(batch->version.epoch != 0 && batch->version.n >= view->version.n);
    for (size_t i = 0; i < batch->event_count; i++) {
        watch_see_event(view, watch_event_at(batch, i));
    }
    for (size_t i = 0; i < batch->summary_count; i++) {
        const orch_file_summary *summary = watch_summary_at(batch, i);
        CHECK_INT(summary->reserved, 0);
        watch_line(view, "%s/%s +%zu ~%zu -%zu >%zu\n", watch_shown(view, path, summary->dir),
                   summary->recursive ? "**" : "*", summary->created, summary->modified,
                   summary->deleted, summary->renamed);
    }
    view->batches++;
    view->original_events += batch->original_events;
    view->vanished += batch->vanished;
    view->version = batch->version;
}

static inline void watch_see_warning(watch_view *view, const orch_event *event) {
    char path[WATCH_PATH_MAX];
    const orch_event_watch_warning *warning = event->payload.watch_warning;
    CHECK(warning->problem >= ORCH_WATCH_PROBLEM_UNREADABLE);
    CHECK_INT(warning->reserved, 0);
    watch_line(view, "problem %u %s\n", (unsigned)warning->problem,
               watch_shown(view, path, warning->path));
}

// Begins to follow a watch that is ready: gets the whole tree in slices of `max` changes.
static inline void watch_follow(orch_engine *engine, uint64_t watch, watch_view *view,
                                const char *base, int is_exact, size_t max) {
    memset(view, 0, sizeof *view);
    view->base = base;
    view->is_exact = is_exact;
    watch_catch_up(engine, watch, &view->asked, &view->cursor, max);
    view->reported = view->asked;
    if (is_exact) watch_check_disk(&view->asked, base);
}

// Reads everything that is reported of what happened so far; what other watches report is dropped.
static inline void watch_sync(orch_engine *engine, uint64_t watch, watch_view *view) {
    static uint64_t tag = 1000;
    orch_event event = host_event();
    view->len = view->batches = view->original_events = 0;
    CHECK_OK(orch_watch_sync(engine, watch, ++tag));
    do {
        host_next(engine, &event);
        if (event.source != watch) continue;
        if (event.kind == ORCH_EVENT_WATCH_BATCH) watch_see_batch(view, &event);
        if (event.kind == ORCH_EVENT_WATCH_WARNING) watch_see_warning(view, &event);
    } while (event.source != watch || event.kind != ORCH_EVENT_WATCH_SYNCED);
    CHECK_INT(event.payload.watch_synced->sync_tag, tag);
    CHECK(event.payload.watch_synced->version.n >= view->version.n);
    if (!view->is_exact) return;
    watch_catch_up(engine, watch, &view->asked, &view->cursor, 0);
    watch_check_same(&view->reported, &view->asked);
    watch_check_disk(&view->asked, view->base);
}

// What happened to the files since the last time is reported as these lines, in this order.
#define CHECK_TOLD(engine, watch, view, expected)             \
    do {                                                      \
        watch_sync((engine), (watch), (view));                \
        CHECK_BYTES((view)->text, (view)->len, (expected));   \
    } while (0)

// Every call about a watch is refused with this status and leaves its outputs alone. `all`: also those
// that name no watch.
static inline void watch_check_refused(orch_engine *engine, uint64_t watch, int32_t status, int all) {
    orch_file_changes changes, no_changes;
    orch_watch_state state, no_state;
    orch_file_cursor cursor;
    uint64_t ids[2];
    size_t count;
    check_fill(&changes, sizeof changes);
    check_fill(&state, sizeof state);
    check_fill(&cursor, sizeof cursor);
    check_fill(ids, sizeof ids);
    check_fill(&count, sizeof count);
    changes.size = sizeof changes;
    state.size = sizeof state;
    no_changes = changes;
    no_state = state;
    CHECK_STATUS(orch_watch_remove(engine, watch), status);
    CHECK_STATUS(orch_watch_sync(engine, watch, 1), status);
    CHECK_STATUS(orch_watch_get_changes(engine, watch, &cursor, 0, &changes), status);
    CHECK_STATUS(orch_watch_get_state(engine, watch, &state), status);
    if (all) {
        const orch_bytes root = orch_str("/");
        orch_watch_options options = watch_options(&root);
        options.max_depth = 1;
        CHECK_STATUS(orch_watch_add(engine, &options, ids), status);
        CHECK_STATUS(orch_engine_list(engine, ORCH_LIST_WATCHES, ids, 2, &count), status);
    }
    CHECK_INT(memcmp(&changes, &no_changes, sizeof changes), 0);
    CHECK_INT(memcmp(&state, &no_state, sizeof state), 0);
    CHECK(check_is_filled(&cursor, sizeof cursor));
    CHECK(check_is_filled(ids, sizeof ids));
    CHECK(check_is_filled(&count, sizeof count));
}

#endif
