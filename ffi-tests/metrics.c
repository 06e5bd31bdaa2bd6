// What an engine counts and measures, as a host of C reads it: structs, text, the switch, and /metrics.

#include "serve.h"

#include "watch.h"

static orch_metrics metrics_of(orch_engine *engine) {
    orch_metrics metrics = ORCH_METRICS_INIT;
    CHECK_OK(orch_engine_get_metrics(engine, &metrics));
    CHECK_INT(metrics.size, sizeof metrics);
    return metrics;
}

static uint64_t spawn(orch_engine *engine, const char *script) {
    orch_bytes argv[3];
    uint64_t terminal = 0;
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    return terminal;
}

static void of_terminals(orch_engine *engine) {
    orch_metrics metrics = metrics_of(engine);
    CHECK(metrics.uptime_ns > 0);
    CHECK_INT(metrics.observing, 1);
    CHECK_INT(metrics.terminals, 0);
    CHECK_INT(metrics.response.count, 0);
    CHECK_INT(metrics.errors.count, 0);
    CHECK_INT(metrics.stage_count, ORCH_STAGE_SENDING);

    uint64_t terminal = spawn(engine, "read line; echo done");
    size_t accepted = 0;
    CHECK_OK(orch_terminal_write(engine, terminal, "hello\n", 6, &accepted));
    CHECK_INT(accepted, 6);
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    metrics = metrics_of(engine);
    CHECK_INT(metrics.terminals, 1);
    CHECK_INT(metrics.terminals_started, 1);
    CHECK_INT(metrics.input_bytes, 6);
    CHECK_INT(metrics.output_bytes, 13);
    CHECK_INT(metrics.response.count, 1);
    CHECK(metrics.response.p50 <= metrics.response.p99 && metrics.response.p99 <= metrics.response.max);
    CHECK_INT(metrics.response.sum, metrics.response.max);
    CHECK(metrics.turn_wall.count == metrics.turns && metrics.turns > 0);
    for (size_t i = 0; i < metrics.stage_count; i++) {
        const orch_stage_metrics *stage =
            (const orch_stage_metrics *)orch_element_at(metrics.stages, metrics.stage_stride, i);
        CHECK_INT(stage->stage, ORCH_STAGE_KERNEL + i);
        CHECK(stage->wall.count <= metrics.turns);
    }

    orch_terminal_metrics one = ORCH_TERMINAL_METRICS_INIT;
    CHECK_OK(orch_terminal_get_metrics(engine, terminal, &one));
    CHECK_INT(one.input_bytes, 6);
    CHECK_INT(one.output_bytes, 13);
    CHECK_INT(one.response.sum, metrics.response.sum);
    CHECK_INT(one.reader_gaps.count, 0);
    CHECK_STATUS(orch_terminal_get_metrics(engine, 1, &one), ORCH_E_STALE_ID);
}

static void of_the_text(orch_engine *engine) {
    orch_bytes text = {NULL, 0};
    CHECK_OK(orch_engine_get_text(engine, ORCH_TEXT_METRICS, &text));
    const char *wanted = "\norchflow_pty_bytes_total{direction=\"out\"} 13\n";
    size_t len = strlen(wanted), found = 0;
    for (size_t i = 0; i + len <= text.len; i++) {
        found += memcmp((const char *)text.data + i, wanted, len) == 0;
    }
    CHECK_INT(found, 1);
    CHECK_STATUS(orch_engine_get_text(engine, ORCH_TEXT_METRICS, NULL), ORCH_E_INVALID);
}

static void of_the_switch(orch_engine *engine) {
    CHECK_OK(orch_engine_set_observing(engine, 0));
    CHECK_INT(metrics_of(engine).observing, 0);
    const uint64_t before = metrics_of(engine).response.count;
    uint64_t terminal = spawn(engine, "read line");
    size_t accepted = 0;
    CHECK_OK(orch_terminal_write(engine, terminal, "x\n", 2, &accepted));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(metrics_of(engine).response.count, before);
    CHECK_INT(metrics_of(engine).input_bytes, 8);
    CHECK_STATUS(orch_engine_set_observing(engine, 2), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "observing");
    CHECK_OK(orch_engine_set_observing(engine, 1));
}

