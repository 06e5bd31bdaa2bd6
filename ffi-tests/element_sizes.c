// An element of an array whose size is larger than the stride reaches into the next one (and the last
// one past the array), so it is refused: nothing is read or written outside the element.

#include "host.h"

static void options_in_an_array(orch_engine *engine) {
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    orch_spawn_options options[2];
    // The bytes behind the first element are zero, so that only the stride shows the size.
    options[0] = host_options(argv, 1);
    memset(&options[1], 0, sizeof options[1]);
    options[0].size = sizeof options[0] + 16;
    uint64_t terminal = 77;
    int32_t status = 9;
    CHECK_OK(orch_terminal_spawn_many(engine, options, 1, sizeof options[0], &terminal, &status));
    CHECK_STATUS(status, ORCH_E_INVALID);
    CHECK_INT(terminal, 77);
}

static void states_in_an_array(orch_engine *engine) {
    uint64_t id = host_sh(engine, "exec cat");
    orch_terminal_state states[2], before[2];
    check_fill(states, sizeof states);
    states[0].size = sizeof states[0] + 16;
    memcpy(before, states, sizeof states);
    int32_t status = 9;
    CHECK_STATUS(orch_terminal_get_states(engine, &id, 1, states, sizeof states[0], &status),
                 ORCH_E_INVALID);
    CHECK_INT(memcmp(states, before, sizeof states), 0);
    CHECK_INT(status, 9);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    options_in_an_array(engine);
    states_in_an_array(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
