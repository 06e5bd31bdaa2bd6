// A program is never held back by a lossy reader, nor when there is no reader at all, also when its
// log is as small as it can be and a turn could read more than that.

#include "host.h"

#define OUTPUT_BYTES 4000000

static void runs_to_its_end(uint32_t delivery) {
    orch_engine *engine = host_engine();
    orch_bytes argv[3];
    host_sh_argv(argv, "head -c 4000000 /dev/zero | tr '\\0' x");
    orch_spawn_options options = host_options(argv, 3);
    options.delivery = delivery;
    options.log_bytes = 65536;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    orch_terminal_state state = host_state(engine, terminal);
    if (delivery == ORCH_DELIVERY_LOSSY) {
        CHECK_OK(orch_reader_set(engine, state.readers->reader, ORCH_READER_OPTION_PAUSED, 1));
    }
    while (state.log_end < OUTPUT_BYTES) {
        CHECK_INT(state.flags & ORCH_TERMINAL_PAUSED_BY_READER, 0);
        host_turn(engine);
        state = host_state(engine, terminal);
    }
    CHECK(state.log_start >= OUTPUT_BYTES - 65536);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    runs_to_its_end(ORCH_DELIVERY_LOSSY);
    runs_to_its_end(ORCH_DELIVERY_NONE);
    return 0;
}
