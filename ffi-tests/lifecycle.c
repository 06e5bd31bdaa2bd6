// The life of an engine: making, configuring and destroying it; versions and the names of statuses.

#include "host.h"

static void create_and_destroy(void) {
    int open_before = check_open_fds();
    orch_engine *engine = host_engine();
    CHECK(orch_engine_get_fd(engine) >= 0);
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_engine_turn(engine, 0));
    orch_event event = host_event();
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
    int32_t wait_ms = 0;
    CHECK_OK(orch_engine_get_timeout(engine, &wait_ms));
    CHECK_INT(wait_ms, -1);
    CHECK_INT(host_stats(engine).log_bytes, 0);
    CHECK_INT(host_stats(engine).screen_bytes, 0);
    CHECK_INT(host_stats(engine).invariants_broken, 0);
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_OK(orch_engine_destroy(NULL));
    CHECK_INT(check_open_fds(), open_before);
}

// Also one with programs that run and with output that nobody reads.
static void destroy_while_programs_run(void) {
    int open_before = check_open_fds();
    orch_engine *engine = host_engine();
    for (int i = 0; i < 5; i++) host_sh(engine, "echo unread; exec cat");
    host_ready(engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    CHECK_OK(orch_engine_destroy(engine));
    host_reap_killed();
    CHECK_INT(check_open_fds(), open_before);
}

static void configured(void) {
    orch_config config = host_config();
    CHECK_INT(config.size, sizeof config);
    // Zero stands for the default in every field.
    orch_config zeroes;
    host_init(&zeroes, sizeof zeroes);
    CHECK_INT(memcmp(&config, &zeroes, sizeof config), 0);

    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_OK(orch_engine_destroy(engine));

    config.terminals = 1;
    CHECK_OK(orch_engine_create(&config, &engine));
    host_sh(engine, "exec cat");
    orch_bytes argv[3];
    host_sh_argv(argv, "exec cat");
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "terminals");
    CHECK_INT(terminal, 77);
    CHECK_OK(orch_engine_destroy(engine));
}

// The defaults are those that the header names, with NULL, with zeroes, and when they are given.
static void default_limits(const orch_config *config) {
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(config, &engine));
    orch_bytes argv[3];
    host_sh_argv(argv, "exec cat");
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0, reader = 77;
    options.log_bytes = (64 << 20) + 1;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_INVALID);
    options.log_bytes = 64 << 20;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    // Spawning has made the first reader.
    for (int readers = 1; readers < 64; readers++) {
        CHECK_OK(orch_terminal_attach(engine, terminal, NULL, &reader));
    }
    CHECK_STATUS(orch_terminal_attach(engine, terminal, NULL, &reader), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "readers");
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    for (uint64_t tag = 0; tag < 1024; tag++) CHECK_OK(host_notify(sender, tag));
    CHECK_STATUS(host_notify(sender, 1024), ORCH_E_LIMIT);
    CHECK_ERROR(NULL, ORCH_E_LIMIT, "inbox_commands");
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
}

static void defaults(void) {
    const orch_config zeroes = host_config();
    orch_config config = host_config();
    default_limits(NULL);
    default_limits(&zeroes);
    config.log_level = ORCH_LOG_WARN;
    config.terminals = 1024;
    config.readers_per_terminal = 64;
    config.log_bytes = 1 << 20;
    config.log_bytes_max = 64 << 20;
    config.log_bytes_total = 256 << 20;
    config.input_bytes = 1 << 20;
    config.inbox_commands = 1024;
    config.inbox_bytes = 16 << 20;
    config.events = 1024;
    config.turn_bytes_per_terminal = 64 << 10;
    config.turn_bytes = 1 << 20;
    config.turn_time_us = 2000;
    config.turn_time_typing_us = 100;
    config.typing_window_ms = 100;
    config.resize_interval_ms = 25;
    default_limits(&config);
}

