// config.c: the limits of an engine, by their names in orch_config. Those of what is not bound (the application state, the
// server, peers, senders of other threads) are left out.

#include "host.h"

#include <string.h>

typedef enum { SIZE, U32, U64 } limit_type;

typedef struct limit {
    const char *name;
    limit_type type;
    size_t offset;
} limit;

#define LIMIT(name, type, member) {name, type, offsetof(orch_config, member)}

static const limit LIMITS[] = {
    LIMIT("logLevel", U32, log_level),
    LIMIT("terminals", SIZE, terminals),
    LIMIT("readersPerTerminal", SIZE, readers_per_terminal),
    LIMIT("logBytes", SIZE, log_bytes),
    LIMIT("logBytesMax", SIZE, log_bytes_max),
    LIMIT("logBytesTotal", SIZE, log_bytes_total),
    LIMIT("inputBytes", SIZE, input_bytes),
    LIMIT("events", SIZE, events),
    LIMIT("turnBytesPerTerminal", SIZE, turn_bytes_per_terminal),
    LIMIT("turnBytes", SIZE, turn_bytes),
    LIMIT("turnTimeUs", U32, turn_time_us),
    LIMIT("turnTimeTypingUs", U32, turn_time_typing_us),
    LIMIT("typingWindowMs", U32, typing_window_ms),
    LIMIT("resizeIntervalMs", U32, resize_interval_ms),
    LIMIT("screenCells", SIZE, screen_cells),
    LIMIT("scrollbackRows", SIZE, scrollback_rows),
    LIMIT("screenBytesTotal", SIZE, screen_bytes_total),
    LIMIT("watches", SIZE, watches),
    LIMIT("watchEntries", SIZE, watch_entries),
    LIMIT("watchDirtyNames", SIZE, watch_dirty_names),
    LIMIT("watchBatchEvents", SIZE, watch_batch_events),
    LIMIT("watchReadBytes", SIZE, watch_read_bytes),
    LIMIT("watchTombstones", SIZE, watch_tombstones),
    LIMIT("turnTimeWarnUs", U32, turn_time_warn_us),
    LIMIT("recorderEvents", SIZE, recorder_events),
    LIMIT("memoryBytesTotal", SIZE, memory_bytes_total),
};

static bool take_limit(napi_env env, napi_value object, const limit *limit, orch_config *out) {
    char *at = (char *)out + limit->offset;
    switch (limit->type) {
    case SIZE: return field_size(env, object, limit->name, (size_t *)(void *)at);
    case U32: return field_u32(env, object, limit->name, (uint32_t *)(void *)at);
    default: return field_u64(env, object, limit->name, (uint64_t *)(void *)at);
    }
}

// A name that is not a limit is a mistake that would stay unseen.
static bool check_names(napi_env env, napi_value object) {
    napi_value names;
    uint32_t len = 0;
    if (napi_get_property_names(env, object, &names) != napi_ok) return false;
    napi_get_array_length(env, names, &len);
    for (uint32_t i = 0; i < len; i++) {
        napi_value name;
        char text[64];
        size_t text_len = 0, at = 0;
        napi_get_element(env, names, i, &name);
        napi_get_value_string_utf8(env, name, text, sizeof text, &text_len);
        while (at < sizeof LIMITS / sizeof *LIMITS && strcmp(LIMITS[at].name, text) != 0) at++;
        if (at == sizeof LIMITS / sizeof *LIMITS) {
            throw_type(env, text, "the name of a limit of the engine");
            return false;
        }
    }
    return true;
}

bool take_config(napi_env env, napi_value object, orch_config *out) {
    if (!check_names(env, object)) return false;
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        if (!take_limit(env, object, &LIMITS[i], out)) return false;
    }
    return true;
}
