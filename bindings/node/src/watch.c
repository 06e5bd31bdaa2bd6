// watch.c: methods about watches, and changes of files as JavaScript gets them.

#include "host.h"

napi_value make_version(napi_env env, orch_file_version version) {
    napi_value value = make_object(env);
    put_number(env, value, "epoch", (double)version.epoch);
    put_number(env, value, "n", (double)version.n);
    return value;
}

static napi_value make_file_event(napi_env env, const orch_file_event *event) {
    napi_value value = make_object(env);
    put_number(env, value, "kind", event->kind);
    put_number(env, value, "type", event->file_type);
    put_text(env, value, "path", event->path);
    if (event->kind == ORCH_FILE_EVENT_RENAME) put_text(env, value, "from", event->from);
    put_number(env, value, "id", (double)event->id);
    if (event->flags & ORCH_FILE_FLAG_REPLACED) put_bool(env, value, "replaced", true);
    if (event->flags & ORCH_FILE_FLAG_IGNORED) put_bool(env, value, "ignored", true);
    return value;
}

static napi_value make_summary(napi_env env, const orch_file_summary *summary) {
    napi_value value = make_object(env);
    put_text(env, value, "dir", summary->dir);
    put_number(env, value, "created", (double)summary->created);
    put_number(env, value, "modified", (double)summary->modified);
    put_number(env, value, "deleted", (double)summary->deleted);
    put_number(env, value, "renamed", (double)summary->renamed);
    put_bool(env, value, "recursive", summary->recursive);
    return value;
}

napi_value make_batch(napi_env env, const orch_event_watch_batch *batch) {
    napi_value events = make_array(env, batch->event_count), summaries = make_array(env, batch->summary_count);
    for (size_t i = 0; i < batch->event_count; i++) {
        const orch_file_event *event = orch_element_at(batch->events, batch->event_stride, i);
        napi_set_element(env, events, (uint32_t)i, make_file_event(env, event));
    }
    for (size_t i = 0; i < batch->summary_count; i++) {
        const orch_file_summary *summary = orch_element_at(batch->summaries, batch->summary_stride, i);
        napi_set_element(env, summaries, (uint32_t)i, make_summary(env, summary));
    }
    napi_value value = make_object(env);
    put(env, value, "version", make_version(env, batch->version));
    put_bool(env, value, "complete", batch->complete);
    put(env, value, "events", events);
    put(env, value, "summaries", summaries);
    put_number(env, value, "originalEvents", (double)batch->original_events);
    put_number(env, value, "vanished", (double)batch->vanished);
    return value;
}

static napi_value add(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    arena memory = {NULL};
    uint64_t id = 0;
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    napi_value object = args.at[0];
    bool done = field_list(env, object, "roots", &memory, &options.roots, &options.root_count) &&
                field_list(env, object, "ignore", &memory, &options.ignore, &options.ignore_count) &&
                field_u32(env, object, "windowMs", &options.window_ms) &&
                field_u32(env, object, "maxWaitMs", &options.max_wait_ms) &&
                field_u32(env, object, "flags", &options.flags) && field_u32(env, object, "kinds", &options.kinds) &&
                field_size(env, object, "summaryThreshold", &options.summary_threshold) &&
                field_size(env, object, "maxDepth", &options.max_depth) &&
                field_size(env, object, "entryLimit", &options.entry_limit) &&
                field_u32(env, object, "pollIntervalMs", &options.poll_interval_ms) &&
                field_u32(env, object, "gitWaitMs", &options.git_wait_ms) &&
                field_bytes(env, object, "since", &memory, &options.since) &&
                check(self, orch_watch_add(self->engine, &options, &id));
    arena_free(&memory);
    return done ? make_number(env, (double)id) : NULL;
}

static bool watch_start(napi_env env, napi_callback_info info, size_t wanted, arguments *args, host **self,
                        uint64_t *id) {
    return method_start(env, info, wanted, args, self) && take_id(env, args->at[0], id);
}

static napi_value remove_watch(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    if (watch_start(env, info, 1, &args, &self, &id)) check(self, orch_watch_remove(self->engine, id));
    return NULL;
}

static napi_value sync_watch(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id, tag;
    if (!watch_start(env, info, 2, &args, &self, &id) || !take_id(env, args.at[1], &tag)) return NULL;
    check(self, orch_watch_sync(self->engine, id, tag));
    return NULL;
}

