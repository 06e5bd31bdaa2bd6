/* poll(2): the engine's descriptor beside the host's own. */
#define _POSIX_C_SOURCE 200809L
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

int main(void) {
    struct trace *trace = trace_start();
    enum trace_next next = TRACE_WAIT;
    int timeout_ms = -1; /* the host's own; the engine needs none */
    while (next != TRACE_OVER) {
        struct pollfd fds[] = {{trace_fd(trace), POLLIN, 0}};
        int ready = poll(fds, 1, timeout_ms);
        if (ready < 0 && errno != EINTR) {
            perror("poll");
            return 1;
        }
        if (ready > 0) {
            next = trace_readable(trace);
            if (next == TRACE_IDLE) timeout_ms = TRACE_IDLE_MS;
        } else if (ready == 0) {
            trace_idle_over(trace);
            timeout_ms = -1;
        }
    }
    trace_end(trace);
    return 0;
}
