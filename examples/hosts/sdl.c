/* SDL 2, whose loop waits for events of its own alone: a thread waits for the descriptor and pushes an event. It
 * never calls the engine, and waits for the descriptor again only after the owner has made its turn: until then the
 * descriptor stays readable. */
#define _POSIX_C_SOURCE 200809L
#include "trace.h"

#include <SDL.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct waiter {
    SDL_Thread *thread;
    SDL_sem *turn_made;
    Uint32 readable; /* the event that it pushes */
    int fd;
    int stop[2]; /* a pipe; its end wakes the thread for good */
};

static void push(Uint32 type) {
    SDL_Event event;
    SDL_zero(event);
    event.type = type;
    while (SDL_PushEvent(&event) < 0) SDL_Delay(10); /* 65,535 events are unread */
}

static int SDLCALL waiter_run(void *data) {
    struct waiter *self = (struct waiter *)data;
    for (;;) {
        struct pollfd fds[] = {{self->fd, POLLIN, 0}, {self->stop[0], POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) continue; /* EINTR */
        if (fds[1].revents != 0) return 0;
        push(self->readable);
        SDL_SemWait(self->turn_made);
    }
}

static int waiter_start(struct waiter *self, int fd) {
    self->fd = fd;
    self->readable = SDL_RegisterEvents(1);
    self->turn_made = SDL_CreateSemaphore(0);
    if (pipe(self->stop) != 0) return -1;
    self->thread = SDL_CreateThread(waiter_run, "engine", self);
    return self->thread == NULL ? -1 : 0;
}

/* Before the engine is destroyed: the descriptor must not be closed while a thread polls it. */
static void waiter_stop(struct waiter *self) {
    close(self->stop[1]);
    SDL_SemPost(self->turn_made);
    SDL_WaitThread(self->thread, NULL);
    SDL_DestroySemaphore(self->turn_made);
    close(self->stop[0]);
}

static Uint32 SDLCALL on_timer(Uint32 interval, void *data) {
    (void)interval;
    push(*(Uint32 *)data);
    return 0; /* once */
}

int main(int argc, char **argv) {
    struct waiter waiter;
    struct trace *trace = trace_start();
    enum trace_next next = TRACE_WAIT;
    SDL_Event event;
    Uint32 idle_over;
    (void)argc;
    (void)argv;
    /* With a window, SDL waits for the display; without one, it looks every millisecond. */
    if (SDL_Init(SDL_INIT_VIDEO | SDL_INIT_TIMER) != 0 ||
        SDL_CreateWindow("trace", 0, 0, 320, 200, 0) == NULL || waiter_start(&waiter, trace_fd(trace)) != 0) {
        fprintf(stderr, "SDL: %s\n", SDL_GetError());
        return 1;
    }
    idle_over = SDL_RegisterEvents(1);
    while (next != TRACE_OVER && SDL_WaitEvent(&event)) {
        if (event.type == waiter.readable) {
            next = trace_readable(trace);
            SDL_SemPost(waiter.turn_made);
            if (next == TRACE_IDLE) SDL_AddTimer(TRACE_IDLE_MS, on_timer, &idle_over);
        } else if (event.type == idle_over) {
            trace_idle_over(trace);
        }
    }
    waiter_stop(&waiter);
    trace_end(trace);
    SDL_Quit();
    return 0;
}
