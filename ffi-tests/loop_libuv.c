// Host loop: libuv, with a poll handle for the engine's descriptor.

#include "loop.h"

#include <uv.h>

static void on_readable(uv_poll_t *handle, int status, int events) {
    CHECK_INT(status, 0);
    CHECK_INT(events, UV_READABLE);
    if (loop_step((loop_scenario *)handle->data)) uv_close((uv_handle_t *)handle, NULL);
}

int main(void) {
    check_start();
    static loop_scenario scenario;
    loop_start(&scenario);
    uv_loop_t loop;
    uv_poll_t handle;
    CHECK_INT(uv_loop_init(&loop), 0);
    CHECK_INT(uv_poll_init(&loop, &handle, orch_engine_get_fd(scenario.engine)), 0);
    handle.data = &scenario;
    CHECK_INT(uv_poll_start(&handle, UV_READABLE, on_readable), 0);
    CHECK_INT(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK_INT(uv_loop_close(&loop), 0);
    CHECK(scenario.over);
    loop_end(&scenario);
    return 0;
}
