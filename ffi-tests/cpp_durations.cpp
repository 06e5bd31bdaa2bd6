// orchflow.hpp: durations that do not fit the numbers of the C interface are cut off at its ends; they
// do not wrap around into short waits, endless ones or an immediate kill.

#include "check.h"

#include <orchflow.hpp>
#include <string>

namespace {

constexpr orch::milliseconds wraps_to_zero{int64_t{1} << 32};
constexpr orch::milliseconds wraps_below_zero{int64_t{1} << 31};

int32_t timeout_of(const orch::engine &engine) {
    int32_t timeout_ms = 0;
    CHECK_INT(orch_engine_get_timeout(engine.raw(), &timeout_ms), ORCH_OK);
    return timeout_ms;
}

// A long wait is one: it ends because there is something to do.
void long_turn(orch::milliseconds timeout) {
    auto engine = orch::engine::create();
    CHECK(engine);
    CHECK(engine->spawn(orch::spawn_options{"/bin/sh", "-c", "sleep 0.3; echo late"}));
    int turns = 0;
    do {
        CHECK(engine->turn(timeout));
        turns++;
    } while (!engine->next_event());
    CHECK(turns < 10);
}

// A long grace is one, and one below zero is none.
void long_grace() {
    auto engine = orch::engine::create();
    CHECK(engine);
    const auto id = engine->spawn(
        orch::spawn_options{"/bin/sh", "-c", "trap '' HUP; echo ready; while :; do sleep 100; done"});
    CHECK(id);
    std::string output;
    while (output.find("ready") == std::string::npos) {
        CHECK(engine->turn(orch::forever));
        while (const auto event = engine->next_event()) {
            if (const auto *bytes = event->output()) output += orch::view(*bytes);
        }
    }
    CHECK(engine->close(*id, wraps_to_zero));
    CHECK(timeout_of(*engine) > 1000000);
    CHECK(engine->shutdown(wraps_to_zero));
    CHECK(timeout_of(*engine) > 1000000);
    CHECK(engine->close(*id, orch::milliseconds{-1}));
    CHECK(timeout_of(*engine) <= 1);
}

}  // namespace

int main() {
    check_start();
    long_turn(wraps_to_zero);
    long_turn(wraps_below_zero);
    long_grace();
    return 0;
}
