// orchflow.hpp: the basic scenario through its classes, each of their methods, ownership and errors.

#include "check.h"

#include <orchflow.hpp>
#include <poll.h>
#include <string>
#include <thread>

namespace {

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

// The next event, waited for through the descriptor.
orch::event next(orch::engine &engine) {
    for (;;) {
        if (auto event = engine.next_event()) {
            CHECK(event->kind() != ORCH_EVENT_LOG);
            return *event;
        }
        struct pollfd fd = {engine.fd(), POLLIN, 0};
        CHECK_INT(poll(&fd, 1, -1), 1);
        CHECK(engine.turn());
    }
}

// Events of a terminal up to one of this kind; its output is added to `output`.
orch::event until(orch::engine &engine, orch::terminal_id id, orch_event_kind kind, std::string &output) {
    for (;;) {
        const orch::event event = next(engine);
        if (event.source() != id) continue;
        if (const auto *bytes = event.output()) output += orch::view(*bytes);
        if (event.kind() == kind) return event;
    }
}

void until_text(orch::engine &engine, orch::terminal_id id, std::string &output, const char *part) {
    while (output.find(part) == std::string::npos) until(engine, id, ORCH_EVENT_OUTPUT, output);
}

orch::terminal_id spawn(orch::engine &engine, const char *script) {
    const auto id = engine.spawn(orch::spawn_options{"/bin/sh", "-c", script});
    CHECK(id);
    CHECK(*id != 0);
    return *id;
}

void program() {
    orch::engine engine = make_engine();
    orch::spawn_options options{"/bin/sh", "-c"};
    options.arg("echo \"$A,${HOME-none}\"; pwd; stty size; exit 3");
    options.env_clear().env("A", "1=2").env("B", "2").env_remove("B").cwd("/usr");
    options.window(orch::cells(100, 30)).log_bytes(65536).tag(9);
    options.delivery(ORCH_DELIVERY_LOSSY);
    for (int round = 0; round < 2; round++) {
        const auto id = engine.spawn(options);
        CHECK(id);
        std::string output;
        const orch::event exited = until(engine, *id, ORCH_EVENT_EXITED, output);
        CHECK(output == "1=2,none\r\n/usr\r\n30 100\r\n");
        CHECK(exited.exited() != nullptr);
        CHECK_INT(exited.exited()->exit_kind, ORCH_EXIT_CODE);
        CHECK_INT(exited.exited()->exit_value, 3);
        CHECK_INT(exited.tag(), 9);
        CHECK_INT(exited.exited()->end, output.size());
        // An event has the payload of its kind, and no other one.
        CHECK(exited.output() == nullptr && exited.eof() == nullptr && exited.log() == nullptr);
        CHECK(!exited.update() && !exited.watch_batch() && !exited.review());
        CHECK(exited.raw().payload.exited == exited.exited());
    }
}

// A program from a list that the host has.
void arguments() {
    orch::engine engine = make_engine();
    std::vector<std::string> argv{"printf", "%s-%s"};
    argv.push_back("a");
    argv.push_back("b");
    orch::spawn_options options(argv);
    options.arg("!");
    const auto id = engine.spawn(options);
    CHECK(id);
    std::string output;
    until(engine, *id, ORCH_EVENT_EXITED, output);
    CHECK(output == "a-b!-");
    // No arguments are the user's shell.
    CHECK(engine.spawn(orch::spawn_options(std::vector<std::string>{})));
    static_assert(!std::is_convertible_v<std::vector<std::string>, orch::spawn_options>, "explicit");
}

void options_and_stats() {
    orch::engine engine = make_engine();
    const auto id = spawn(engine, "echo ready; exec cat");
    std::string output;
    until_text(engine, id, output, "ready");
    const auto stats = engine.stats();
    CHECK(stats);
    CHECK(stats->turns > 0 && stats->log_bytes > 0);
    CHECK_INT(orch::stages_of(*stats).size(), ORCH_STAGE_SENDING);
    uint32_t stage = 0;
    for (const orch_stage_stats &one : orch::stages_of(*stats)) CHECK_INT(one.stage, ++stage);
    CHECK(engine.reset_stats());
    CHECK_INT(engine.stats()->turns, 0);
    const auto health = engine.health();
    CHECK(health);
    CHECK_INT(health->status, ORCH_HEALTH_OK);
    CHECK_INT(orch::parts_of(*health).size(), 0);
    CHECK_INT(engine.dump().rfind("orchflow dump=1 ", 0), 0);
    CHECK(engine.flight_record().find(" spawned pid=") != std::string::npos);
    CHECK_INT(engine.report_save(1, 0).code(), ORCH_E_STALE_ID);
    CHECK(engine.set(id, ORCH_TERMINAL_OPTION_PAUSED, 1));
    CHECK(engine.state(id)->flags & ORCH_TERMINAL_PAUSED_BY_HOST);
    CHECK(engine.set(id, ORCH_TERMINAL_OPTION_PAUSED, 0));
    CHECK_INT(engine.set(id, 99, 0).code(), ORCH_E_INVALID);
    const auto reader = engine.attach(id);
    CHECK(reader);
    CHECK(engine.set_reader(*reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_LOSSY));
    CHECK_INT(engine.set_reader(*reader, 99, 0).code(), ORCH_E_INVALID);
    CHECK_INT(engine.control(id, 99).code(), ORCH_E_INVALID);
    CHECK(engine.control(id, ORCH_CONTROL_EOF));
    until(engine, id, ORCH_EVENT_EXITED, output);
}

void own_loop() {
    orch::engine engine = make_engine();
    const auto id = spawn(engine, "echo hello");
    std::string output;
    for (bool running = true; running;) {
        CHECK(engine.turn(orch::forever));
        while (const auto event = engine.next_event()) {
            if (const auto *bytes = event->output()) output += orch::view(*bytes);
            if (event->exited() != nullptr) running = event->source() != id;
        }
    }
    CHECK(output == "hello\r\n");
}

void commands() {
    orch::engine engine = make_engine();
    const auto id = spawn(engine, "stty -echo; echo ready; read x; echo \"<$x>\"; stty size; cat; exit 0");
    std::string output;
    until_text(engine, id, output, "ready\r\n");
    CHECK(engine.resize(id, orch::cells(90, 20)));
    CHECK(engine.set_size_policy(id, ORCH_SIZE_POLICY_LATEST));
    CHECK_INT(engine.set_size_policy(id, 9).code(), ORCH_E_INVALID);
    CHECK(engine.set_mode(id, ORCH_MODE_COOKED));
    CHECK(engine.set_mode(id, ORCH_MODE_NO_ECHO));
    const auto written = engine.write(id, "typed\n");
    CHECK(written);
    CHECK_INT(*written, 6);
    until_text(engine, id, output, "<typed>\r\n20 90\r\n");
    CHECK(engine.pause(id));
    CHECK(engine.resume(id));
    const auto state = engine.state(id);
    CHECK(state);
    CHECK_INT(state->window.cols, 90);
    CHECK_INT(state->flags, ORCH_TERMINAL_RUNNING | ORCH_TERMINAL_HIDDEN_INPUT);
    CHECK(!orch::view(state->cwd).empty());
    CHECK_INT(state->reader_count, 1);

    const auto reader = engine.attach(id);
    CHECK(reader);
    CHECK(engine.pause_reader(*reader));
    CHECK(engine.resume_reader(*reader));
    CHECK(engine.detach(*reader));
    CHECK_INT(engine.detach(*reader).code(), ORCH_E_STALE_ID);
    CHECK(engine.send_eof(id));
    CHECK_INT(until(engine, id, ORCH_EVENT_EXITED, output).exited()->exit_value, 0);

    const auto killed = spawn(engine, "exec sleep 1000");
    CHECK_INT(engine.active_terminals().size(), 1);
    CHECK_INT(engine.terminals().size(), 2);
    CHECK(engine.signal(killed, SIGTERM, ORCH_SIGNAL_LEADER));
    CHECK_INT(until(engine, killed, ORCH_EVENT_EXITED, output).exited()->exit_value, SIGTERM);
    CHECK(engine.close(killed, orch::milliseconds{100}));
    until(engine, killed, ORCH_EVENT_CLOSED, output);
    CHECK(engine.shutdown(orch::milliseconds{100}));
    while (next(engine).kind() != ORCH_EVENT_SHUTDOWN_COMPLETE) continue;
}

void batches() {
    orch::engine engine = make_engine();
    const auto first = spawn(engine, "exec sleep 1000");
    const auto second = spawn(engine, "exec sleep 1000");
    const auto report = engine.batch({
        orch::op::resize(first, orch::cells(50, 10)),
        orch::op::set_mode(first, 99),
        orch::op::input(first, "skipped"),
        orch::op::input(second, "x"),
        orch::op::send_signal(second, SIGKILL, ORCH_SIGNAL_LEADER),
    });
    CHECK(report);
    const int32_t expected[] = {ORCH_OK, ORCH_E_INVALID, ORCH_E_SKIPPED, ORCH_OK, ORCH_OK};
    CHECK_INT(report->statuses.size(), 5);
    for (size_t i = 0; i < 5; i++) CHECK_INT(report->statuses[i], expected[i]);
    CHECK_INT(report->totals.succeeded, 3);
    CHECK_INT(report->totals.failed, 2);
    const auto written = engine.write_many({first, UINT64_MAX}, "y");
    CHECK(written);
    CHECK_INT(written->statuses[0], ORCH_OK);
    CHECK_INT(written->statuses[1], ORCH_E_STALE_ID);
    const auto nothing = engine.batch({});
    CHECK(nothing);
    CHECK_INT(nothing->totals.total, 0);
}

void errors() {
    orch::config config;
    config.raw.log_bytes = 1;
    const auto refused = orch::engine::create(config);
    CHECK(!refused);
    CHECK_INT(refused.error().code(), ORCH_E_INVALID);
    CHECK(refused.error().name() == "ORCH_E_INVALID");
    config = orch::config();
    config.raw.terminals = 1;
    auto engine = orch::engine::create(config);
    CHECK(engine);
    const auto missing = engine->spawn(orch::spawn_options{"/no/such/program"});
    CHECK(!missing);
    CHECK_INT(missing.error().code(), ORCH_E_NO_PROGRAM);
    CHECK(engine->last_error().find("/no/such/program") != std::string::npos);
    CHECK(!engine->write(5, "x"));
    CHECK(!engine->state(5));
    CHECK(!engine->attach(5));
    CHECK_INT(engine->adopt(-1).error().code(), ORCH_E_INVALID);
    CHECK(engine->spawn());
    CHECK_INT(engine->spawn().error().code(), ORCH_E_LIMIT);
}

// Handles move; what they own goes with the last of them.
void ownership() {
    const int open_before = check_open_fds();
    {
        orch::engine first = make_engine();
        orch::engine second = std::move(first);
        CHECK(first.raw() == nullptr);
        CHECK_INT(first.turn().code(), ORCH_E_INVALID);
        CHECK(second.turn());
        first = make_engine();
        second = std::move(first);
        CHECK(second.turn());
    }
    CHECK_INT(check_open_fds(), open_before);
}

void senders() {
    auto engine = std::make_unique<orch::engine>(make_engine());
    auto made = engine->make_sender();
    CHECK(made);
    orch::sender sender = std::move(*made);
    std::thread poster([&sender] {
        CHECK(sender.notify(1));
        CHECK(sender.spawn(orch::spawn_options{"echo", "posted"}, 2));
        CHECK(sender.post(orch::op::input(UINT64_MAX, "x"), 3));
        CHECK(sender.close(UINT64_MAX, orch::milliseconds{0}, 4));
    });
    const int32_t expected[] = {ORCH_OK, ORCH_OK, ORCH_E_STALE_ID, ORCH_E_STALE_ID};
    for (uint64_t tag = 1; tag <= 4;) {
        const orch::event event = next(*engine);
        if (event.kind() != ORCH_EVENT_COMPLETED) continue;
        CHECK_INT(event.tag(), tag);
        CHECK_INT(event.completed()->status, expected[tag - 1]);
        CHECK((event.completed()->terminal != 0) == (tag == 2));
        CHECK(event.completed()->message.len > 0 || tag <= 2);
        CHECK_INT(event.source(), 0);
        tag++;
    }
    poster.join();
    std::thread other([&engine] {
        CHECK_INT(engine->turn().code(), ORCH_E_WRONG_THREAD);
        CHECK(engine->bind_thread());
        CHECK(engine->turn());
    });
    other.join();
    CHECK(engine->bind_thread());
    engine.reset();
    CHECK_INT(sender.notify(5).code(), ORCH_E_GONE);
}

}  // namespace

int main() {
    check_start();
    ownership();
    program();
    arguments();
    options_and_stats();
    own_loop();
    commands();
    batches();
    errors();
    senders();
    return 0;
}
