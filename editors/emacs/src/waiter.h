// A thread that waits for one descriptor on behalf of a loop that cannot poll it.
//
// The thread is asleep until it is armed. Armed, it polls the descriptor once; when that is readable it writes one byte
// to the channel and is asleep again. So there is at most one byte for each arming, and the thread never spins.

#ifndef ORCHFLOW_EMACS_WAITER_H
#define ORCHFLOW_EMACS_WAITER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct waiter {
    pthread_t thread;
    // What it waits for; belongs to somebody else.
    int watched;
    // Where it writes; belongs to the waiter.
    int channel;
    // An eventfd: the owner wakes the thread by it.
    int control;
    atomic_bool stopping;
    // How often it was armed, and how often it has written.
    atomic_uint_least64_t armed, woken;
} waiter;

// Starts the thread. The channel is the waiter's from then on, also after an error. Returns 0 or an error number.
int waiter_start(waiter *self, int watched, int channel);

// Lets the thread poll once more.
void waiter_arm(waiter *self);

// Ends the thread and waits for its end. Afterwards nothing polls the descriptor.
void waiter_stop(waiter *self);

#endif