static void of_watches_and_clients(orch_engine *engine) {
    orch_watch_metrics watch = ORCH_WATCH_METRICS_INIT;
    orch_client_metrics client = ORCH_CLIENT_METRICS_INIT;
    CHECK_STATUS(orch_watch_get_metrics(engine, 1, &watch), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_client_get_metrics(engine, 1, &client), ORCH_E_STALE_ID);
    CHECK_INT(watch.entries, 0);
    CHECK_INT(client.queued_bytes, 0);
    static char base[WATCH_PATH_MAX];
    watch_enter(base);
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    orch_bytes root = orch_str(base);
    options.roots = &root;
    options.root_count = 1;
    uint64_t id = 0;
    CHECK_OK(orch_watch_add(engine, &options, &id));
    CHECK_OK(orch_watch_get_metrics(engine, id, &watch));
    CHECK_INT(watch.overflows, 0);
    CHECK_INT(metrics_of(engine).watches, 1);
    CHECK_OK(orch_watch_remove(engine, id));
    watch_leave(base);
}

// The response to a request for the figures, with this token if there is one.
static const char *fetch(orch_engine *engine, const char *address, const char *path, const char *token) {
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", path,
             address, token);
    return serve_response(engine, address, request);
}

static void over_http(orch_engine *engine) {
    char token[ORCH_TOKEN_BYTES + 1], address[256];
    serve_token(engine, ORCH_SCOPE_OBSERVE, token);
    orch_listener_options options = ORCH_LISTENER_OPTIONS_INIT;
    uint64_t listener = 0;
    size_t len = 0;
    options.address = orch_str("127.0.0.1:0");
    options.reports = ORCH_REPORT_METRICS | ORCH_REPORT_ONLY;
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    CHECK_OK(orch_listener_get_address(engine, listener, address, 255, &len));
    address[len] = '\0';
    const char *found = fetch(engine, address, "/metrics", token);
    CHECK(strncmp(found, "HTTP/1.1 200 ", 13) == 0);
    CHECK(strstr(found, "\norchflow_listeners 1\n") != NULL);
    found = fetch(engine, address, "/metrics", "");
    CHECK(strncmp(found, "HTTP/1.1 401 ", 13) == 0);
    found = fetch(engine, address, "/", token);
    CHECK(strncmp(found, "HTTP/1.1 404 ", 13) == 0);
    const orch_metrics metrics = metrics_of(engine);
    CHECK_INT(metrics.requests_refused.count, 2);
    const orch_kind_count *first = (const orch_kind_count *)orch_element_at(
        metrics.requests_refused.items, metrics.requests_refused.stride, 0);
    CHECK_INT(first->count, 1);
    CHECK(first->kind.len == 3 && memcmp(first->kind.data, "401", 3) == 0);
    options.reports = 4096;
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "reports");
}

static void refused(orch_engine *engine) {
    orch_metrics metrics = ORCH_METRICS_INIT;
    orch_bytes text = {NULL, 0};
    CHECK_STATUS(orch_engine_get_metrics(NULL, &metrics), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_metrics(engine, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_text(NULL, ORCH_TEXT_METRICS, &text), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_set_observing(NULL, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_metrics(NULL, 1, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_client_get_metrics(NULL, 1, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_watch_get_metrics(NULL, 1, NULL), ORCH_E_INVALID);
    metrics.size = 8;
    CHECK_STATUS(orch_engine_get_metrics(engine, &metrics), ORCH_E_INVALID);
    CHECK(metrics.turns == 0 && metrics.stages == NULL && text.data == NULL);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    of_terminals(engine);
    of_the_text(engine);
    of_the_switch(engine);
    of_watches_and_clients(engine);
    over_http(engine);
    refused(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
