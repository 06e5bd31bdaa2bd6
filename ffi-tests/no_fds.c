// Out of descriptors: each call that needs some fails with ORCH_E_NO_FD, leaves nothing behind, and
// works again as soon as there are enough.

#include "pty.h"
#include "watch.h"

#include <sys/resource.h>

static int highest_open(void) {
    int highest = 0;
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) != -1) highest = fd;
    }
    return highest;
}

// Leaves room for so many more descriptors.
static void leave_room(int free_fds) {
    int highest = highest_open();
    for (int fd = 0; fd <= highest; fd++) CHECK_SYS(fcntl(fd, F_GETFD));
    struct rlimit limit;
    CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = (rlim_t)(highest + 1 + free_fds);
    CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
}

static void restore_room(void) {
    struct rlimit limit;
    CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 1024;
    CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
}

// Fills the holes below the highest descriptor, so that only the limit counts.
static void fill_holes(void) {
    int highest = highest_open();
    for (;;) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CHECK_SYS(fd);
        if (fd < highest) continue;
        CHECK_SYS(close(fd));
        return;
    }
}

static void create(void) {
    int open_before = check_open_fds();
    orch_engine *engine = NULL;
    for (int room = 0;; room++) {
        leave_room(room);
        int32_t status = orch_engine_create(NULL, &engine);
        restore_room();
        if (status == ORCH_OK) break;
        CHECK_STATUS(status, ORCH_E_NO_FD);
        CHECK(engine == NULL);
        CHECK_INT(check_open_fds(), open_before);
        orch_error error;
        error.size = sizeof error;
        CHECK_OK(orch_error_get(NULL, &error));
        CHECK_INT(error.os_error, EMFILE);
        CHECK(room < 16);
    }
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_INT(check_open_fds(), open_before);
}

static void spawn(orch_engine *engine) {
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    orch_spawn_options options = host_options(argv, 1);
    uint64_t terminal = 0;
    int open_before = check_open_fds();
    int refused = 0;
    for (int room = 0;; room++) {
        leave_room(room);
        int32_t status = orch_terminal_spawn(engine, &options, &terminal);
        restore_room();
        if (status == ORCH_OK) break;
        refused++;
        CHECK_STATUS(status, ORCH_E_NO_FD);
        CHECK_INT(terminal, 0);
        CHECK_INT(check_open_fds(), open_before);
        // No child was left, running or not.
        CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
        CHECK_INT(errno, ECHILD);
        CHECK(room < 16);
    }
    CHECK(refused > 0);
    host_until_exit(engine, terminal, 0, NULL);
}

static void adopt(orch_engine *engine) {
    int slave;
    int master = pty_open(&slave);
    fill_holes();
    int open_before = check_open_fds();
    uint64_t terminal = 0;
    for (int room = 0;; room++) {
        leave_room(room);
        int32_t status = orch_terminal_adopt(engine, master, NULL, &terminal);
        restore_room();
        if (status == ORCH_OK) break;
        CHECK_STATUS(status, ORCH_E_NO_FD);
        CHECK_INT(terminal, 0);
        CHECK_INT(check_open_fds(), open_before);
        PTY_CHECK_UNTOUCHED(master, slave);
        CHECK(room < 16);
    }
    CHECK_SYS(close(slave));
}

// A watch costs one; waiting for what it has to report costs one for the moment of the call.
static void watch(orch_engine *engine) {
    static char base[WATCH_PATH_MAX];
    watch_enter(base);
    fill_holes();
    const orch_bytes root = orch_str(base);
    const orch_watch_options options = watch_options(&root);
    int open_before = check_open_fds(), refused = 0;
    uint64_t id = 0;
    for (int room = 0;; room++) {
        leave_room(room);
        int32_t status = orch_watch_add(engine, &options, &id);
        restore_room();
        if (status == ORCH_OK) break;
        refused++;
        CHECK_STATUS(status, ORCH_E_NO_FD);
        CHECK_INT(id, 0);
        CHECK_INT(check_open_fds(), open_before);
        CHECK(room < 16);
    }
    CHECK(refused > 0);
    CHECK_INT(check_open_fds(), open_before + 1);
    fill_holes();
    leave_room(0);
    int32_t status = orch_watch_sync(engine, id, 1);
    restore_room();
    CHECK_STATUS(status, ORCH_E_NO_FD);
    CHECK_OK(orch_watch_sync(engine, id, 2));
    CHECK_INT(check_open_fds(), open_before + 1);
    orch_event event = host_event();
    watch_until(engine, id, ORCH_EVENT_WATCH_SYNCED, &event);
    CHECK_INT(event.payload.watch_synced->sync_tag, 2);
    CHECK_OK(orch_watch_remove(engine, id));
    watch_leave(base);
}

int main(void) {
    check_start();
    restore_room();
    fill_holes();
    create();
    orch_engine *engine = host_engine();
    fill_holes();
    spawn(engine);
    fill_holes();
    adopt(engine);
    fill_holes();
    watch(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
