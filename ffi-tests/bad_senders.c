// Bad arguments of the functions on senders: refused at the post, so that nothing is posted.

#include "host.h"

static orch_op input(void) {
    orch_op op;
    memset(&op, 0, sizeof op);
    op.kind = ORCH_OP_INPUT;
    op.data = "x";
    op.len = 1;
    return op;
}

static void null_sender(void) {
    orch_op op = input();
    CHECK_STATUS(host_notify(NULL, 1), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "sender is NULL");
    CHECK_STATUS(host_post_op(NULL, &op, sizeof op, 1), ORCH_E_INVALID);
    CHECK_STATUS(host_post_spawn(NULL, NULL, 1), ORCH_E_INVALID);
    CHECK_STATUS(host_post_close(NULL, 1, 0, 1), ORCH_E_INVALID);
}

static void bad_commands(const orch_sender *sender) {
    struct {
        orch_command command;
        uint64_t tail;
    } wide;
    CHECK_STATUS(orch_sender_post(sender, NULL, 1), ORCH_E_INVALID);
    const uint32_t kinds[] = {0, 5, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        const orch_command unknown = host_command(kinds[i]);
        CHECK_STATUS(orch_sender_post(sender, &unknown, 1), ORCH_E_INVALID);
        CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_command.kind");
    }
    const size_t sizes[] = {0, 8, sizeof wide.command - 1};
    for (size_t i = 0; i < 3; i++) {
        orch_command small = host_command(ORCH_COMMAND_NOTIFY);
        small.size = sizes[i];
        CHECK_STATUS(orch_sender_post(sender, &small, 1), ORCH_E_INVALID);
        CHECK_ERROR(NULL, ORCH_E_INVALID, "size");
    }
    host_init(&wide, sizeof wide);
    wide.command.kind = ORCH_COMMAND_NOTIFY;
    wide.tail = 1;
    CHECK_STATUS(orch_sender_post(sender, &wide.command, 1), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "does not know");
}

static void bad_ops(const orch_sender *sender) {
    struct {
        orch_op op;
        uint64_t tail;
    } wide;
    memset(&wide, 0, sizeof wide);
    orch_op op = input();
    CHECK_STATUS(host_post_op(sender, NULL, sizeof op, 1), ORCH_E_INVALID);
    CHECK_STATUS(host_post_op(sender, &op, 0, 1), ORCH_E_INVALID);
    CHECK_STATUS(host_post_op(sender, &op, HOST_FIRST_OP - 1, 1), ORCH_E_INVALID);
    wide.op = op;
    wide.tail = 1;
    CHECK_STATUS(host_post_op(sender, &wide.op, sizeof wide, 1), ORCH_E_INVALID);
    op.kind = 0;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    op.kind = 8;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_op.kind is 8");
    op = input();
    op.reserved = 1;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    op = input();
    op.data = NULL;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    op = input();
    op.len = SIZE_MAX;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    op.kind = ORCH_OP_SET_MODE;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
    op.kind = ORCH_OP_SIGNAL;
    op.value = 2;
    CHECK_STATUS(host_post_op(sender, &op, sizeof op, 1), ORCH_E_INVALID);
}

static void bad_spawns(const orch_sender *sender) {
    orch_spawn_options options = host_options(NULL, 0);
    options.argv_len = 1;
    CHECK_STATUS(host_post_spawn(sender, &options, 1), ORCH_E_INVALID);
    options = host_options(NULL, 0);
    options.delivery = 4;
    CHECK_STATUS(host_post_spawn(sender, &options, 1), ORCH_E_INVALID);
    options = host_options(NULL, 0);
    options.size = HOST_FIRST_SPAWN_OPTIONS - 1;
    CHECK_STATUS(host_post_spawn(sender, &options, 1), ORCH_E_INVALID);
    options = host_options(NULL, 0);
    options.env_len = 1;
    CHECK_STATUS(host_post_spawn(sender, &options, 1), ORCH_E_INVALID);
}

// What only the engine can judge comes back with the completion.
static void judged_later(orch_engine *engine, const orch_sender *sender) {
    orch_spawn_options options = host_options(NULL, 0);
    options.window.cols = 80;
    CHECK_OK(host_post_spawn(sender, &options, 21));
    orch_op op = input();
    op.kind = ORCH_OP_SIGNAL;
    op.signal = 65;
    op.terminal = host_sh(engine, "exec cat");
    CHECK_OK(host_post_op(sender, &op, sizeof op, 22));
    orch_event event = host_event();
    for (uint64_t tag = 21; tag <= 22; tag++) {
        host_next(engine, &event);
        CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
        CHECK_INT(event.tag, tag);
        CHECK_INT(event.source, 0);
        CHECK_STATUS(event.payload.completed->status, ORCH_E_INVALID);
        CHECK_INT(event.payload.completed->reserved, 0);
        CHECK_INT(event.payload.completed->terminal, 0);
        CHECK(event.payload.completed->message.len > 0);
    }
}

int main(void) {
    check_start();
    null_sender();
    orch_engine *engine = host_engine();
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    bad_commands(sender);
    bad_ops(sender);
    bad_spawns(sender);
    orch_event event = host_event();
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    judged_later(engine, sender);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
