// How long turns took: the whole, each stage, the event for slow ones.

#include "host.h"

static orch_turn_stats stats_of(orch_engine *engine) {
    orch_turn_stats stats = {0};
    stats.size = sizeof stats;
    CHECK_OK(orch_engine_turn_stats(engine, &stats));
    return stats;
}

static void counted(orch_engine *engine) {
    CHECK_INT(stats_of(engine).longest_stage, 0);
    orch_bytes argv[3];
    host_sh_argv(argv, "seq 1000");
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    orch_turn_stats stats = stats_of(engine);
    CHECK(stats.turns > 0);
    CHECK(stats.wall_max_ns > 0 && stats.wall_p50_ns <= stats.wall_p99_ns);
    CHECK(stats.cpu_p99_ns <= stats.cpu_max_ns);
    CHECK(stats.longest_stage >= ORCH_STAGE_KERNEL && stats.longest_stage <= ORCH_STAGE_SENDING);
    uint64_t cost = 0;
    for (uint32_t stage = ORCH_STAGE_KERNEL; stage <= ORCH_STAGE_SENDING; stage++) {
        orch_stage_stats one = {0};
        one.size = sizeof one;
        CHECK_OK(orch_engine_stage_stats(engine, stage, &one));
        CHECK(one.unit_cost_max <= one.cost);
        CHECK(one.unit_cost_max <= 1000000);
        cost += one.cost;
    }
    CHECK(cost > 0);
    CHECK_OK(orch_engine_reset_turn_stats(engine));
    CHECK_INT(stats_of(engine).turns, 0);
}

static void refused(orch_engine *engine) {
    orch_turn_stats stats = {0};
    CHECK_INT(orch_engine_turn_stats(engine, NULL), ORCH_E_INVALID);
    CHECK_INT(orch_engine_turn_stats(engine, &stats), ORCH_E_INVALID);
    orch_stage_stats one = {0};
    one.size = sizeof one;
    CHECK_INT(orch_engine_stage_stats(engine, 0, &one), ORCH_E_INVALID);
    CHECK_INT(orch_engine_stage_stats(engine, 12, &one), ORCH_E_INVALID);
    CHECK_INT(one.cost, 0);
    CHECK_INT(orch_engine_reset_turn_stats(NULL), ORCH_E_INVALID);
}

int main(void) {
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(NULL, &engine));
    counted(engine);
    refused(engine);
    orch_engine_destroy(engine);
    return 0;
}
