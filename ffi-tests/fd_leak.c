// Descriptors: a program in a terminal gets 0, 1 and 2 and none of the host's, however they were
// opened; and nothing that the engine opens would be inherited by a program that the host starts.

#include "pty.h"
#include "watch.h"

static const char *const list_fds[] = {"ls", "-1", "/proc/self/fd"};

static uint64_t spawn_list(orch_engine *engine) {
    orch_bytes argv[3];
    for (size_t i = 0; i < 3; i++) argv[i] = orch_str(list_fds[i]);
    orch_spawn_options options = host_options(argv, 3);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    return terminal;
}

// The fourth one is the directory that ls reads.
static void check_listed(orch_engine *engine, uint64_t terminal) {
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "0\r\n1\r\n2\r\n3\r\n");
}

// The host has inheritable descriptors, low, high, and with gaps between them.
static void open_many(void) {
    int ends[2];
    CHECK_SYS(pipe(ends));
    for (int fd = 40; fd <= 1000; fd += 97) CHECK_SYS(dup2(ends[0], fd));
    CHECK_SYS(open("/dev/null", O_RDWR));
    CHECK_SYS(open("/", O_RDONLY | O_DIRECTORY));
    CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY));
}

// Everything that was not open before has to be close-on-exec.
static void check_close_on_exec(const char *open_before) {
    int opened = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags == -1 || open_before[fd]) continue;
        opened++;
        CHECK_INT(flags & FD_CLOEXEC, FD_CLOEXEC);
    }
    CHECK(opened >= 3);
}

int main(void) {
    check_start();
    open_many();
    static char open_before[1024], base[WATCH_PATH_MAX];
    for (int fd = 0; fd < 1024; fd++) open_before[fd] = fcntl(fd, F_GETFD) != -1;
    int count_before = check_open_fds();

    orch_engine *engine = host_engine();
    orch_engine *other = host_engine();
    host_sh(engine, "exec cat");
    host_sh(other, "exec cat");
    int slave;
    int master = pty_open(&slave);
    uint64_t adopted = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, NULL, &adopted));
    watch_enter(base);
    watch_ready(other, base);
    check_close_on_exec(open_before);
    check_listed(engine, spawn_list(engine));

    // Also when it is started for another thread, and from an empty environment.
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    orch_bytes argv[3];
    for (size_t i = 0; i < 3; i++) argv[i] = orch_str(list_fds[i]);
    orch_spawn_options options = host_options(argv, 3);
    options.env_clear = 1;
    CHECK_OK(host_post_spawn(sender, &options, 1));
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_COMPLETED);
    CHECK_STATUS(event.payload.completed->status, ORCH_OK);
    CHECK_INT(event.source, 0);
    check_listed(engine, event.payload.completed->terminal);

    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_OK(orch_engine_destroy(other));
    CHECK_SYS(close(slave));
    host_reap_killed();
    CHECK_INT(check_open_fds(), count_before);
    watch_leave(base);
    return 0;
}
