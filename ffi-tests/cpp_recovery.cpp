// Retry, circuit breaker and restarts from C++.

#include "check.h"

#include <orchflow.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

void retries() {
    auto retry = orch::retry::start({10ms, 20ms, 2});
    CHECK(retry);
    CHECK(retry->next_delay(UINT64_MAX) == 10ms);
    CHECK(retry->next_delay(0) == 0ms);
    CHECK(!retry->next_delay(0));
    CHECK_INT(retry->attempts(), 2);
    retry->reset();
    CHECK(retry->next_delay(UINT64_MAX) == 10ms);
    CHECK(!orch::retry::start({20ms, 10ms}));
}

void breakers() {
    auto breaker = orch::breaker::start({1, 1, 10s});
    CHECK(breaker);
    CHECK(breaker->allow(0s) && breaker->state(0s) == ORCH_BREAKER_CLOSED);
    breaker->failed(0s);
    CHECK(!breaker->allow(1s) && breaker->trial_in(1s) == 9s);
    CHECK(breaker->allow(10s) && !breaker->allow(10s));
    breaker->abandon();
    CHECK(breaker->allow(11s) && !breaker->trial_in(11s));
    breaker->succeeded(11s);
    CHECK(breaker->state(11s) == ORCH_BREAKER_CLOSED);
}

void restarts() {
    auto engine = orch::engine::create();
    CHECK(engine);
    const auto again = orch::restart_options().retry({1us, 1ms, 1}).keep_ended(0).stable_after(1h);
    auto options = orch::spawn_options{"/bin/sh", "-c", "exit 3"};
    auto first = engine->spawn(options.restart(again));
    CHECK(first);
    uint64_t second = 0;
    for (bool given_up = false; !given_up;) {
        CHECK(engine->turn(orch::forever));
        while (auto event = engine->next_event()) {
            const orch_event_restart *restart = event->restart();
            if (restart == nullptr) continue;
            if (restart->step == ORCH_RESTART_STEP_STARTED) second = restart->terminal;
            given_up = restart->step == ORCH_RESTART_STEP_GIVEN_UP;
            CHECK(!given_up || event->source() == second);
        }
    }
    CHECK(second != 0 && second != *first);
}

}  // namespace

int main() {
    check_start();
    retries();
    breakers();
    restarts();
    return 0;
}
