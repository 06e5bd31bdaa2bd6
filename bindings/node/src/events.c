// events.c: what JavaScript gets of an event: one value, and where it has them the reader and the offset.

#include "host.h"

static napi_value make_exited(napi_env env, const orch_event_exited *exited) {
    napi_value value = make_object(env);
    put_number(env, value, "kind", exited->exit_kind);
    put_number(env, value, "value", exited->exit_value);
    put_bool(env, value, "coreDumped", exited->core_dumped);
    put_number(env, value, "end", (double)exited->end);
    return value;
}

static napi_value make_gap(napi_env env, const orch_event_gap *gap) {
    napi_value value = make_object(env);
    put_number(env, value, "start", (double)gap->start);
    put_number(env, value, "end", (double)gap->end);
    return value;
}

static napi_value make_snapshot(napi_env env, const orch_event_snapshot *snapshot) {
    napi_value value = make_object(env);
    put(env, value, "data", make_buffer(env, snapshot->data, snapshot->len));
    put_number(env, value, "offset", (double)snapshot->offset);
    put_number(env, value, "cols", snapshot->window.cols);
    put_number(env, value, "rows", snapshot->window.rows);
    put(env, value, "place", make_place(env, snapshot->line));
    return value;
}

static napi_value make_restart(napi_env env, const orch_event_restart *restart) {
    napi_value value = make_object(env);
    put_number(env, value, "step", restart->step);
    put_number(env, value, "breaker", restart->breaker);
    put_number(env, value, "terminal", (double)restart->terminal);
    put_nanoseconds(env, value, "startInMs", restart->start_in_ns);
    put_number(env, value, "attempts", restart->attempts);
    put(env, value, "error", restart->error == ORCH_OK ? make_null(env) : make_text(env, restart->message));
    return value;
}

napi_value make_health(napi_env env, const orch_part_health *health) {
    napi_value value = make_object(env);
    put_number(env, value, "part", health->part);
    put_number(env, value, "status", health->status);
    put_number(env, value, "id", (double)health->id);
    put_text(env, value, "reason", health->reason_name);
    put_text(env, value, "sentence", health->sentence);
    put_nanoseconds(env, value, "lastsMs", (int64_t)health->lasts_ns);
    return value;
}

static napi_value make_slow_turn(napi_env env, const orch_event_slow_turn *slow) {
    napi_value value = make_object(env);
    put_number(env, value, "count", slow->count);
    put_text(env, value, "stage", slow->stage_name);
    put_nanoseconds(env, value, "cpuMs", (int64_t)slow->cpu_ns);
    put_nanoseconds(env, value, "wallMs", (int64_t)slow->wall_ns);
    return value;
}

// What a program has said, for a terminal with a screen.
static napi_value make_said(napi_env env, const orch_event *event) {
    napi_value value;
    switch (event->kind) {
    case ORCH_EVENT_TITLE: return make_text(env, event->payload.title->title);
    case ORCH_EVENT_CWD: return make_text(env, event->payload.cwd->path);
    case ORCH_EVENT_BELL: return make_number(env, event->payload.bell->count);
    case ORCH_EVENT_COMMAND_STARTED: return make_text(env, event->payload.command_started->command);
    default: break;
    }
    value = make_object(env);
    if (event->kind == ORCH_EVENT_NOTIFICATION) {
        put_text(env, value, "title", event->payload.notification->title);
        put_text(env, value, "body", event->payload.notification->body);
    } else if (event->kind == ORCH_EVENT_CLIPBOARD) {
        put_text(env, value, "text", event->payload.clipboard->text);
        put_bool(env, value, "primary", event->payload.clipboard->is_primary);
    } else if (event->kind == ORCH_EVENT_PROGRESS) {
        put_number(env, value, "state", event->payload.progress->state);
        put_number(env, value, "percent", event->payload.progress->percent);
    } else if (event->kind == ORCH_EVENT_COMMAND_FINISHED) {
        const orch_event_command_finished *finished = event->payload.command_finished;
        put(env, value, "exitCode",
            finished->has_exit_code ? make_number(env, finished->exit_code) : make_null(env));
        put_nanoseconds(env, value, "durationMs", (int64_t)finished->duration_ns);
    }
    return value;
}

static napi_value make_watch_event(napi_env env, const orch_event *event) {
    napi_value value;
    switch (event->kind) {
    case ORCH_EVENT_WATCH_READY: return make_version(env, event->payload.watch_ready->version);
    case ORCH_EVENT_WATCH_BATCH: return make_batch(env, event->payload.watch_batch);
    case ORCH_EVENT_WATCH_SYNCED:
        value = make_object(env);
        put(env, value, "version", make_version(env, event->payload.watch_synced->version));
        put_number(env, value, "tag", (double)event->payload.watch_synced->sync_tag);
        return value;
    default:
        value = make_object(env);
        put_number(env, value, "problem", event->payload.watch_warning->problem);
        put_text(env, value, "path", event->payload.watch_warning->path);
        return value;
    }
}

static napi_value make_log(napi_env env, const orch_event_log *log) {
    napi_value value = make_object(env);
    put_number(env, value, "level", log->level);
    put_text(env, value, "text", log->text);
    return value;
}

napi_value make_event(napi_env env, const orch_event *event, uint64_t *out_reader, uint64_t *out_offset) {
    const orch_event_payload *payload = &event->payload;
    switch (event->kind) {
    case ORCH_EVENT_OUTPUT:
        *out_reader = payload->output->reader;
        *out_offset = payload->output->offset;
        return make_buffer(env, payload->output->data, payload->output->len);
    case ORCH_EVENT_GAP: *out_reader = payload->gap->reader; return make_gap(env, payload->gap);
    case ORCH_EVENT_SNAPSHOT: *out_reader = payload->snapshot->reader; return make_snapshot(env, payload->snapshot);
    case ORCH_EVENT_SCREEN: *out_reader = payload->screen->reader; return make_update(env, payload->screen->update);
    case ORCH_EVENT_CLEARED:
        *out_reader = payload->cleared->reader;
        *out_offset = payload->cleared->offset;
        return make_null(env);
    case ORCH_EVENT_DELIVERY_CHANGED:
        *out_reader = payload->delivery_changed->reader;
        return make_number(env, payload->delivery_changed->delivery);
    case ORCH_EVENT_EXITED: return make_exited(env, payload->exited);
    case ORCH_EVENT_EOF: return make_number(env, (double)payload->eof->end);
    case ORCH_EVENT_RESTART: return make_restart(env, payload->restart);
    case ORCH_EVENT_LOG: return make_log(env, payload->log);
    case ORCH_EVENT_SLOW_TURN: return make_slow_turn(env, payload->slow_turn);
    case ORCH_EVENT_HEALTH: return make_health(env, &payload->health->health);
    case ORCH_EVENT_TITLE:
    case ORCH_EVENT_CWD:
    case ORCH_EVENT_BELL:
    case ORCH_EVENT_NOTIFICATION:
    case ORCH_EVENT_CLIPBOARD:
    case ORCH_EVENT_PROGRESS:
    case ORCH_EVENT_COMMAND_STARTED:
    case ORCH_EVENT_COMMAND_FINISHED: return make_said(env, event);
    case ORCH_EVENT_WATCH_READY:
    case ORCH_EVENT_WATCH_BATCH:
    case ORCH_EVENT_WATCH_SYNCED:
    case ORCH_EVENT_WATCH_WARNING: return make_watch_event(env, event);
    default: return make_null(env);
    }
}
