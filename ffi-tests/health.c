// How an engine is: the event of a part, the query of all of them, and the two texts.

#include "host.h"
#include "watch.h"

static orch_engine_health health_of(orch_engine *engine) {
    orch_engine_health health = ORCH_ENGINE_HEALTH_INIT;
    CHECK_OK(orch_engine_get_health(engine, &health));
    CHECK_INT(health.reserved, 0);
    CHECK(health.part_stride >= sizeof(orch_part_health));
    return health;
}

static orch_bytes text_of(orch_engine *engine, orch_text_kind kind) {
    orch_bytes text;
    CHECK_OK(orch_engine_get_text(engine, kind, &text));
    CHECK(text.len > 0 && ((const char *)text.data)[text.len - 1] == '\n');
    return text;
}

static void check_said(orch_bytes text, const char *part) {
    CHECK(check_contains((const char *)text.data, text.len, part));
}

static int is_text(orch_bytes bytes, const char *text) {
    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

// The next event of a part, whatever else is reported.
static orch_part_health next_health(orch_engine *engine) {
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_HEALTH);
    CHECK_INT(event.source, event.payload.health->health.id);
    CHECK_INT(event.tag, 0);
    return event.payload.health->health;
}

static void reported(orch_engine *engine) {
    static char base[WATCH_PATH_MAX];
    watch_enter(base);
    CHECK_INT(health_of(engine).status, ORCH_HEALTH_OK);
    CHECK_INT(health_of(engine).part_count, 0);
    orch_bytes root = orch_str(base);
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    options.roots = &root;
    options.root_count = 1;
    uint64_t watch = 0;
    CHECK_OK(orch_watch_add(engine, &options, &watch));
    CHECK_OK(orch_watch_report_save(engine, watch, ENOSPC));

    orch_engine_health health = health_of(engine);
    CHECK_INT(health.status, ORCH_HEALTH_DEGRADED);
    CHECK_INT(health.part_count, 1);
    const orch_part_health *part =
        (const orch_part_health *)orch_element_at(health.parts, health.part_stride, 0);
    CHECK_INT(part->part, ORCH_PART_WATCH);
    CHECK_INT(part->status, ORCH_HEALTH_DEGRADED);
    CHECK_INT(part->id, watch);
    CHECK_INT(part->reason, ORCH_REASON_DISK_FULL);
    CHECK_INT(part->reserved, 0);
    CHECK(is_text(part->reason_name, "disk_full"));
    CHECK(check_contains((const char *)part->sentence.data, part->sentence.len, "disk is full"));

    // Static texts outlast the event.
    orch_part_health wrong = next_health(engine);
    CHECK_INT(wrong.id, watch);
    CHECK_INT(wrong.reason, ORCH_REASON_DISK_FULL);
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK(is_text(wrong.reason_name, "disk_full"));

    check_said(text_of(engine, ORCH_TEXT_DUMP), " degraded reason=disk_full lasts=");
    check_said(text_of(engine, ORCH_TEXT_DUMP), base);
    check_said(text_of(engine, ORCH_TEXT_FLIGHT_RECORD), " degraded reason=disk_full\n");

    CHECK_OK(orch_watch_report_save(engine, watch, EACCES));
    CHECK_INT(next_health(engine).reason, ORCH_REASON_SAVE_FAILED);
    CHECK_OK(orch_watch_report_save(engine, watch, 0));
    orch_part_health well = next_health(engine);
    CHECK_INT(well.status, ORCH_HEALTH_OK);
    CHECK_INT(well.reason, ORCH_REASON_NONE);
    CHECK_INT(well.lasts_ns, 0);
    CHECK_INT(well.reason_name.len, 0);
    CHECK_INT(well.sentence.len, 0);
    CHECK_INT(health_of(engine).status, ORCH_HEALTH_OK);

    CHECK_OK(orch_watch_remove(engine, watch));
    CHECK_STATUS(orch_watch_report_save(engine, watch, 0), ORCH_E_STALE_ID);
    watch_leave(base);
}

static void bounded(void) {
    orch_config config = ORCH_CONFIG_INIT;
    config.recorder_events = 4;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_bytes nowhere[1];
    nowhere[0] = orch_str("/nowhere/at/all");
    orch_spawn_options options = host_options(nowhere, 1);
    uint64_t terminal = 0;
    for (int i = 0; i < 8; i++) {
        CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_NO_PROGRAM);
    }
    check_said(text_of(engine, ORCH_TEXT_FLIGHT_RECORD), " x8 failed spawn kind=ProgramNotFound\n");
    // That a program is not there says nothing of the system.
    CHECK_INT(health_of(engine).status, ORCH_HEALTH_OK);
    CHECK_OK(orch_engine_destroy(engine));
}

static void refused(orch_engine *engine) {
    orch_engine_health health = ORCH_ENGINE_HEALTH_INIT;
    CHECK_STATUS(orch_engine_get_health(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_engine_health is NULL");
    CHECK_STATUS(orch_engine_get_health(NULL, &health), ORCH_E_INVALID);
    health.size = sizeof health - 1;
    CHECK_STATUS(orch_engine_get_health(engine, &health), ORCH_E_INVALID);
    CHECK(health.parts == NULL);
    orch_bytes text = {NULL, 0};
    CHECK_STATUS(orch_engine_get_text(engine, 0, &text), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_text(engine, 4, &text), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_text(engine, ORCH_TEXT_DUMP, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_text(NULL, ORCH_TEXT_DUMP, &text), ORCH_E_INVALID);
    CHECK(text.data == NULL && text.len == 0);
    CHECK_STATUS(orch_watch_report_save(engine, 0, 0), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_watch_report_save(engine, 0, -1), ORCH_E_INVALID);
    CHECK_STATUS(orch_watch_report_save(NULL, 0, 0), ORCH_E_INVALID);
}

int main(void) {
    orch_engine *engine = host_engine();
    reported(engine);
    refused(engine);
    bounded();
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
