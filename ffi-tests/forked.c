// A forked child: every call on the parent's engine is refused, a new engine works, and the parent's
// engine and its programs notice nothing of it.

#include "screen.h"
#include "serve.h"
#include "state.h"
#include "watch.h"

typedef struct inherited {
    orch_engine *engine;
    orch_sender *sender;
    uint64_t terminal;
    uint64_t reader;
    uint64_t watch;
} inherited;

#define FORKED(call) CHECK_STATUS(call, ORCH_E_FORKED)

static void calls_on_engine(const inherited *in) {
    unsigned char filled[64];
    check_fill(filled, sizeof filled);
    orch_event event = host_event();
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    orch_memory memory = ORCH_MEMORY_INIT;
    orch_engine_health health = ORCH_ENGINE_HEALTH_INIT;
    orch_error error;
    check_fill(&error, sizeof error);
    error.size = sizeof error;
    FORKED(orch_engine_get_fd(in->engine));
    CHECK_ERROR(NULL, ORCH_E_FORKED, "parent");
    FORKED(orch_engine_bind_thread(in->engine));
    FORKED(orch_engine_turn(in->engine, 0));
    FORKED(orch_engine_turn(in->engine, -1));
    FORKED(orch_engine_get_timeout(in->engine, (int32_t *)(void *)filled));
    FORKED(orch_engine_shutdown(in->engine, 0));
    FORKED(orch_engine_get_stats(in->engine, &stats));
    FORKED(orch_engine_get_memory(in->engine, &memory));
    FORKED(orch_engine_reset_stats(in->engine));
    FORKED(orch_engine_get_health(in->engine, &health));
    FORKED(orch_engine_get_text(in->engine, ORCH_TEXT_DUMP, (orch_bytes *)(void *)filled));
    FORKED(orch_watch_report_save(in->engine, 1, 0));
    FORKED(orch_engine_get_metrics(in->engine, (orch_metrics *)(void *)filled));
    FORKED(orch_engine_set_observing(in->engine, 0));
    FORKED(orch_engine_next_event(in->engine, &event));
    FORKED(orch_error_get(in->engine, &error));
    FORKED(orch_sender_create(in->engine, (orch_sender **)(void *)filled));
    CHECK_INT(event.kind, 0);
    CHECK(stats.turns == 0 && stats.stages == NULL && health.parts == NULL);
    CHECK(check_is_filled(&error.status, sizeof error.status));
    CHECK(check_is_filled(filled, sizeof filled));
}

static void calls_on_terminals(const inherited *in) {
    orch_size size = {9, 9, 0, 0};
    unsigned char filled[256];
    check_fill(filled, sizeof filled);
    uint64_t *id = (uint64_t *)(void *)filled;
    int32_t *status = (int32_t *)(void *)(filled + 64);
    size_t *count = (size_t *)(void *)(filled + 128);
    orch_spawn_options options = host_options(NULL, 0);
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = in->terminal;
    op.kind = ORCH_OP_INPUT;
    op.data = "x";
    op.len = 1;
    orch_terminal_state state;
    memset(&state, 0, sizeof state);
    state.size = sizeof state;
    FORKED(orch_terminal_spawn(in->engine, NULL, id));
    FORKED(orch_terminal_spawn_many(in->engine, &options, 1, sizeof options, id, status));
    FORKED(orch_terminal_adopt(in->engine, 0, NULL, id));
    FORKED(orch_terminal_write(in->engine, in->terminal, "x", 1, count));
    FORKED(orch_terminal_write_many(in->engine, &in->terminal, 1, "x", 1, status, NULL));
    FORKED(orch_terminal_control(in->engine, in->terminal, ORCH_CONTROL_EOF));
    FORKED(orch_terminal_resize(in->engine, in->terminal, size));
    FORKED(orch_terminal_set(in->engine, in->terminal, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW));
    FORKED(orch_terminal_set(in->engine, in->terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                             ORCH_SIZE_POLICY_FIXED));
    FORKED(orch_terminal_signal(in->engine, in->terminal, SIGKILL, ORCH_SIGNAL_LEADER));
    FORKED(orch_terminal_close(in->engine, in->terminal, 0));
    FORKED(orch_terminal_set(in->engine, in->terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    FORKED(orch_terminal_set(in->engine, in->terminal, ORCH_TERMINAL_OPTION_PAUSED, 0));
    FORKED(orch_terminal_attach(in->engine, in->terminal, NULL, id));
    FORKED(orch_reader_detach(in->engine, in->reader));
    FORKED(orch_reader_set(in->engine, in->reader, ORCH_READER_OPTION_PAUSED, 1));
    FORKED(orch_reader_set(in->engine, in->reader, ORCH_READER_OPTION_PAUSED, 0));
    screen_check_refused(in->engine, in->terminal, in->reader, ORCH_E_FORKED, 1);
    FORKED(orch_terminal_batch(in->engine, &op, 1, sizeof op, status, NULL));
    FORKED(orch_terminal_get_state(in->engine, in->terminal, &state));
    FORKED(orch_terminal_get_states(in->engine, &in->terminal, 1, &state, sizeof state, status));
    FORKED(orch_engine_list(in->engine, ORCH_LIST_TERMINALS, id, 1, count));
    CHECK_INT(state.terminal, 0);
    CHECK(check_is_filled(filled, sizeof filled));
}

static void calls_on_sender(const inherited *in) {
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = in->terminal;
    op.kind = ORCH_OP_SIGNAL;
    op.signal = SIGKILL;
    FORKED(host_notify(in->sender, 1));
    CHECK_ERROR(NULL, ORCH_E_FORKED, "parent");
    FORKED(host_post_op(in->sender, &op, sizeof op, 1));
    FORKED(host_post_spawn(in->sender, NULL, 1));
    FORKED(host_post_close(in->sender, in->terminal, 0, 1));
    CHECK_OK(orch_sender_destroy(in->sender));
}

static void engine_of_the_child(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "echo of the child; exit 5");
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 5, &text);
    CHECK_BYTES(text.data, text.len, "of the child\r\n");
    uint64_t watch = watch_ready(engine, ".");
    watch_write("of the child", "");
    orch_event event = host_event();
    watch_until(engine, watch, ORCH_EVENT_WATCH_BATCH, &event);
    CHECK_OK(orch_engine_destroy(engine));
}

