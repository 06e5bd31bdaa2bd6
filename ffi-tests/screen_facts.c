// What programs report beside their output becomes events: titles, bells, notifications, the working
// directory, the clipboard, and the marks of shells around commands.

#include "screen.h"

// The next event of this kind.
static orch_event next_fact(orch_engine *engine, uint64_t terminal, uint32_t kind) {
    orch_event event = host_event();
    do {
        check_fill(&event, sizeof event);
        event.size = sizeof event;
        host_next(engine, &event);
    } while (event.kind == ORCH_EVENT_OUTPUT);
    CHECK_INT(event.kind, kind);
    CHECK_INT(event.source, terminal);
    CHECK_INT(event.tag, 0);
    CHECK_INT(event.reserved, 0);
    CHECK(event.payload.any != NULL);
    return event;
}

#define CHECK_TEXT(bytes, expected) CHECK_BYTES((bytes).data, (bytes).len, (expected))

// Starts a script in a terminal whose screen has these flags.
static uint64_t start(orch_engine *engine, const char *script, uint32_t flags) {
    orch_screen_options options = screen_options();
    options.flags = flags;
    return screen_sh(engine, script, ORCH_DELIVERY_LOSSLESS, &options);
}

static void titles_and_bells(orch_engine *engine) {
    uint64_t terminal = start(engine,
                              "stty -echo; printf '\\033]2;caf\\303\\251\\007'; read x;"
                              "printf '\\007\\007\\007'; read x; printf '\\033]0;\\033\\\\'; read x",
                              0);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_TITLE);
    CHECK_TEXT(event.payload.title->title, "caf\xC3\xA9");
    host_type(engine, terminal, "\n");
    // Bells that come in several reads are several events.
    for (uint32_t bells = 0; bells < 3; bells += event.payload.bell->count) {
        event = next_fact(engine, terminal, ORCH_EVENT_BELL);
        CHECK(event.payload.bell->count >= 1);
    }
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_TITLE);
    CHECK_INT(event.payload.title->title.len, 0);
}

static void progress(orch_engine *engine) {
    uint64_t terminal = start(engine,
                              "stty -echo; printf '\\033]9;4;1;42\\007'; read x;"
                              "printf '\\033]9;4;3\\007'; read x; printf '\\033]9;4;0\\007'; read x",
                              0);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_PROGRESS);
    CHECK_INT(event.payload.progress->state, ORCH_PROGRESS_NORMAL);
    CHECK_INT(event.payload.progress->percent, 42);
    CHECK_INT(host_state(engine, terminal).progress, ORCH_PROGRESS_NORMAL);
    CHECK_INT(host_state(engine, terminal).progress_percent, 42);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_PROGRESS);
    CHECK_INT(event.payload.progress->state, ORCH_PROGRESS_INDETERMINATE);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_PROGRESS);
    CHECK_INT(event.payload.progress->state, ORCH_PROGRESS_NONE);
    CHECK_INT(host_state(engine, terminal).progress, ORCH_PROGRESS_NONE);
}

static void notifications(orch_engine *engine) {
    uint64_t terminal = start(engine,
                              "stty -echo; printf '\\033]9;all; done\\007'; read x;"
                              "printf '\\033]777;notify;Title;its; body\\033\\\\'; read x",
                              0);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_NOTIFICATION);
    CHECK_TEXT(event.payload.notification->body, "all; done");
    CHECK_INT(event.payload.notification->title.len, 0);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_NOTIFICATION);
    CHECK_TEXT(event.payload.notification->title, "Title");
    CHECK_TEXT(event.payload.notification->body, "its; body");
}

static void directories(orch_engine *engine) {
    uint64_t terminal =
        start(engine, "stty -echo; printf '\\033]7;file://there/a%%20b\\007'; read x", 0);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_CWD);
    CHECK_TEXT(event.payload.cwd->path, "/a b");
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_BYTES(state.reported_cwd.data, state.reported_cwd.len, "/a b");
    CHECK(state.cwd.len > 0 && !check_contains(state.cwd.data, state.cwd.len, "a b"));
}

static void commands(orch_engine *engine) {
    uint64_t terminal = start(engine,
                              "stty -echo; printf '\\033]133;C;cmdline=ls -l\\007'; read x;"
                              "printf '\\033]133;D;3\\007'; read x; printf '\\033]133;C\\007'; read x;"
                              "printf '\\033]133;D\\007'; read x",
                              0);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_COMMAND_STARTED);
    CHECK_TEXT(event.payload.command_started->command, "ls -l");
    orch_terminal_state state = host_state(engine, terminal);
    CHECK(state.command_for_ns >= 0);
    CHECK_INT(state.flags & ORCH_TERMINAL_HAS_EXIT_CODE, 0);
    CHECK_SYS(usleep(2000));
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_COMMAND_FINISHED);
    CHECK_INT(event.payload.command_finished->has_exit_code, 1);
    CHECK_INT(event.payload.command_finished->exit_code, 3);
    CHECK(event.payload.command_finished->duration_ns >= 2000000);
    state = host_state(engine, terminal);
    CHECK_INT(state.command_for_ns, -1);
    CHECK_INT(state.flags & ORCH_TERMINAL_HAS_EXIT_CODE, ORCH_TERMINAL_HAS_EXIT_CODE);
    CHECK_INT(state.last_exit_code, 3);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_COMMAND_STARTED);
    CHECK_INT(event.payload.command_started->command.len, 0);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_COMMAND_FINISHED);
    CHECK_INT(event.payload.command_finished->has_exit_code, 0);
    CHECK_INT(event.payload.command_finished->exit_code, 0);
    CHECK_INT(host_state(engine, terminal).flags & ORCH_TERMINAL_HAS_EXIT_CODE, 0);
}

static void clipboard(orch_engine *engine) {
    static const char script[] = "stty -echo; printf '\\033]52;c;aGVsbG8=\\007'; read x;"
                                 "printf '\\033]52;p;d29ybGQ=\\007\\033]2;end\\007'; read x";
    uint64_t terminal = start(engine, script, ORCH_SCREEN_CLIPBOARD);
    orch_event event = next_fact(engine, terminal, ORCH_EVENT_CLIPBOARD);
    CHECK_TEXT(event.payload.clipboard->text, "hello");
    CHECK_INT(event.payload.clipboard->is_primary, 0);
    CHECK_INT(event.payload.clipboard->reserved, 0);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_TITLE);
    event = next_fact(engine, terminal, ORCH_EVENT_CLIPBOARD);
    CHECK_TEXT(event.payload.clipboard->text, "world");
    CHECK_INT(event.payload.clipboard->is_primary, 1);

    // Only if the host allows it.
    terminal = start(engine, script, 0);
    host_type(engine, terminal, "\n");
    event = next_fact(engine, terminal, ORCH_EVENT_TITLE);
    CHECK_TEXT(event.payload.title->title, "end");
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    titles_and_bells(engine);
    progress(engine);
    notifications(engine);
    directories(engine);
    commands(engine);
    clipboard(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
