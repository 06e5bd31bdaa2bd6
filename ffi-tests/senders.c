// Senders: commands from four threads, their completions, full inboxes, engines that are gone.

#include "host.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 4
#define POSTS 500

typedef struct poster {
    orch_sender *sender;
    uint64_t first_tag;
    pthread_t thread;
} poster;

static orch_sender *make_sender(orch_engine *engine) {
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    CHECK(sender != NULL);
    return sender;
}

static void *post_all(void *argument) {
    poster *self = (poster *)argument;
    for (uint64_t i = 0; i < POSTS; i++) {
        int32_t status;
        while ((status = host_notify(self->sender, self->first_tag + i)) == ORCH_E_LIMIT) {
            CHECK_ERROR(NULL, ORCH_E_LIMIT, "inbox_commands");
            sched_yield();
        }
        CHECK_OK(status);
    }
    return NULL;
}

// Every post of every thread comes back once, in the order of its thread.
static void four_threads(void) {
    orch_config config = host_config();
    config.inbox_commands = 16;
    config.events = 8;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_sender *shared = make_sender(engine);
    poster posters[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        posters[i].sender = i < 2 ? shared : make_sender(engine);
        posters[i].first_tag = i * POSTS;
        CHECK_INT(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    uint64_t next[THREADS] = {0, 0, 0, 0};
    orch_event event = host_event();
    for (int i = 0; i < THREADS * POSTS; i++) {
        host_next(engine, &event);
        CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
        CHECK_INT(event.source, 0);
        const orch_event_completed *completed = event.payload.completed;
        CHECK_STATUS(completed->status, ORCH_OK);
        CHECK_INT(completed->terminal + completed->reserved, 0);
        CHECK(completed->message.data == NULL && completed->message.len == 0);
        size_t thread = (size_t)(event.tag / POSTS);
        CHECK(thread < THREADS);
        CHECK_INT(event.tag % POSTS, next[thread]++);
    }
    for (size_t i = 0; i < THREADS; i++) CHECK_INT(pthread_join(posters[i].thread, NULL), 0);
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_sender_destroy(shared));
    CHECK_OK(orch_sender_destroy(posters[2].sender));
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_OK(orch_sender_destroy(posters[3].sender));
    CHECK_OK(orch_sender_destroy(NULL));
}

// Lent until the next event.
static const orch_event_completed *until_completed(orch_engine *engine, uint64_t tag) {
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_COMPLETED);
    CHECK_INT(event.tag, tag);
    return event.payload.completed;
}

static void check_message(const orch_event_completed *completed, const char *part) {
    CHECK(check_contains(completed->message.data, completed->message.len, part));
}

// Every kind of command, and what it says when it cannot be carried out.
static void commands(void) {
    orch_engine *engine = host_engine();
    orch_sender *sender = make_sender(engine);
    char script[] = "stty -echo; echo ready; read x; echo \"<$x>\"; exec cat";
    orch_bytes argv[3];
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    CHECK_OK(host_post_spawn(sender, &options, 1));
    memset(script, 'X', sizeof script - 1);
    orch_event event = host_event();
    const orch_event_completed *completed = until_completed(engine, 1);
    CHECK_STATUS(completed->status, ORCH_OK);
    uint64_t terminal = completed->terminal;
    CHECK(terminal != 0);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready\r\n");

    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = ORCH_OP_INPUT;
    char input[] = "typed\n";
    op.data = input;
    op.len = 6;
    CHECK_OK(host_post_op(sender, &op, sizeof op, 2));
    memset(input, 'X', 6);
    completed = until_completed(engine, 2);
    CHECK_STATUS(completed->status, ORCH_OK);
    host_until_text(engine, terminal, &text, 0, "<typed>\r\n");

    op.terminal = UINT64_MAX;
    CHECK_OK(host_post_op(sender, &op, sizeof op, 3));
    completed = until_completed(engine, 3);
    CHECK_STATUS(completed->status, ORCH_E_STALE_ID);
    check_message(completed, "terminal");
    argv[0] = orch_str("/no/such/program");
    CHECK_OK(host_post_spawn(sender, &options, 4));
    completed = until_completed(engine, 4);
    CHECK_STATUS(completed->status, ORCH_E_NO_PROGRAM);
    check_message(completed, "/no/such/program");

    CHECK_OK(host_post_close(sender, terminal, 10000, 5));
    completed = until_completed(engine, 5);
    CHECK_STATUS(completed->status, ORCH_OK);
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_OK(host_post_close(sender, terminal, 0, 6));
    completed = until_completed(engine, 6);
    CHECK_STATUS(completed->status, ORCH_E_STALE_ID);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
}

