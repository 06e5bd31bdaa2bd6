// C++ over orchflow.h itself: the basic scenario of run_program.c, and what C++ sees of the constants.

#include "host.h"

#include <string>
#include <type_traits>

namespace {

void echo(orch_engine *engine) {
    const orch_bytes argv[] = {orch_str("echo"), orch_str("hello")};
    orch_spawn_options options = host_options(argv, 2);
    options.tag = 3;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    std::string output;
    orch_event event = host_event();
    do {
        host_next(engine, &event);
        CHECK_INT(event.tag, 3);
        if (event.kind == ORCH_EVENT_OUTPUT) {
            const orch_event_output *bytes = event.payload.output;
            output.append(reinterpret_cast<const char *>(bytes->data), bytes->len);
        }
    } while (event.kind != ORCH_EVENT_EXITED);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_CODE);
    CHECK_INT(event.payload.exited->exit_value, 0);
    CHECK(output == "hello\r\n");
}

// The constants are constant expressions, the structs are plain.
void constants() {
    static_assert(ORCH_OK == 0, "a constant expression");
    static_assert(ORCH_E_BUSY == -18, "a constant expression");
    static_assert(std::is_same_v<decltype(orch_engine_turn(nullptr, 0)), orch_status>,
                  "the type of a status");
    static_assert(std::is_same_v<decltype(orch_event::kind), orch_event_kind>, "the type of a kind");
    switch (orch_engine_turn(nullptr, 0)) {
    case ORCH_OK:
        CHECK(false);
        break;
    case ORCH_E_INVALID:
        break;
    default:
        CHECK(false);
    }
    orch_config config = ORCH_CONFIG_INIT;
    orch_engine *engine = nullptr;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_OK(orch_engine_destroy(engine));
}

}  // namespace

int main() {
    check_start();
    constants();
    orch_engine *engine = host_engine();
    echo(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
