/* The peer of benches/terminals: what a plain, honest C program does with PTYs.
 *
 * A level-triggered epoll loop over PTY masters with one 64 KiB buffer and one read for each ready
 * event. No queue, no fairness, no log: the least that a host can do, and so the limit to measure by.
 *
 *   epoll_loop throughput PROGRAM ARGS...   bytes and seconds until the program's PTY hung up
 *   epoll_loop echo N FLOODS                N round trips of a byte through a raw `cat`, 1 ms apart,
 *                                           while FLOODS programs write as fast as they can
 *   epoll_loop flood FLOODS                 what FLOODS programs get through in a second
 *
 * Prints one line of key=value pairs. What it started is killed and reaped before it exits; it dies
 * with its parent and, in any case, after two minutes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, READY_MAX = 64, FLOODS_MAX = 256, SECONDS_MAX = 120 };

static const long long PAUSE_NS = 1000 * 1000;
static const long long SECOND_NS = 1000 * 1000 * 1000, WARM_UP_NS = 200 * 1000 * 1000;
static const char FLOOD_LINE[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

struct terminal {
    int master;
    pid_t pid;
};

static char buffer[BUFFER_BYTES];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void run_in_slave(const char *slave, char *const argv[])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    int fd = open(slave, O_RDWR); /* a session leader's first terminal is its controlling one */
    if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(126);
    if (fd > 2)
        close(fd);
    execvp(argv[0], argv);
    _exit(127);
}

static struct terminal start(char *const argv[], int raw)
{
    struct terminal t;
    char slave[64];
    struct winsize size = { .ws_row = 24, .ws_col = 80 };
    t.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (t.master < 0 || grantpt(t.master) || unlockpt(t.master))
        die("open a PTY");
    if (ptsname_r(t.master, slave, sizeof slave) || ioctl(t.master, TIOCSWINSZ, &size))
        die("set up a PTY");
    if (raw) {
        struct termios mode;
        if (tcgetattr(t.master, &mode))
            die("tcgetattr");
        cfmakeraw(&mode);
        if (tcsetattr(t.master, TCSANOW, &mode))
            die("tcsetattr");
    }
    t.pid = fork();
    if (t.pid < 0)
        die("fork");
    if (t.pid == 0)
        run_in_slave(slave, argv);
    return t;
}

static void watch(int epoll, const struct terminal *t)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = t->master };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, t->master, &event))
        die("epoll_ctl");
}

static void end(const struct terminal *t)
{
    kill(-t->pid, SIGKILL);
    kill(t->pid, SIGKILL);
    close(t->master);
    waitpid(t->pid, NULL, 0);
}

/* Bytes read; 0 when there are none now, -1 when the PTY has hung up. */
static ssize_t read_some(int fd)
{
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n > 0 ? n : -1;
}