static void in_the_child(const inherited *in) {
    check_start();
    calls_on_engine(in);
    calls_on_terminals(in);
    watch_check_refused(in->engine, in->watch, ORCH_E_FORKED, 1);
    state_check_refused(in->engine, ORCH_E_FORKED);
    serve_check_refused(in->engine, ORCH_E_FORKED);
    calls_on_sender(in);
    engine_of_the_child();
    FORKED(orch_engine_destroy(in->engine));
    FORKED(orch_engine_turn(in->engine, 0));
}

// The parent's watch reports what the child has done, and goes on.
static void watch_goes_on(const inherited *in, const char *base) {
    static watch_view view;
    memset(&view, 0, sizeof view);
    view.base = base;
    CHECK_TOLD(in->engine, in->watch, &view, "create file of the child\n");
    watch_write("of the parent", "");
    CHECK_TOLD(in->engine, in->watch, &view, "create file of the parent\n");
    CHECK_INT(watch_state(in->engine, in->watch).entries, 3);
}

// The engine with its running programs, unread output and a closing terminal goes on as before.
static void parent_goes_on(const inherited *in, uint64_t closing) {
    orch_terminal_state state = host_state(in->engine, in->terminal);
    CHECK(state.flags == ORCH_TERMINAL_RUNNING);
    CHECK_INT(state.window.cols, 80);
    CHECK_INT(state.reader_count, 1);
    CHECK_INT(state.input_bytes, 0);
    host_text text;
    text.len = 0;
    host_type(in->engine, in->terminal, "still here\n");
    host_until_text(in->engine, in->terminal, &text, 0, "still here\r\n");
    CHECK_OK(host_notify(in->sender, 3));
    orch_event event = host_event();
    do {
        host_next(in->engine, &event);
    } while (event.kind != ORCH_EVENT_COMPLETED);
    CHECK_INT(event.tag, 3);
    CHECK_OK(orch_terminal_close(in->engine, closing, 1));
    host_until(in->engine, closing, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_OK(orch_terminal_close(in->engine, in->terminal, 10000));
    host_until(in->engine, in->terminal, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(event.payload.exited->exit_value, SIGHUP);
}

int main(void) {
    check_start();
    static char base[WATCH_PATH_MAX];
    inherited in;
    watch_enter(base);
    in.engine = host_engine();
    in.watch = watch_ready(in.engine, base);
    CHECK_OK(orch_sender_create(in.engine, &in.sender));
    in.terminal = host_cat(in.engine);
    in.reader = host_state(in.engine, in.terminal).readers->reader;
    uint64_t closing = host_ready(in.engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    CHECK_OK(orch_terminal_close(in.engine, closing, 600000));

    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) {
        in_the_child(&in);
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    watch_goes_on(&in, base);
    parent_goes_on(&in, closing);
    CHECK_OK(orch_sender_destroy(in.sender));
    CHECK_OK(orch_engine_destroy(in.engine));
    watch_leave(base);
    return 0;
}
