// Host loop: select(2).

#include "loop.h"

#include <sys/select.h>

int main(void) {
    check_start();
    static loop_scenario scenario;
    loop_start(&scenario);
    do {
        int engine_fd = orch_engine_get_fd(scenario.engine);
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(engine_fd, &readable);
        CHECK_INT(select(engine_fd + 1, &readable, NULL, NULL, NULL), 1);
        CHECK(FD_ISSET(engine_fd, &readable));
    } while (!loop_step(&scenario));
    loop_end(&scenario);
    return 0;
}
