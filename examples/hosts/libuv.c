/* libuv (and so Node and Neovim): a poll handle for the descriptor. libuv must not close it, and does not. */
#define _POSIX_C_SOURCE 200809L
#include "trace.h"

#include <stdio.h>
#include <uv.h>

struct host {
    struct trace *trace;
    uv_poll_t poll;
    uv_timer_t timer;
};

static void on_timer(uv_timer_t *timer) { trace_idle_over(((struct host *)timer->data)->trace); }

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct host *self = (struct host *)poll->data;
    (void)status;
    (void)events;
    switch (trace_readable(self->trace)) {
    case TRACE_IDLE: uv_timer_start(&self->timer, on_timer, TRACE_IDLE_MS, 0); break;
    case TRACE_OVER:
        uv_close((uv_handle_t *)&self->poll, NULL);
        uv_close((uv_handle_t *)&self->timer, NULL);
        break;
    case TRACE_WAIT: break;
    }
}

int main(void) {
    struct host self;
    uv_loop_t *loop = uv_default_loop();
    self.trace = trace_start();
    self.poll.data = self.timer.data = &self;
    if (uv_timer_init(loop, &self.timer) != 0 || uv_poll_init(loop, &self.poll, trace_fd(self.trace)) != 0 ||
        uv_poll_start(&self.poll, UV_READABLE, on_readable) != 0) {
        fprintf(stderr, "libuv cannot poll the descriptor\n");
        return 1;
    }
    uv_run(loop, UV_RUN_DEFAULT); /* until no handle is left */
    uv_loop_close(loop);
    trace_end(self.trace);
    return 0;
}
