// A host whose thread is interrupted by signals all the time: system calls that return early with EINTR
// are no errors, lose nothing and repeat nothing.

#include "loop.h"

#include <sched.h>

static volatile sig_atomic_t signals;
static volatile sig_atomic_t over;

static void on_signal(int number) {
    (void)number;
    signals++;
}

static void *interrupt(void *argument) {
    pthread_t *main_thread = (pthread_t *)argument;
    while (!over) {
        CHECK_INT(pthread_kill(*main_thread, SIGUSR2), 0);
        sched_yield();
    }
    return NULL;
}

// The scenario of the host loops, in the engine's own wait.
static void scenario_of_loops(void) {
    static loop_scenario scenario;
    loop_start(&scenario);
    do {
        CHECK_OK(orch_engine_turn(scenario.engine, -1));
    } while (!loop_read(&scenario));
    loop_end(&scenario);
}

static void programs(void) {
    orch_engine *engine = host_engine();
    for (int round = 0; round < 20; round++) {
        host_text text;
        text.len = 0;
        uint64_t terminal = host_sh(engine, "read x; echo \"<$x>\"; exit 4");
        host_type(engine, terminal, "typed\n");
        host_until_exit(engine, terminal, 4, &text);
        CHECK_BYTES(text.data, text.len, "typed\r\n<typed>\r\n");
    }
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK_SYS(sigaction(SIGUSR2, &action, NULL));
    pthread_t main_thread = pthread_self(), thread;
    CHECK_INT(pthread_create(&thread, NULL, interrupt, &main_thread), 0);
    while (signals == 0) sched_yield();
    scenario_of_loops();
    programs();
    over = 1;
    CHECK_INT(pthread_join(thread, NULL), 0);
    return 0;
}
