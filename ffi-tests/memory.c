// The budget of all memory: what is counted, and what is refused when it is used up.

#include "host.h"

static orch_memory memory_of(orch_engine *engine) {
    orch_memory memory = ORCH_MEMORY_INIT;
    CHECK_OK(orch_engine_get_memory(engine, &memory));
    CHECK(memory.total <= memory.limit);
    CHECK_INT(memory.reserved, 0);
    return memory;
}

static void counted(void) {
    orch_engine *engine = host_engine();
    orch_memory memory = memory_of(engine);
    CHECK_INT(memory.limit, 1 << 30);
    CHECK(memory.logs == 0 && memory.screens == 0 && memory.is_full == 0 && memory.refused == 0);
    orch_bytes argv[3];
    host_sh_argv(argv, "seq 1000");
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    memory = memory_of(engine);
    CHECK(memory.logs > 0 && memory.total >= memory.logs);
    orch_memory same = ORCH_MEMORY_INIT;
    CHECK_STATUS(orch_engine_get_memory(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_memory is NULL");
    same.size = 0;
    CHECK_STATUS(orch_engine_get_memory(engine, &same), ORCH_E_INVALID);
    same.size = sizeof same;
    CHECK_STATUS(orch_engine_get_memory(NULL, &same), ORCH_E_INVALID);
    CHECK_INT(same.logs, 0);
    CHECK_OK(orch_engine_destroy(engine));
}

// A bound that is larger than all memory, and the smallest budget.
static void bounds(void) {
    orch_config config = ORCH_CONFIG_INIT;
    orch_engine *engine = NULL;
    config.memory_bytes_total = 4 << 20;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "log_bytes_total: at most memory_bytes_total");
    config.log_bytes_max = 1 << 20;
    config.log_bytes_total = config.screen_bytes_total = config.state_bytes = 4 << 20;
    config.resource_bytes = config.inbox_bytes = config.client_partial_bytes_total = 4 << 20;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_INT(memory_of(engine).limit, 4 << 20);
    // A screen that would take all of it.
    orch_bytes argv[3];
    host_sh_argv(argv, "true");
    orch_spawn_options options = host_options(argv, 3);
    orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    options.screen = &screen;
    options.window.rows = options.window.cols = 1000;
    uint64_t terminal = 0;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "memory_bytes_total");
    CHECK_INT(memory_of(engine).refused, 1);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    counted();
    bounds();
    return 0;
}
