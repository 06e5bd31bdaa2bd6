// Events of the engine as values of Emacs: one function for each kind that has more than numbers and texts.

#include "events.h"

// The most values that an event has beside its kind and source.
#define DATA_MAX 6

typedef struct data {
    emacs_value values[DATA_MAX];
    ptrdiff_t count;
} data;

static void add(data *self, emacs_value value) { self->values[self->count++] = value; }

static const char *exit_name(orch_exit_kind kind) {
    switch (kind) {
    case ORCH_EXIT_CODE: return "code";
    case ORCH_EXIT_SIGNAL: return "signal";
    default: return "unknown";
    }
}

static const char *file_event_name(orch_file_event_kind kind) {
    switch (kind) {
    case ORCH_FILE_EVENT_CREATE: return "create";
    case ORCH_FILE_EVENT_MODIFY: return "modify";
    case ORCH_FILE_EVENT_METADATA: return "metadata";
    case ORCH_FILE_EVENT_TOUCH: return "touch";
    case ORCH_FILE_EVENT_DELETE: return "delete";
    case ORCH_FILE_EVENT_RENAME: return "rename";
    default: return "other";
    }
}

static const char *file_type_name(orch_file_type type) {
    switch (type) {
    case ORCH_FILE_TYPE_FILE: return "file";
    case ORCH_FILE_TYPE_DIRECTORY: return "directory";
    case ORCH_FILE_TYPE_SYMLINK: return "symlink";
    default: return "other";
    }
}

static const char *problem_name(orch_watch_problem problem) {
    switch (problem) {
    case ORCH_WATCH_PROBLEM_UNREADABLE: return "unreadable";
    case ORCH_WATCH_PROBLEM_OUT_OF_WATCHES: return "out-of-watches";
    case ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES: return "too-many-entries";
    case ORCH_WATCH_PROBLEM_EVENTS_LOST: return "events-lost";
    case ORCH_WATCH_PROBLEM_ROOT_GONE: return "root-gone";
    case ORCH_WATCH_PROBLEM_REFUSED: return "refused";
    case ORCH_WATCH_PROBLEM_TOO_MANY_RULES: return "too-many-rules";
    case ORCH_WATCH_PROBLEM_ROOTS_OVERLAP: return "roots-overlap";
    case ORCH_WATCH_PROBLEM_OUT_OF_MEMORY: return "out-of-memory";
    default: return "other";
    }
}

static emacs_value cons(emacs_env *env, emacs_value first, emacs_value rest) {
    emacs_value both[] = {first, rest};
    return call(env, "cons", 2, both);
}

// A list of [KIND TYPE PATH FROM].
static emacs_value file_events(emacs_env *env, const orch_event_watch_batch *batch) {
    emacs_value result = nil(env);
    for (size_t i = batch->event_count; i > 0 && !failed(env); i--) {
        const orch_file_event *event = orch_element_at(batch->events, batch->event_stride, i - 1);
        emacs_value parts[] = {
            symbol(env, file_event_name(event->kind)),
            symbol(env, file_type_name(event->file_type)),
            octets(env, event->path),
            event->from.len > 0 ? octets(env, event->from) : nil(env),
        };
        result = cons(env, vector(env, 4, parts), result);
    }
    return result;
}

// A list of [DIRECTORY CREATED MODIFIED DELETED RENAMED RECURSIVE].
static emacs_value file_summaries(emacs_env *env, const orch_event_watch_batch *batch) {
    emacs_value result = nil(env);
    for (size_t i = batch->summary_count; i > 0 && !failed(env); i--) {
        const orch_file_summary *summary = orch_element_at(batch->summaries, batch->summary_stride, i - 1);
        emacs_value parts[] = {
            octets(env, summary->dir),         number(env, summary->created), number(env, summary->modified),
            number(env, summary->deleted),     number(env, summary->renamed), truth(env, summary->recursive),
        };
        result = cons(env, vector(env, 6, parts), result);
    }
    return result;
}

// What terminals report beside their rows. The name of the event, or NULL for another kind.
static const char *terminal_data(emacs_env *env, const orch_event *event, data *out) {
    switch (event->kind) {
    case ORCH_EVENT_EXITED:
        add(out, symbol(env, exit_name(event->payload.exited->exit_kind)));
        add(out, env->make_integer(env, event->payload.exited->exit_value));
        return "exited";
    case ORCH_EVENT_EOF: return "eof";
    case ORCH_EVENT_CLOSED: return "closed";
    case ORCH_EVENT_INPUT_READY: return "input-ready";
    case ORCH_EVENT_INPUT_TRUNCATED: return "input-truncated";
    case ORCH_EVENT_TITLE: add(out, text(env, event->payload.title->title)); return "title";
    case ORCH_EVENT_CWD: add(out, octets(env, event->payload.cwd->path)); return "cwd";
    case ORCH_EVENT_BELL: add(out, number(env, event->payload.bell->count)); return "bell";
    case ORCH_EVENT_NOTIFICATION:
        add(out, text(env, event->payload.notification->title));
        add(out, text(env, event->payload.notification->body));
        return "notification";
    case ORCH_EVENT_CLIPBOARD:
        add(out, text(env, event->payload.clipboard->text));
        add(out, truth(env, event->payload.clipboard->is_primary));
        return "clipboard";
    case ORCH_EVENT_PROGRESS:
        add(out, number(env, event->payload.progress->state));
        add(out, number(env, event->payload.progress->percent));
        return "progress";
    default: return NULL;
    }
}

// What watches and the engine report. The name of the event, or NULL for another kind.
static const char *other_data(emacs_env *env, const orch_event *event, data *out) {
    switch (event->kind) {
    case ORCH_EVENT_WATCH_READY:
        add(out, number(env, event->payload.watch_ready->version.n));
        return "watch-ready";
    case ORCH_EVENT_WATCH_BATCH: {
        const orch_event_watch_batch *batch = event->payload.watch_batch;
        add(out, number(env, batch->version.n));
        add(out, file_events(env, batch));
        add(out, file_summaries(env, batch));
        return "watch-batch";
    }
    case ORCH_EVENT_WATCH_SYNCED:
        add(out, number(env, event->payload.watch_synced->sync_tag));
        return "watch-synced";
    case ORCH_EVENT_WATCH_WARNING:
        add(out, symbol(env, problem_name(event->payload.watch_warning->problem)));
        add(out, octets(env, event->payload.watch_warning->path));
        return "watch-warning";
    case ORCH_EVENT_LOG: add(out, text(env, event->payload.log->text)); return "log";
    case ORCH_EVENT_SHUTDOWN_COMPLETE: return "shutdown-complete";
    default: return NULL;
    }
}

emacs_value event_value(emacs_env *env, rows_room *room, const orch_event *event) {
    data found = {.count = 0};
    const char *name = NULL;
    if (event->kind == ORCH_EVENT_SCREEN) {
        name = "screen";
        add(&found, update_value(env, room, event->payload.screen));
        if (failed(env)) return NULL;
    }
    if (name == NULL) name = terminal_data(env, event, &found);
    if (name == NULL) name = other_data(env, event, &found);
    if (name == NULL) {
        name = "other";
        add(&found, number(env, event->kind));
    }
    emacs_value parts[DATA_MAX + 2] = {symbol(env, name), number(env, event->source)};
    for (ptrdiff_t i = 0; i < found.count; i++) parts[i + 2] = found.values[i];
    return list(env, found.count + 2, parts);
}
