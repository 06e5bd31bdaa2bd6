// Lets a program under valgrind have pidfds. valgrind 3.19 does not know the system call pidfd_open, so
// it fails there with ENOSYS, and the library would look for the end of each program from time to time
// instead (ffi-tests/destroy.c tests that). And it lets processor time be what it is without valgrind, about: a turn
// takes fifty times as much in it, and would be reported as a slow one.
//
// Two programs in one file. The first wraps a command line: it runs outside valgrind and opens pidfds
// for what runs in it. The second, with ORCHFLOW_PRELOAD defined, is a library to be preloaded: it
// takes the place of glibc's syscall(2), which is how the library calls pidfd_open, and of clock_gettime(2).
//
//     helper LIBRARY COMMAND...
//
// Between them is a socket: a process id one way, the descriptor (or an errno) the other way.

#define _GNU_SOURCE 1
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_NAME "ORCHFLOW_PIDFD_SOCKET"

// Room for one descriptor beside a message.
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

static struct msghdr message_of(struct iovec *part, int *number, union control *control) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    memset(control, 0, sizeof *control);
    part->iov_base = number;
    part->iov_len = sizeof *number;
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = control->bytes;
    message.msg_controllen = sizeof control->bytes;
    return message;
}

#ifdef ORCHFLOW_PRELOAD

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long ask(int socket, int pid) {
    struct iovec part;
    union control control;
    int number = pid;
    struct msghdr message = message_of(&part, &number, &control);
    ssize_t done;
    do {
        done = send(socket, &pid, sizeof pid, MSG_NOSIGNAL);
    } while (done < 0 && errno == EINTR);
    if (done < 0) return -1;
    do {
        done = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (done < 0 && errno == EINTR);
    if (done < 0) return -1;
    if (number != 0) {
        errno = number;
        return -1;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || (message.msg_flags & MSG_CTRUNC)) {
        errno = EMFILE;
        return -1;
    }
    memcpy(&number, CMSG_DATA(header), sizeof number);
    return number;
}

long syscall(long number, ...) {
    static long (*real)(long, ...);
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "syscall");
        memcpy(&real, &symbol, sizeof symbol);
    }
    const char *socket = getenv(SOCKET_NAME);
    if (number != SYS_pidfd_open || socket == NULL) {
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    pthread_mutex_lock(&lock);
    long descriptor = ask(atoi(socket), (int)a[0]);
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define SLOWER 50

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
        memcpy(&real, &symbol, sizeof symbol);
    }
    int outcome = real(clock, time);
    if (outcome == 0 && clock == CLOCK_THREAD_CPUTIME_ID) {
        long long nanos = (time->tv_sec * 1000000000LL + time->tv_nsec) / SLOWER;
        time->tv_sec = (time_t)(nanos / 1000000000);
        time->tv_nsec = (long)(nanos % 1000000000);
    }
    return outcome;
}

#else

static void answer(int socket, int pid) {
    struct iovec part;
    union control control;
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    int number = descriptor < 0 ? errno : 0;
    struct msghdr message = message_of(&part, &number, &control);
    if (descriptor < 0) {
        message.msg_controllen = 0;
    } else {
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) perror("helper: sendmsg");
    if (descriptor >= 0) close(descriptor);
}

int main(int argc, char **argv) {
    int ends[2], pid, status;
    char name[16];
    if (argc < 3 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return 2;
    pid_t child = fork();
    if (child < 0) return 2;
    if (child == 0) {
        // The number stays out of the way of what the tests count and fill.
        int end = dup2(ends[1], 900);
        snprintf(name, sizeof name, "%d", end);
        setenv(SOCKET_NAME, name, 1);
        setenv("LD_PRELOAD", argv[1], 1);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    close(ends[1]);
    while (recv(ends[0], &pid, sizeof pid, 0) == sizeof pid) answer(ends[0], pid);
    if (waitpid(child, &status, 0) != child) return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif
