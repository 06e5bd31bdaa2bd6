// dlopen and dlclose a hundred times, with an engine and a program in each, also on threads that end
// after the library was closed. The library is found as the program was linked: by its SONAME.

#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <orchflow.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#define ROUNDS 100

// A function of the library by its name; a pointer to data is not one to a function in ISO C.
static void find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

static void use(void *library) {
    int32_t (*create)(const orch_config *, orch_engine **);
    int32_t (*destroy)(orch_engine *);
    int32_t (*engine_fd)(const orch_engine *);
    int32_t (*turn)(orch_engine *, int32_t);
    int32_t (*next_event)(orch_engine *, orch_event *);
    int32_t (*struct_init)(void *, size_t);
    orch_bytes (*str)(const char *);
    int32_t (*spawn)(orch_engine *, const orch_spawn_options *, uint64_t *);
    find(library, "orch_engine_create", &create);
    find(library, "orch_engine_destroy", &destroy);
    find(library, "orch_engine_get_fd", &engine_fd);
    find(library, "orch_engine_turn", &turn);
    find(library, "orch_engine_next_event", &next_event);
    find(library, "orch_struct_init", &struct_init);
    find(library, "orch_str", &str);
    find(library, "orch_terminal_spawn", &spawn);

    orch_engine *engine = NULL;
    CHECK_INT(create(NULL, &engine), ORCH_OK);
    orch_bytes argv[2] = {str("echo"), str("hello")};
    orch_spawn_options options;
    CHECK_INT(struct_init(&options, sizeof options), ORCH_OK);
    options.argv = argv;
    options.argv_len = 2;
    uint64_t terminal = 0;
    CHECK_INT(spawn(engine, &options, &terminal), ORCH_OK);
    // Also a failure, for what the library keeps for each thread.
    CHECK_INT(turn(NULL, 0), ORCH_E_INVALID);
    orch_event event = ORCH_EVENT_INIT;
    size_t bytes = 0;
    while (event.kind != ORCH_EVENT_EXITED) {
        struct pollfd fd = {engine_fd(engine), POLLIN, 0};
        CHECK_INT(poll(&fd, 1, -1), 1);
        CHECK_INT(turn(engine, 0), ORCH_OK);
        while (next_event(engine, &event) == ORCH_OK) {
            if (event.kind == ORCH_EVENT_OUTPUT) bytes += event.payload.output->len;
            if (event.kind == ORCH_EVENT_EXITED) break;
        }
    }
    CHECK_INT(bytes, strlen("hello\r\n"));
    CHECK_INT(destroy(engine), ORCH_OK);
}

static void *round_trip(void *argument) {
    (void)argument;
    void *library = dlopen("liborchflow.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) dprintf(check_stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    use(library);
    CHECK_INT(dlclose(library), 0);
    return NULL;
}

int main(void) {
    check_start();
    // This program is not linked with the library, so that closing it is for real.
    CHECK(dlopen("liborchflow.so.0", RTLD_NOW | RTLD_NOLOAD) == NULL);
    int open_before = check_open_fds();
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 10 == 9) {
            pthread_t thread;
            CHECK_INT(pthread_create(&thread, NULL, round_trip, NULL), 0);
            CHECK_INT(pthread_join(thread, NULL), 0);
        } else {
            round_trip(NULL);
        }
        CHECK_INT(check_open_fds(), open_before);
    }
    CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_INT(errno, ECHILD);
    return 0;
}
