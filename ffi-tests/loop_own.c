// Host loop: none of its own; the engine waits in its turn.

#include "loop.h"

int main(void) {
    check_start();
    static loop_scenario scenario;
    loop_start(&scenario);
    do {
        CHECK_OK(orch_engine_turn(scenario.engine, -1));
    } while (!loop_read(&scenario));
    loop_end(&scenario);

    // The same with a limit to each wait; a turn that waits in vain is no error.
    loop_start(&scenario);
    do {
        CHECK_OK(orch_engine_turn(scenario.engine, 1));
    } while (!loop_read(&scenario));
    loop_end(&scenario);
    return 0;
}
