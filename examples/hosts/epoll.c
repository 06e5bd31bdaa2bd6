/* epoll(7), edge-triggered: the descriptor is reported once when it becomes readable, so every event is read before the
 * host waits again. The timer of the idle phase is a descriptor, too. */
#define _POSIX_C_SOURCE 200809L
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int check(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static void add(int set, int fd) {
    struct epoll_event interest;
    memset(&interest, 0, sizeof interest);
    interest.events = EPOLLIN | EPOLLET;
    interest.data.fd = fd;
    check(epoll_ctl(set, EPOLL_CTL_ADD, fd, &interest), "epoll_ctl");
}

static void start_timer(int timer) {
    struct itimerspec once;
    memset(&once, 0, sizeof once);
    once.it_value.tv_nsec = TRACE_IDLE_MS * 1000000L;
    check(timerfd_settime(timer, 0, &once, NULL), "timerfd_settime");
}

int main(void) {
    struct trace *trace = trace_start();
    enum trace_next next = TRACE_WAIT;
    int set = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int timer = check(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd_create");
    add(set, trace_fd(trace));
    add(set, timer);
    while (next != TRACE_OVER) {
        struct epoll_event ready;
        int count = epoll_wait(set, &ready, 1, -1);
        if (count < 0 && errno == EINTR) continue;
        check(count, "epoll_wait");
        if (ready.data.fd == timer) {
            trace_idle_over(trace);
        } else if ((next = trace_readable(trace)) == TRACE_IDLE) {
            start_timer(timer);
        }
    }
    close(timer);
    close(set);
    trace_end(trace);
    return 0;
}
