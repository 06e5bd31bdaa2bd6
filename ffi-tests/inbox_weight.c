// Commands that wait in the inbox are bounded by what they weigh, also when that is not in their bytes:
// many empty arguments and variables are memory too.

#include "host.h"

#define ELEMENTS 100000

int main(void) {
    check_start();
    orch_config config = host_config();
    config.inbox_bytes = 4096;
    orch_engine *engine = NULL;
    orch_sender *sender = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_OK(orch_sender_create(engine, &sender));
    static orch_bytes empty[ELEMENTS];
    orch_spawn_options options = host_options(empty, ELEMENTS);
    CHECK_STATUS(host_post_spawn(sender, &options, 1), ORCH_E_LIMIT);
    CHECK_ERROR(NULL, ORCH_E_LIMIT, "inbox_bytes");
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    options = host_options(argv, 1);
    CHECK_OK(host_post_spawn(sender, &options, 2));
    for (size_t i = 0; i < ELEMENTS; i++) empty[i] = orch_str("A");
    options.env = empty;
    options.env_len = ELEMENTS;
    CHECK_STATUS(host_post_spawn(sender, &options, 3), ORCH_E_LIMIT);
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
    CHECK_INT(event.tag, 2);
    CHECK_STATUS(event.payload.completed->status, ORCH_OK);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
