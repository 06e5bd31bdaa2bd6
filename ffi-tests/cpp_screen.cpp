// orchflow.hpp: screens through its classes: options, updates, rows, events, questions, operations.

#include "check.h"

#include <orchflow.hpp>
#include <poll.h>
#include <string>

namespace {

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

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

orch::event until(orch::engine &engine, uint32_t kind) {
    for (;;) {
        const orch::event event = next(engine);
        if (event.kind() == kind) return event;
    }
}

orch::terminal_id spawn(orch::engine &engine, const char *script, uint32_t delivery,
                        uint32_t flags = 0) {
    orch::screen_options screen;
    screen.raw.scrollback = 50;
    screen.raw.flags = flags;
    orch::spawn_options options{"/bin/sh", "-c", script};
    options.window(orch::cells(40, 5)).delivery(delivery).screen(screen);
    const auto id = engine.spawn(options);
    CHECK(id);
    return *id;
}

// Waits until the terminal shows this.
void until_shown(orch::engine &engine, orch::terminal_id id, const char *part) {
    for (;;) {
        const auto text = engine.text(id);
        CHECK(text);
        if (text->find(part) != std::string_view::npos) return;
        struct pollfd fd = {engine.fd(), POLLIN, 0};
        CHECK_INT(poll(&fd, 1, -1), 1);
        CHECK(engine.turn());
        while (engine.next_event()) continue;
    }
}

void viewer() {
    orch::engine engine = make_engine();
    const auto id = spawn(engine,
                          "stty -echo; printf '\\033]2;named\\007\\033[1mbold\\033[0m ready'; read x;"
                          "printf '\\nmore'; read x",
                          ORCH_DELIVERY_SCREEN);
    bool is_ready = false;
    uint64_t generation = 0;
    orch::reader_id reader = 0;
    while (!is_ready) {
        const orch::event event = until(engine, ORCH_EVENT_SCREEN);
        const auto update = event.update();
        CHECK(update);
        generation = update->generation();
        CHECK(event.screen() != nullptr);
        reader = event.screen()->reader;
        for (const orch::row row : update->rows()) {
            if (row.text() != "bold ready") continue;
            is_ready = true;
            CHECK_INT(row.index(), 0);
            CHECK(!row.is_wrapped());
            CHECK_INT(row.runs().size(), 2);
            const orch_run &bold = row.runs()[0];
            CHECK(orch::view(bold.text) == "bold");
            CHECK_INT(bold.attributes, ORCH_ATTRIBUTE_BOLD);
        }
    }
    const auto all = engine.screen(id);
    CHECK(all && all->is_full());
    CHECK(all->title() && *all->title() == "named");
    CHECK_INT(all->rows().size(), 5);
    CHECK_INT(all->cursor().col, 10);
    CHECK_INT(all->raw().window.rows, 5);
    CHECK(all->offset() > 0);
    CHECK_INT(all->scrolls().size(), 0);
    const auto rows = engine.rows(id, 0, 1);
    CHECK(rows);
    CHECK_INT(rows->size(), 1);
    CHECK((*rows)[0].text() == "bold ready");
    CHECK(engine.write(id, "\n"));
    until_shown(engine, id, "more");
    const auto changed = engine.screen(id, generation);
    CHECK(changed && !changed->is_full() && !changed->title());
    CHECK_INT(changed->rows().size(), 1);
    CHECK(engine.scroll_to(reader, 0));
    CHECK(engine.set_delivery(reader, ORCH_DELIVERY_LOSSY));
    const orch::event snapshot = until(engine, ORCH_EVENT_SNAPSHOT);
    CHECK(snapshot.snapshot() != nullptr);
    CHECK(orch::view(*snapshot.snapshot()).find("more") != std::string_view::npos);
    CHECK(!snapshot.update());
    CHECK(engine.request_snapshot(reader));
    CHECK_INT(until(engine, ORCH_EVENT_SNAPSHOT).snapshot()->reader, reader);
}

void facts() {
    orch::engine engine = make_engine();
    // Its end is another read than its start, however slow the machine: it waits to be typed to.
    const auto id =
        spawn(engine,
          "printf '\\033]777;notify;T;B\\007\\033]133;C\\007'; read y; printf '\\033]133;D;2\\007';"
          "printf '\\033]52;c;aGVsbG8=\\007'; read x",
          ORCH_DELIVERY_NONE, ORCH_SCREEN_CLIPBOARD);
    const orch::event notification = until(engine, ORCH_EVENT_NOTIFICATION);
    CHECK(notification.notification() != nullptr && notification.title() == nullptr);
    CHECK(orch::view(notification.notification()->title) == "T");
    CHECK(orch::view(notification.notification()->body) == "B");
    CHECK(until(engine, ORCH_EVENT_COMMAND_STARTED).command_started() != nullptr);
    CHECK(engine.write(id, "\n"));
    const orch::event finished = until(engine, ORCH_EVENT_COMMAND_FINISHED);
    CHECK_INT(finished.command_finished()->has_exit_code, 1);
    CHECK_INT(finished.command_finished()->exit_code, 2);
    CHECK(finished.command_finished()->duration_ns > 0);
    CHECK(orch::view(until(engine, ORCH_EVENT_CLIPBOARD).clipboard()->text) == "hello");
}

void questions() {
    orch::engine engine = make_engine();
    const auto id = spawn(engine, "seq 1 20; stty raw -echo; printf '\\033]133;A\\007\\033[?2004hready'; exec cat -v",
                          ORCH_DELIVERY_LOSSY);
    until_shown(engine, id, "ready");
    auto search = orch::search("^1", ORCH_SEARCH_REGEX);
    search.raw.matches_max = 4;
    const auto found = engine.search(id, search);
    CHECK(found);
    CHECK_INT(found->size(), 4);
    CHECK(found->next().has_value());
    int32_t last = INT32_MIN;
    for (const orch_match &match : *found) {
        CHECK(match.start_row > last);
        last = match.start_row;
    }
    const auto place = (*found)[0].start;
    const auto where = engine.locate(id, place);
    CHECK(where);
    CHECK_INT(where->first, (*found)[0].start_row);
    CHECK_INT(where->second, 0);
    CHECK_INT(engine.locate(id, {1000, 0}).error().code(), ORCH_E_NOT_FOUND);
    search.go_on(*found);
    CHECK_INT(search.raw.from_line.line, found->next_line().line);
    const auto rest = engine.search(id, search);
    CHECK(rest && (*rest)[0].start.line == place.line + 12);
    const auto marks = engine.marks(id);
    CHECK(marks);
    CHECK_INT(marks->size(), 1);
    for (const orch_mark &mark : *marks) CHECK_INT(mark.kind, ORCH_MARK_PROMPT_START);
    CHECK(!engine.search(id, orch::search("nowhere"))->next());
    const auto snapshot = engine.snapshot(id, 10);
    CHECK(snapshot && snapshot->len > 0);
    CHECK_INT(snapshot->window.cols, 40);

    CHECK(engine.paste(id, "one"));
    until_shown(engine, id, "^[[200~one^[[201~");
    orch::attach_options options;
    options.raw.delivery = ORCH_DELIVERY_SCREEN;
    const auto viewer = engine.attach(id, &options.raw);
    CHECK(viewer);
    const auto report = engine.batch({orch::op::paste(id, "two"), orch::op::scroll_to(id, *viewer, 3),
                                      orch::op::clear(id)});
    CHECK(report);
    CHECK_INT(report->totals.succeeded, 3);
    until_shown(engine, id, "^[[200~two^[[201~");
    CHECK_INT(engine.state(id)->history, 0);
    CHECK(engine.clear_screen(id));
    CHECK(engine.set_colors(id, orch::rgb(0x112233), ORCH_COLOR_DEFAULT, orch::rgb(0)));
    CHECK_INT(engine.set_colors(id, 0x112233, 0, 0).code(), ORCH_E_INVALID);
}

void errors() {
    orch::engine engine = make_engine();
    const auto id = engine.spawn(orch::spawn_options{"cat"});
    CHECK(id);
    CHECK_INT(engine.screen(*id).error().code(), ORCH_E_NO_SCREEN);
    CHECK(engine.screen(*id).error().name() == "ORCH_E_NO_SCREEN");
    CHECK_INT(engine.rows(*id, 0, 1).error().code(), ORCH_E_NO_SCREEN);
    CHECK_INT(engine.text(*id).error().code(), ORCH_E_NO_SCREEN);
    CHECK_INT(engine.snapshot(*id).error().code(), ORCH_E_NO_SCREEN);
    CHECK_INT(engine.search(*id, orch::search("x")).error().code(), ORCH_E_NO_SCREEN);
    CHECK_INT(engine.clear_screen(*id).code(), ORCH_E_NO_SCREEN);
    CHECK_INT(engine.scroll_to(0, 1).code(), ORCH_E_STALE_ID);
    orch::screen_options screen;
    screen.raw.flags = 64;
    CHECK_INT(engine.spawn(orch::spawn_options{"cat"}.screen(screen)).error().code(), ORCH_E_INVALID);
    orch::adopt_options adopt;
    adopt.raw.screen = &screen.raw;
    CHECK_INT(engine.adopt(0, &adopt.raw).error().code(), ORCH_E_INVALID);
}

}  // namespace

int main() {
    check_start();
    viewer();
    facts();
    questions();
    errors();
    return 0;
}
