// A C++ host: several programs at once, their output kept apart, everything owned by RAII.
//
//     c++ -std=c++17 host.cpp $(pkg-config --cflags --libs orchflow) -o host
//     ./host 'seq 3' 'echo hello' 'exit 7'
//
// Each argument is a line for /bin/sh. The exit status is the number of lines that failed.

#include <cstdio>
#include <map>
#include <orchflow.hpp>
#include <string>

namespace {

struct task {
    std::string line;
    std::string output;
};

// Prints what a finished task has said; true if it succeeded.
bool report(const task &done, const orch_event_exited &exited) {
    std::printf("$ %s\n%s", done.line.c_str(), done.output.c_str());
    const bool success = exited.exit_kind == ORCH_EXIT_CODE && exited.exit_value == 0;
    if (!success) std::printf("(failed: %d)\n", exited.exit_value);
    return success;
}

}  // namespace

int main(int argc, char **argv) {
    auto engine = orch::engine::create();
    if (!engine) {
        std::fprintf(stderr, "create: %s\n", engine.error().name().data());
        return 100;
    }
    std::map<orch::terminal_id, task> tasks;
    for (int i = 1; i < argc; ++i) {
        auto terminal = engine->spawn(orch::spawn_options{"/bin/sh", "-c", argv[i]}.tag(i));
        if (!terminal) {
            std::fprintf(stderr, "spawn: %s\n", engine->last_error().c_str());
            return 100;
        }
        tasks[*terminal].line = argv[i];
    }

    int failed = 0;
    while (!tasks.empty()) {
        if (!engine->turn(orch::forever)) return 100;
        while (auto event = engine->next_event()) {
            const auto found = tasks.find(event->source());
            if (found == tasks.end()) continue;
            if (const auto *output = event->output()) found->second.output += orch::view(*output);
            if (const auto *exited = event->exited()) {
                failed += !report(found->second, *exited);
                tasks.erase(found);
            }
        }
    }
    return failed;
}