// A full inbox refuses, by number and by bytes, and takes more after a turn.
static void full_inbox(void) {
    orch_config config = host_config();
    config.inbox_commands = 3;
    config.inbox_bytes = 4096;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_sender *sender = make_sender(engine);
    for (uint64_t tag = 0; tag < 3; tag++) CHECK_OK(host_notify(sender, tag));
    CHECK_STATUS(host_notify(sender, 3), ORCH_E_LIMIT);
    CHECK_ERROR(NULL, ORCH_E_LIMIT, "inbox_commands");
    CHECK_STATUS(host_post_close(sender, 1, 0, 3), ORCH_E_LIMIT);
    orch_event event = host_event();
    for (uint64_t tag = 0; tag < 3; tag++) until_completed(engine, tag);
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);

    static char bytes[4097];
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = 1;
    op.kind = ORCH_OP_INPUT;
    op.data = bytes;
    op.len = sizeof bytes;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 4), ORCH_E_LIMIT);
    CHECK_ERROR(NULL, ORCH_E_LIMIT, "inbox_bytes");
    op.len = sizeof bytes - 1;
    CHECK_OK(host_post_op(sender, &op, sizeof op, 5));
    op.len = 1;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 6), ORCH_E_LIMIT);
    until_completed(engine, 5);
    CHECK_OK(host_post_op(sender, &op, sizeof op, 7));
    until_completed(engine, 7);
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_OK(orch_sender_destroy(sender));
}

static void check_gone(const orch_sender *sender) {
    orch_op op;
    memset(&op, 0, sizeof op);
    op.kind = ORCH_OP_RESIZE;
    CHECK_STATUS(host_notify(sender, 1), ORCH_E_GONE);
    CHECK_ERROR(NULL, ORCH_E_GONE, "gone");
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_GONE);
    CHECK_STATUS(host_post_spawn(sender, NULL, 1), ORCH_E_GONE);
    CHECK_STATUS(host_post_close(sender, 1, 0, 1), ORCH_E_GONE);
}

static void *post_until_gone(void *argument) {
    poster *self = (poster *)argument;
    int32_t status;
    do {
        status = host_notify(self->sender, 0);
        CHECK(status == ORCH_OK || status == ORCH_E_LIMIT || status == ORCH_E_GONE);
        if (status == ORCH_E_LIMIT) sched_yield();
    } while (status != ORCH_E_GONE);
    check_gone(self->sender);
    return NULL;
}

// An engine may go while four threads post to it.
static void outliving_the_engine(void) {
    for (int round = 0; round < 20; round++) {
        orch_engine *engine = host_engine();
        poster posters[THREADS];
        for (size_t i = 0; i < THREADS; i++) {
            posters[i].sender = make_sender(engine);
            CHECK_INT(pthread_create(&posters[i].thread, NULL, post_until_gone, &posters[i]), 0);
        }
        orch_event event = host_event();
        for (int i = 0; i < 10; i++) host_next(engine, &event);
        CHECK_OK(orch_engine_destroy(engine));
        for (size_t i = 0; i < THREADS; i++) {
            CHECK_INT(pthread_join(posters[i].thread, NULL), 0);
            check_gone(posters[i].sender);
            CHECK_OK(orch_sender_destroy(posters[i].sender));
        }
    }
}

int main(void) {
    check_start();
    four_threads();
    commands();
    full_inbox();
    outliving_the_engine();
    return 0;
}
