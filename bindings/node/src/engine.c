// engine.c: methods about an engine as a whole.

#include "host.h"

#include <stdlib.h>

static napi_value shut_down(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint32_t grace_ms;
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    if (!take_u32(env, args.at[0], "graceMs", &grace_ms)) return NULL;
    check(self, orch_engine_shutdown(self->engine, grace_ms));
    return NULL;
}

static napi_value stats(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    if (!method_start(env, info, 0, &args, &self)) return NULL;
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    if (!check(self, orch_engine_get_stats(self->engine, &stats))) return NULL;
    napi_value value = make_object(env);
    put_number(env, value, "turns", (double)stats.turns);
    put_number(env, value, "unfinishedTurns", (double)stats.unfinished);
    put_number(env, value, "wakeups", (double)self->wakeups);
    put_number(env, value, "logBytes", (double)stats.log_bytes);
    put_number(env, value, "screenBytes", (double)stats.screen_bytes);
    put_number(env, value, "invariantsBroken", (double)stats.invariants_broken);
    put_nanoseconds(env, value, "cpuP50Ms", (int64_t)stats.cpu_p50_ns);
    put_nanoseconds(env, value, "cpuP99Ms", (int64_t)stats.cpu_p99_ns);
    put_nanoseconds(env, value, "cpuMaxMs", (int64_t)stats.cpu_max_ns);
    return value;
}

static napi_value memory(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    if (!method_start(env, info, 0, &args, &self)) return NULL;
    orch_memory memory = ORCH_MEMORY_INIT;
    if (!check(self, orch_engine_get_memory(self->engine, &memory))) return NULL;
    napi_value value = make_object(env);
    put_number(env, value, "logs", (double)memory.logs);
    put_number(env, value, "screens", (double)memory.screens);
    put_number(env, value, "input", (double)memory.input);
    put_number(env, value, "watches", (double)memory.watches);
    put_number(env, value, "total", (double)memory.total);
    put_number(env, value, "limit", (double)memory.limit);
    put_bool(env, value, "full", memory.is_full);
    return value;
}

static napi_value health(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    if (!method_start(env, info, 0, &args, &self)) return NULL;
    orch_engine_health health = ORCH_ENGINE_HEALTH_INIT;
    if (!check(self, orch_engine_get_health(self->engine, &health))) return NULL;
    napi_value parts = make_array(env, health.part_count);
    for (size_t i = 0; i < health.part_count; i++) {
        const orch_part_health *part = orch_element_at(health.parts, health.part_stride, i);
        napi_set_element(env, parts, (uint32_t)i, make_health(env, part));
    }
    napi_value value = make_object(env);
    put_number(env, value, "status", health.status);
    put(env, value, "parts", parts);
    return value;
}

static napi_value text(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint32_t kind;
    orch_bytes text;
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    if (!take_u32(env, args.at[0], "kind", &kind)) return NULL;
    if (!check(self, orch_engine_get_text(self->engine, kind, &text))) return NULL;
    return make_text(env, text);
}

static napi_value list(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint32_t kind;
    size_t count = 0;
    arena memory = {NULL};
    if (!method_start(env, info, 1, &args, &self)) return NULL;
    if (!take_u32(env, args.at[0], "kind", &kind)) return NULL;
    if (!check(self, orch_engine_list(self->engine, kind, NULL, 0, &count))) return NULL;
    uint64_t *ids = arena_take(&memory, (count ? count : 1) * sizeof *ids);
    napi_value value = NULL;
    if (check(self, orch_engine_list(self->engine, kind, ids, count, &count))) {
        value = make_array(env, count);
        for (size_t i = 0; i < count; i++) {
            napi_set_element(env, value, (uint32_t)i, make_number(env, (double)ids[i]));
        }
    }
    arena_free(&memory);
    return value;
}

// The descriptor, for a test that polls it itself.
static napi_value fd(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    if (!method_start(env, info, 0, &args, &self)) return NULL;
    return make_number(env, orch_engine_get_fd(self->engine));
}

const napi_property_descriptor ENGINE_METHODS[] = {
    METHOD("shutdown", shut_down), METHOD("stats", stats), METHOD("memory", memory), METHOD("health", health),
    METHOD("text", text),          METHOD("list", list),   METHOD("fd", fd),         METHODS_END,
};