static int throughput(int epoll, char *const argv[])
{
    long long from = now_ns(), bytes = 0;
    struct terminal t = start(argv, 0);
    watch(epoll, &t);
    for (;;) {
        struct epoll_event ready;
        int n = epoll_wait(epoll, &ready, 1, -1);
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        if (n <= 0)
            continue;
        ssize_t got = read_some(t.master);
        if (got < 0)
            break;
        bytes += got;
    }
    int status;
    waitpid(t.pid, &status, 0);
    double seconds = (now_ns() - from) / 1e9;
    close(t.master);
    printf("bytes=%lld seconds=%.6f\n", bytes, seconds);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

/* One epoll_wait and its reads. Returns when the echo was read, 0 when it was not. */
static long long serve(int epoll, int cat, long long wait_ns, long long *flood_bytes)
{
    struct epoll_event ready[READY_MAX];
    long long echoed = 0;
    int wait_ms = (int)((wait_ns + 999999) / 1000000);
    int n = epoll_wait(epoll, ready, READY_MAX, wait_ms);
    if (n < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < n; i++) {
        int fd = ready[i].data.fd;
        ssize_t got = read_some(fd);
        if (got < 0)
            die("a program has ended");
        if (fd != cat)
            *flood_bytes += got;
        else if (got > 0)
            echoed = now_ns();
    }
    return echoed;
}

static int ascending(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

static double percentile_us(const long long *sorted, int n, int percent)
{
    int rank = (n * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0] / 1e3;
}

/* The key is due a pause after the last echo and is typed when the loop comes to it. */
static void round_trips(int epoll, int cat, int n, long long *from_key, long long *from_due,
                        long long *flood_bytes)
{
    long long due = now_ns() + PAUSE_NS;
    for (int i = 0; i < n; i++) {
        for (long long now = now_ns(); now < due; now = now_ns())
            serve(epoll, cat, due - now, flood_bytes);
        long long typed = now_ns(), echoed = 0;
        if (write(cat, "x", 1) != 1)
            die("write");
        while (!echoed)
            echoed = serve(epoll, cat, 1000 * PAUSE_NS, flood_bytes);
        from_key[i] = echoed - typed;
        from_due[i] = echoed - due;
        due = echoed + PAUSE_NS;
    }
}

static int echo(int epoll, int n, int floods)
{
    char *cat_argv[] = { "cat", NULL };
    char *flood_argv[] = { "yes", (char *)FLOOD_LINE, NULL };
    struct terminal flood[FLOODS_MAX];
    struct terminal cat = start(cat_argv, 1);
    long long *from_key = calloc((size_t)n, sizeof *from_key);
    long long *from_due = calloc((size_t)n, sizeof *from_due);
    long long ignored = 0, flood_bytes = 0;
    if (!from_key || !from_due)
        die("calloc");
    watch(epoll, &cat);
    for (int i = 0; i < floods; i++) {
        flood[i] = start(flood_argv, 0);
        watch(epoll, &flood[i]);
    }
    int warm_up = n < 50 ? n : 50;
    round_trips(epoll, cat.master, warm_up, from_key, from_due, &ignored);
    long long from = now_ns();
    round_trips(epoll, cat.master, n, from_key, from_due, &flood_bytes);
    double seconds = (now_ns() - from) / 1e9;
    for (int i = 0; i < floods; i++)
        end(&flood[i]);
    end(&cat);
    qsort(from_key, (size_t)n, sizeof *from_key, ascending);
    qsort(from_due, (size_t)n, sizeof *from_due, ascending);
    printf("p50_us=%.3f p99_us=%.3f max_us=%.3f due_p50_us=%.3f due_p99_us=%.3f "
           "flood_bytes_per_s=%.0f\n",
           percentile_us(from_key, n, 50), percentile_us(from_key, n, 99), from_key[n - 1] / 1e3,
           percentile_us(from_due, n, 50), percentile_us(from_due, n, 99), flood_bytes / seconds);
    free(from_key);
    free(from_due);
    return 0;
}

/* What floods get through in a second while nobody types. */
static int flood(int epoll, int floods)
{
    char *flood_argv[] = { "yes", (char *)FLOOD_LINE, NULL };
    struct terminal flood[FLOODS_MAX];
    long long bytes = 0;
    for (int i = 0; i < floods; i++) {
        flood[i] = start(flood_argv, 0);
        watch(epoll, &flood[i]);
    }
    for (long long end = now_ns() + WARM_UP_NS; now_ns() < end;)
        serve(epoll, -1, WARM_UP_NS, &bytes);
    bytes = 0;
    long long from = now_ns(), now = from;
    for (; now < from + SECOND_NS; now = now_ns())
        serve(epoll, -1, SECOND_NS, &bytes);
    for (int i = 0; i < floods; i++)
        end(&flood[i]);
    printf("flood_bytes_per_s=%.0f\n", bytes / ((now - from) / 1e9));
    return 0;
}

int main(int argc, char *argv[])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(SECONDS_MAX);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll_create1");
    if (argc >= 3 && !strcmp(argv[1], "throughput"))
        return throughput(epoll, argv + 2);
    if (argc == 4 && !strcmp(argv[1], "echo")) {
        int n = atoi(argv[2]), floods = atoi(argv[3]);
        if (n >= 1 && n <= 1000000 && floods >= 0 && floods <= FLOODS_MAX)
            return echo(epoll, n, floods);
    }
    if (argc == 3 && !strcmp(argv[1], "flood")) {
        int floods = atoi(argv[2]);
        if (floods >= 1 && floods <= FLOODS_MAX)
            return flood(epoll, floods);
    }
    fprintf(stderr, "usage: epoll_loop throughput PROGRAM ARGS... | epoll_loop echo N FLOODS | "
                    "epoll_loop flood FLOODS\n");
    return 2;
}
