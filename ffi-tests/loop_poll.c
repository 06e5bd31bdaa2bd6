// Host loop: poll(2), without a timeout and with the timeout that the engine gives.

#include "loop.h"

static void wait_readable(const loop_scenario *scenario, int timeout_ms) {
    struct pollfd fd = {orch_engine_get_fd(scenario->engine), POLLIN, 0};
    CHECK(poll(&fd, 1, timeout_ms) >= 0);
}

int main(void) {
    check_start();
    static loop_scenario scenario;
    loop_start(&scenario);
    while (!loop_step(&scenario)) wait_readable(&scenario, -1);
    loop_end(&scenario);

    loop_start(&scenario);
    while (!loop_step(&scenario)) {
        int32_t timeout_ms = -2;
        CHECK_OK(orch_engine_get_timeout(scenario.engine, &timeout_ms));
        CHECK(timeout_ms >= -1);
        wait_readable(&scenario, timeout_ms);
    }
    loop_end(&scenario);

    // A host that does only one thing a time: an event, then it polls again.
    loop_start(&scenario);
    while (!scenario.over) {
        wait_readable(&scenario, -1);
        CHECK_OK(orch_engine_turn(scenario.engine, 0));
        orch_event event = host_event();
        int32_t status = orch_engine_next_event(scenario.engine, &event);
        if (status == ORCH_OK) loop_event(&scenario, &event);
        if (scenario.exited == 2 && scenario.completed == LOOP_POSTS) {
            scenario.exited = 0;
            CHECK_OK(orch_engine_shutdown(scenario.engine, 1000));
        }
    }
    loop_end(&scenario);
    return 0;
}