// A refused configuration names every limit that is out of range.
static void refused_configurations(void) {
    static char marker;
    orch_engine *const untouched = (orch_engine *)(void *)&marker;
    orch_engine *engine = untouched;
    orch_config config = host_config();
    config.log_bytes = 1;
    config.input_bytes = 1;
    config.turn_time_us = 49;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "log_bytes: at least");
    CHECK_ERROR(NULL, ORCH_E_INVALID, "input_bytes: at least");
    CHECK_ERROR(NULL, ORCH_E_INVALID, "turn_time: at least");
    CHECK(engine == untouched);

    config = host_config();
    config.log_level = 9;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_config.log_level");
    config = host_config();
    config.reserved = 1;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_config.reserved");
    CHECK(engine == untouched);

    CHECK_STATUS(orch_engine_create(NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_create(&config, NULL), ORCH_E_INVALID);
}

static void versions(void) {
    char header[32];
    snprintf(header, sizeof header, "%d.%d.%d", ORCHFLOW_VERSION_MAJOR, ORCHFLOW_VERSION_MINOR,
             ORCHFLOW_VERSION_PATCH);
    CHECK_BYTES(orch_library_get_version(), strlen(orch_library_get_version()), header);
}

static void status_names(void) {
    static const struct {
        int32_t status;
        const char *name;
    } table[] = {
        {ORCH_OK, "ORCH_OK"},
        {ORCH_DONE, "ORCH_DONE"},
        {ORCH_E_INVALID, "ORCH_E_INVALID"},
        {ORCH_E_STALE_ID, "ORCH_E_STALE_ID"},
        {ORCH_E_LIMIT, "ORCH_E_LIMIT"},
        {ORCH_E_NO_PROGRAM, "ORCH_E_NO_PROGRAM"},
        {ORCH_E_NOT_EXECUTABLE, "ORCH_E_NOT_EXECUTABLE"},
        {ORCH_E_NO_DIRECTORY, "ORCH_E_NO_DIRECTORY"},
        {ORCH_E_NO_PTY, "ORCH_E_NO_PTY"},
        {ORCH_E_NO_FD, "ORCH_E_NO_FD"},
        {ORCH_E_CLOSING, "ORCH_E_CLOSING"},
        {ORCH_E_ENDED, "ORCH_E_ENDED"},
        {ORCH_E_SKIPPED, "ORCH_E_SKIPPED"},
        {ORCH_E_FORKED, "ORCH_E_FORKED"},
        {ORCH_E_GONE, "ORCH_E_GONE"},
        {ORCH_E_SYSTEM, "ORCH_E_SYSTEM"},
        {ORCH_E_WRONG_THREAD, "ORCH_E_WRONG_THREAD"},
        {ORCH_E_PANIC, "ORCH_E_PANIC"},
        {ORCH_E_POISONED, "ORCH_E_POISONED"},
        {ORCH_E_BUSY, "ORCH_E_BUSY"},
        {ORCH_E_NO_SCREEN, "ORCH_E_NO_SCREEN"},
        {ORCH_E_NOT_FOUND, "ORCH_E_NOT_FOUND"},
        {ORCH_E_PERMISSION, "ORCH_E_PERMISSION"},
        {ORCH_E_NOT_DIRECTORY, "ORCH_E_NOT_DIRECTORY"},
        {ORCH_E_CONFLICT, "ORCH_E_CONFLICT"},
        {ORCH_E_FORBIDDEN, "ORCH_E_FORBIDDEN"},
        {ORCH_E_DISCONNECTED, "ORCH_E_DISCONNECTED"},
        {2, "unknown status"},
        {-26, "unknown status"},
        {INT32_MIN, "unknown status"},
        {INT32_MAX, "unknown status"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *name = orch_status_get_name(table[i].status);
        CHECK_BYTES(name, strlen(name), table[i].name);
    }
}

int main(void) {
    check_start();
    create_and_destroy();
    destroy_while_programs_run();
    configured();
    defaults();
    refused_configurations();
    versions();
    status_names();
    return 0;
}
