// Threads: an engine answers only to its owner; a call from elsewhere changes nothing; ownership moves
// by orch_engine_bind_thread and by nothing else.

#include "screen.h"
#include "serve.h"
#include "state.h"
#include "watch.h"

#include <pthread.h>
#include <sched.h>

typedef struct shared {
    orch_engine *engine;
    uint64_t terminal;
    uint64_t reader;
    uint64_t watch;
    orch_sender *sender;
} shared;

#define WRONG(call) CHECK_STATUS(call, ORCH_E_WRONG_THREAD)

static void wrong_calls_on_terminals(const shared *s) {
    orch_size size = {9, 9, 0, 0};
    unsigned char filled[512];
    check_fill(filled, sizeof filled);
    uint64_t *id = (uint64_t *)(void *)filled;
    int32_t *status = (int32_t *)(void *)(filled + 64);
    orch_spawn_options options = host_options(NULL, 0);
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = s->terminal;
    op.kind = ORCH_OP_INPUT;
    op.data = "x";
    op.len = 1;
    orch_terminal_state state, before;
    check_fill(&state, sizeof state);
    state.size = sizeof state;
    memcpy(&before, &state, sizeof state);
    WRONG(orch_terminal_spawn(s->engine, NULL, id));
    WRONG(orch_terminal_spawn_many(s->engine, &options, 1, sizeof options, id, status));
    WRONG(orch_terminal_adopt(s->engine, 0, NULL, id));
    WRONG(orch_terminal_write(s->engine, s->terminal, "x", 1, (size_t *)(void *)filled));
    WRONG(orch_terminal_write_many(s->engine, &s->terminal, 1, "x", 1, status, NULL));
    WRONG(orch_terminal_control(s->engine, s->terminal, ORCH_CONTROL_EOF));
    WRONG(orch_terminal_resize(s->engine, s->terminal, size));
    WRONG(orch_terminal_set(s->engine, s->terminal, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW));
    WRONG(orch_terminal_set(s->engine, s->terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                            ORCH_SIZE_POLICY_FIXED));
    WRONG(orch_terminal_signal(s->engine, s->terminal, SIGKILL, ORCH_SIGNAL_LEADER));
    WRONG(orch_terminal_close(s->engine, s->terminal, 0));
    WRONG(orch_terminal_set(s->engine, s->terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    WRONG(orch_terminal_set(s->engine, s->terminal, ORCH_TERMINAL_OPTION_PAUSED, 0));
    WRONG(orch_terminal_attach(s->engine, s->terminal, NULL, id));
    WRONG(orch_reader_detach(s->engine, s->reader));
    WRONG(orch_reader_set(s->engine, s->reader, ORCH_READER_OPTION_PAUSED, 1));
    WRONG(orch_reader_set(s->engine, s->reader, ORCH_READER_OPTION_PAUSED, 0));
    screen_check_refused(s->engine, s->terminal, s->reader, ORCH_E_WRONG_THREAD, 1);
    WRONG(orch_terminal_batch(s->engine, &op, 1, sizeof op, status, NULL));
    WRONG(orch_terminal_get_state(s->engine, s->terminal, &state));
    WRONG(orch_terminal_get_states(s->engine, &s->terminal, 1, &state, sizeof state, status));
    WRONG(orch_engine_list(s->engine, ORCH_LIST_TERMINALS, id, 1, (size_t *)(void *)filled));
    CHECK_INT(memcmp(&state, &before, sizeof state), 0);
    CHECK(check_is_filled(filled, sizeof filled));
}

static void *wrong_calls(void *argument) {
    const shared *s = (const shared *)argument;
    unsigned char filled[64];
    check_fill(filled, sizeof filled);
    orch_event event = host_event();
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    orch_memory memory = ORCH_MEMORY_INIT;
    orch_engine_health health = ORCH_ENGINE_HEALTH_INIT;
    orch_error error;
    check_fill(&error, sizeof error);
    error.size = sizeof error;
    WRONG(orch_engine_destroy(s->engine));
    CHECK_ERROR(NULL, ORCH_E_WRONG_THREAD, "thread");
    WRONG(orch_engine_get_fd(s->engine));
    WRONG(orch_engine_turn(s->engine, 0));
    WRONG(orch_engine_turn(s->engine, -1));
    WRONG(orch_engine_get_timeout(s->engine, (int32_t *)(void *)filled));
    WRONG(orch_engine_shutdown(s->engine, 0));
    WRONG(orch_engine_get_stats(s->engine, &stats));
    WRONG(orch_engine_get_memory(s->engine, &memory));
    WRONG(orch_engine_reset_stats(s->engine));
    WRONG(orch_engine_get_health(s->engine, &health));
    WRONG(orch_engine_get_text(s->engine, ORCH_TEXT_DUMP, (orch_bytes *)(void *)filled));
    WRONG(orch_watch_report_save(s->engine, 1, 0));
    WRONG(orch_engine_get_metrics(s->engine, (orch_metrics *)(void *)filled));
    WRONG(orch_engine_set_observing(s->engine, 0));
    WRONG(orch_engine_next_event(s->engine, &event));
    WRONG(orch_sender_create(s->engine, (orch_sender **)(void *)filled));
    WRONG(orch_error_get(s->engine, &error));
    CHECK_INT(event.kind, 0);
    CHECK(stats.turns == 0 && stats.stages == NULL && health.parts == NULL);
    CHECK(check_is_filled(&error.status, sizeof error.status));
    CHECK(check_is_filled(filled, sizeof filled));
    wrong_calls_on_terminals(s);
    watch_check_refused(s->engine, s->watch, ORCH_E_WRONG_THREAD, 1);
    state_check_refused(s->engine, ORCH_E_WRONG_THREAD);
    serve_check_refused(s->engine, ORCH_E_WRONG_THREAD);
    return NULL;
}

static void run_in_thread(void *(*work)(void *), void *argument) {
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, work, argument), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
}

// All of these calls leave the engine as it was.
static void nothing_changed(shared *s) {
    orch_terminal_state before = host_state(s->engine, s->terminal);
    run_in_thread(wrong_calls, s);
    orch_terminal_state after = host_state(s->engine, s->terminal);
    CHECK_INT(after.flags, before.flags);
    CHECK_INT(after.reader_count, 1);
    CHECK_INT(after.readers->paused, 0);
    CHECK_INT(after.input_bytes, before.input_bytes);
    CHECK_INT(after.window.cols, 80);
    size_t count = 0;
    CHECK_OK(orch_engine_list(s->engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
    CHECK_INT(count, 1);
    CHECK_OK(orch_engine_list(s->engine, ORCH_LIST_WATCHES, NULL, 0, &count));
    CHECK_INT(count, 1);
    orch_error error;
    error.size = sizeof error;
    CHECK_OK(orch_error_get(s->engine, &error));
    CHECK_STATUS(error.status, ORCH_OK);
}

static void *bind_and_use(void *argument) {
    shared *s = (shared *)argument;
    CHECK_OK(orch_engine_bind_thread(s->engine));
    CHECK_OK(orch_engine_bind_thread(s->engine));
    host_text text;
    text.len = 0;
    host_type(s->engine, s->terminal, "thread\n");
    host_until_text(s->engine, s->terminal, &text, 0, "thread\r\n");
    orch_event event = host_event();
    CHECK_OK(orch_watch_sync(s->engine, s->watch, 5));
    watch_until(s->engine, s->watch, ORCH_EVENT_WATCH_SYNCED, &event);
    CHECK_INT(event.payload.watch_synced->sync_tag, 5);
    return NULL;
}

// The thread that bound is the owner, also after it has ended, until another one binds.
static void ownership_moves(shared *s) {
    run_in_thread(bind_and_use, s);
    WRONG(orch_engine_turn(s->engine, 0));
    WRONG(orch_engine_destroy(s->engine));
    CHECK_OK(orch_engine_bind_thread(s->engine));
    CHECK_OK(orch_engine_turn(s->engine, 0));
}

static void *bind_until_busy(void *argument) {
    shared *s = (shared *)argument;
    int32_t status;
    while ((status = orch_engine_bind_thread(s->engine)) == ORCH_OK) sched_yield();
    CHECK_STATUS(status, ORCH_E_BUSY);
    CHECK_ERROR(NULL, ORCH_E_BUSY, "call");
    CHECK_OK(host_notify(s->sender, 1));
    return NULL;
}

// While the owner is inside a call, here a turn that waits, the engine cannot be taken over.
static void busy(shared *s) {
    orch_event event = host_event();
    while (orch_engine_next_event(s->engine, &event) == ORCH_OK) continue;
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, bind_until_busy, s), 0);
    for (;;) {
        // The other thread may be quicker; then this one takes the engine back.
        int32_t status = orch_engine_turn(s->engine, -1);
        if (status == ORCH_OK) {
            while ((status = orch_engine_next_event(s->engine, &event)) == ORCH_OK) {
                if (event.kind == ORCH_EVENT_COMPLETED) break;
            }
            if (status == ORCH_OK) break;
        }
        CHECK(status == ORCH_DONE || status == ORCH_E_WRONG_THREAD || status == ORCH_E_BUSY);
        if (status == ORCH_DONE) continue;
        status = orch_engine_bind_thread(s->engine);
        CHECK(status == ORCH_OK || status == ORCH_E_BUSY);
    }
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_OK(orch_engine_bind_thread(s->engine));
}

int main(void) {
    check_start();
    static char base[WATCH_PATH_MAX];
    shared s;
    watch_enter(base);
    s.engine = host_engine();
    s.watch = watch_ready(s.engine, base);
    s.terminal = host_sh(s.engine, "exec cat");
    s.reader = host_state(s.engine, s.terminal).readers->reader;
    CHECK_OK(orch_sender_create(s.engine, &s.sender));
    nothing_changed(&s);
    ownership_moves(&s);
    for (int i = 0; i < 20; i++) busy(&s);
    CHECK_OK(orch_sender_destroy(s.sender));
    CHECK_OK(orch_engine_destroy(s.engine));
    watch_leave(base);
    return 0;
}
