// What is in an engine, listed by kind: as many ids as there is room for, and how many there are.

#include "peer.h"
#include "watch.h"

static peer_pair pair;

// The list of this kind has exactly this id in it.
static void check_only(orch_engine *engine, uint32_t kind, uint64_t id) {
    uint64_t ids[2] = {77, 77};
    size_t count = 77;
    CHECK_OK(orch_engine_list(engine, kind, ids, 2, &count));
    CHECK_INT(count, 1);
    CHECK_INT(ids[0], id);
    CHECK_INT(ids[1], 77);
    CHECK_INT(host_count(engine, kind), 1);
}

// Every kind is empty at first, and fills by itself.
static void each_kind(void) {
    static char base[WATCH_PATH_MAX];
    orch_engine *engine = host_engine();
    for (uint32_t kind = ORCH_LIST_TERMINALS; kind <= ORCH_LIST_PEERS; kind++) {
        CHECK_INT(host_count(engine, kind), 0);
    }
    uint64_t terminal = host_sh(engine, "exec cat");
    check_only(engine, ORCH_LIST_TERMINALS, terminal);
    check_only(engine, ORCH_LIST_ACTIVE_TERMINALS, terminal);
    uint64_t ended = host_sh(engine, "exit 3");
    host_until_exit(engine, ended, 3, NULL);
    check_only(engine, ORCH_LIST_ACTIVE_TERMINALS, terminal);
    CHECK_INT(host_count(engine, ORCH_LIST_TERMINALS), 2);
    watch_enter(base);
    check_only(engine, ORCH_LIST_WATCHES, watch_ready(engine, base));
    char address[256];
    uint64_t listener = serve_listen(engine, "127.0.0.1:0", address);
    check_only(engine, ORCH_LIST_LISTENERS, listener);
    CHECK(serve_listen(engine, "127.0.0.1:0", address) != listener);
    CHECK_INT(host_count(engine, ORCH_LIST_LISTENERS), 2);
    CHECK_OK(orch_listener_remove(engine, listener));
    CHECK_INT(host_count(engine, ORCH_LIST_LISTENERS), 1);
    CHECK_INT(host_count(engine, ORCH_LIST_CLIENTS) + host_count(engine, ORCH_LIST_PEERS), 0);
    CHECK_OK(orch_engine_destroy(engine));
    watch_leave(base);
}

// Clients on one side, peers on the other.
static void both_sides(void) {
    peer_start(&pair, "127.0.0.1:0");
    check_only(pair.mirror, ORCH_LIST_PEERS, pair.peer);
    CHECK_INT(host_count(pair.mirror, ORCH_LIST_CLIENTS), 0);
    CHECK_INT(host_count(pair.server, ORCH_LIST_CLIENTS), 1);
    CHECK_INT(host_count(pair.server, ORCH_LIST_PEERS), 0);
    peer_end(&pair);
}

// Less room than there are ids, and kinds that there are not.
static void arguments(void) {
    orch_engine *engine = host_engine();
    uint64_t ids[3] = {77, 77, 77};
    size_t count = 77;
    for (int i = 0; i < 3; i++) host_sh(engine, "exec cat");
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, ids, 2, &count));
    CHECK_INT(count, 3);
    CHECK(ids[0] != ids[1] && ids[0] != 77 && ids[1] != 77);
    CHECK_INT(ids[2], 77);
    count = 77;
    const uint32_t unknown[] = {0, 7, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        CHECK_STATUS(orch_engine_list(engine, unknown[i], ids, 2, &count), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "kind");
    }
    for (uint32_t kind = ORCH_LIST_TERMINALS; kind <= ORCH_LIST_PEERS; kind++) {
        CHECK_STATUS(orch_engine_list(engine, kind, NULL, 1, &count), ORCH_E_INVALID);
        CHECK_STATUS(orch_engine_list(engine, kind, ids, 2, NULL), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "NULL");
        CHECK_STATUS(orch_engine_list(NULL, kind, ids, 2, &count), ORCH_E_INVALID);
    }
    CHECK_INT(count, 77);
    CHECK_INT(ids[2], 77);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    each_kind();
    both_sides();
    arguments();
    return 0;
}