static napi_value make_entry(napi_env env, const orch_file_entry *entry) {
    napi_value value = make_object(env);
    put_number(env, value, "id", (double)entry->id);
    put_number(env, value, "parent", (double)entry->parent);
    put_text(env, value, "path", entry->path);
    put_number(env, value, "type", entry->file_type);
    put_number(env, value, "bytes", (double)entry->bytes);
    put_number(env, value, "modifiedMs", (double)entry->modified_ns / 1e6);
    put_bigint(env, value, "inode", entry->inode);
    put_number(env, value, "mode", entry->mode);
    put_bool(env, value, "ignored", entry->flags & ORCH_FILE_FLAG_IGNORED);
    return value;
}

static bool take_cursor(napi_env env, napi_value object, orch_file_cursor *out) {
    if (!is_given(env, object)) return true;
    return field_u64(env, object, "epoch", &out->epoch) && field_u64(env, object, "base", &out->base) &&
           field_u64(env, object, "position", &out->position);
}

// changes(watch, cursor, max): what changed since a cursor, which moves.
static napi_value get_changes(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t max;
    orch_file_cursor cursor = {0, 0, 0};
    orch_file_changes changes = ORCH_FILE_CHANGES_INIT;
    if (!watch_start(env, info, 3, &args, &self, &id)) return NULL;
    if (!take_cursor(env, args.at[1], &cursor) || !take_u32(env, args.at[2], "max", &max)) return NULL;
    if (!check(self, orch_watch_get_changes(self->engine, id, &cursor, max, &changes))) return NULL;
    napi_value removed = make_array(env, changes.removed_count), entries = make_array(env, changes.entry_count);
    for (size_t i = 0; i < changes.removed_count; i++) {
        napi_set_element(env, removed, (uint32_t)i, make_number(env, (double)changes.removed[i]));
    }
    for (size_t i = 0; i < changes.entry_count; i++) {
        const orch_file_entry *entry = orch_element_at(changes.entries, changes.entry_stride, i);
        napi_set_element(env, entries, (uint32_t)i, make_entry(env, entry));
    }
    napi_value value = make_object(env), moved = make_object(env);
    put_number(env, moved, "epoch", (double)cursor.epoch);
    put_number(env, moved, "base", (double)cursor.base);
    put_number(env, moved, "position", (double)cursor.position);
    put(env, value, "version", make_version(env, changes.version));
    put_bool(env, value, "full", changes.full);
    put_bool(env, value, "more", changes.more);
    put(env, value, "removed", removed);
    put(env, value, "entries", entries);
    put(env, value, "cursor", moved);
    return value;
}

static napi_value get_state(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_watch_state state = ORCH_WATCH_STATE_INIT;
    if (!watch_start(env, info, 1, &args, &self, &id)) return NULL;
    if (!check(self, orch_watch_get_state(self->engine, id, &state))) return NULL;
    napi_value value = make_object(env), roots = make_array(env, state.root_count);
    for (size_t i = 0; i < state.root_count; i++) {
        napi_set_element(env, roots, (uint32_t)i, make_text(env, state.roots[i]));
    }
    put(env, value, "version", make_version(env, state.version));
    put(env, value, "roots", roots);
    put_bool(env, value, "ready", state.flags & ORCH_WATCH_IS_READY);
    put_bool(env, value, "complete", state.flags & ORCH_WATCH_IS_COMPLETE);
    put_bool(env, value, "healthy", state.flags & ORCH_WATCH_IS_HEALTHY);
    put_number(env, value, "problem", state.problem);
    put_number(env, value, "entries", (double)state.entries);
    put_number(env, value, "directories", (double)state.directories);
    put_number(env, value, "kernelWatches", (double)state.kernel_watches);
    put_number(env, value, "polledDirectories", (double)state.polled_directories);
    put_number(env, value, "batches", (double)state.batches);
    put_number(env, value, "overflows", (double)state.overflows);
    return value;
}

// save(watch): the whole tree, for `since` of a later watch.
static napi_value save(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t more = 1;
    orch_save_cursor cursor = {0, 0, 0, 0, 0};
    if (!watch_start(env, info, 1, &args, &self, &id)) return NULL;
    napi_value parts = make_array(env, 0);
    for (uint32_t i = 0; more; i++) {
        orch_bytes bytes;
        if (!check(self, orch_watch_save(self->engine, id, &cursor, 0, &bytes, &more))) return NULL;
        napi_set_element(env, parts, i, make_buffer(env, bytes.data, bytes.len));
    }
    return parts;
}

const napi_property_descriptor WATCH_METHODS[] = {
    METHOD("addWatch", add),
    METHOD("removeWatch", remove_watch),
    METHOD("syncWatch", sync_watch),
    METHOD("watchChanges", get_changes),
    METHOD("watchState", get_state),
    METHOD("saveWatch", save),
    METHODS_END,
};
