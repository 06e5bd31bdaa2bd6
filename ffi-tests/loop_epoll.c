// Host loop: epoll(7), with the engine's descriptor nested in the host's epoll set, level-triggered
// and edge-triggered.

#include "loop.h"

#include <sys/epoll.h>

static void run(uint32_t mode) {
    static loop_scenario scenario;
    loop_start(&scenario);
    int set = epoll_create1(EPOLL_CLOEXEC);
    CHECK_SYS(set);
    struct epoll_event interest;
    memset(&interest, 0, sizeof interest);
    interest.events = EPOLLIN | mode;
    CHECK_SYS(epoll_ctl(set, EPOLL_CTL_ADD, orch_engine_get_fd(scenario.engine), &interest));
    do {
        struct epoll_event ready;
        CHECK_INT(epoll_wait(set, &ready, 1, -1), 1);
        CHECK(ready.events & EPOLLIN);
    } while (!loop_step(&scenario));
    loop_end(&scenario);
    CHECK_SYS(close(set));
}

int main(void) {
    check_start();
    run(0);
    run(EPOLLET);
    return 0;
}
