// The waiter's thread. It calls nothing of Emacs and nothing of the engine.

#include "waiter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Sleeps until the owner has something to say; false at the end.
static bool next_order(waiter *self) {
    uint64_t orders;
    while (read(self->control, &orders, sizeof orders) < 0)
        if (errno != EINTR) return false;
    return !atomic_load(&self->stopping);
}

// Waits for the descriptor. True if it is readable, false if the owner has said something first.
static bool watched_is_readable(waiter *self) {
    struct pollfd fds[2] = {{self->watched, POLLIN, 0}, {self->control, POLLIN, 0}};
    for (;;) {
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        return fds[1].revents == 0;
    }
}

static void *run(void *argument) {
    waiter *self = argument;
    while (next_order(self)) {
        if (!watched_is_readable(self)) continue;
        atomic_fetch_add(&self->woken, 1);
        ssize_t written;
        do {
            written = write(self->channel, "!", 1);
        } while (written < 0 && errno == EINTR);
        // The process of the channel was deleted. SIGPIPE is blocked here.
        if (written < 0) break;
    }
    return NULL;
}

static void order(waiter *self) {
    const uint64_t one = 1;
    ssize_t written;
    do {
        written = write(self->control, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
}

int waiter_start(waiter *self, int watched, int channel) {
    self->watched = watched;
    self->channel = channel;
    atomic_init(&self->stopping, false);
    atomic_init(&self->armed, 0);
    atomic_init(&self->woken, 0);
    self->control = eventfd(0, EFD_CLOEXEC);
    if (self->control < 0) {
        const int error = errno;
        close(channel);
        return error;
    }
    // Signals of the process are for the threads of Emacs.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        close(self->control);
        close(channel);
    }
    return error;
}

void waiter_arm(waiter *self) {
    atomic_fetch_add(&self->armed, 1);
    order(self);
}

void waiter_stop(waiter *self) {
    atomic_store(&self->stopping, true);
    order(self);
    pthread_join(self->thread, NULL);
    close(self->control);
    close(self->channel);
}
