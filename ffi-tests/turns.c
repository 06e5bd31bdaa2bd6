// What an engine uses, and how long its turns took: the whole and each stage.

#include "host.h"

static const orch_stage_stats *stage_at(const orch_engine_stats *stats, size_t index) {
    return (const orch_stage_stats *)orch_element_at(stats->stages, stats->stage_stride, index);
}

static void counted(orch_engine *engine) {
    CHECK_INT(host_stats(engine).longest_stage, 0);
    CHECK_INT(host_stats(engine).log_bytes, 0);
    orch_bytes argv[3];
    host_sh_argv(argv, "seq 1000");
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    orch_engine_stats stats = host_stats(engine);
    CHECK(stats.log_bytes > 0);
    CHECK_INT(stats.screen_bytes, 0);
    CHECK_INT(stats.invariants_broken, 0);
    CHECK(stats.turns > 0);
    CHECK(stats.wall_max_ns > 0 && stats.wall_p50_ns <= stats.wall_p99_ns);
    CHECK(stats.cpu_p99_ns <= stats.cpu_max_ns);
    CHECK(stats.longest_stage >= ORCH_STAGE_KERNEL && stats.longest_stage <= ORCH_STAGE_SENDING);
    CHECK_INT(stats.reserved, 0);
    uint64_t cost = 0;
    CHECK_INT(stats.stage_count, ORCH_STAGE_SENDING);
    CHECK(stats.stage_stride >= sizeof(orch_stage_stats));
    for (size_t i = 0; i < stats.stage_count; i++) {
        const orch_stage_stats *one = stage_at(&stats, i);
        CHECK_INT(one->stage, ORCH_STAGE_KERNEL + i);
        CHECK_INT(one->reserved, 0);
        CHECK(one->wall_p50_ns <= one->wall_p99_ns && one->wall_p99_ns <= one->wall_max_ns);
        CHECK(one->unit_cost_max <= one->cost);
        CHECK(one->unit_cost_max <= 1000000);
        cost += one->cost;
    }
    CHECK(cost > 0);
    CHECK_OK(orch_engine_reset_stats(engine));
    stats = host_stats(engine);
    CHECK_INT(stats.turns, 0);
    CHECK_INT(stats.longest_stage, 0);
    // The figures of turns start anew; what the engine uses stays.
    CHECK(stats.log_bytes > 0);
    for (size_t i = 0; i < stats.stage_count; i++) CHECK_INT(stage_at(&stats, i)->cost, 0);
}

static void refused(orch_engine *engine) {
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    CHECK_STATUS(orch_engine_get_stats(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_engine_stats is NULL");
    stats.size = 0;
    CHECK_STATUS(orch_engine_get_stats(engine, &stats), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_engine_stats.size is 0");
    stats.size = sizeof stats - 1;
    CHECK_STATUS(orch_engine_get_stats(engine, &stats), ORCH_E_INVALID);
    stats.size = sizeof stats;
    CHECK_STATUS(orch_engine_get_stats(NULL, &stats), ORCH_E_INVALID);
    CHECK(stats.turns == 0 && stats.stages == NULL);
    CHECK_STATUS(orch_engine_reset_stats(NULL), ORCH_E_INVALID);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    counted(engine);
    refused(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
