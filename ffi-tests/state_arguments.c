// Bad arguments of the calls about the application state: NULL, sizes, numbers, texts, ids, references,
// limits. Each gives an error with a message, and changes nothing.

#include "state.h"

static const orch_bytes not_utf8 = {"a\xFF", 2};
static const orch_bytes null_text = {NULL, 3};

// The call is refused, and the state is as before.
#define REFUSED(call, status, part)                                     \
    do {                                                                \
        const uint64_t hash_before = state_hash(engine, ORCH_COLLECTION_ALL); \
        const uint64_t n_before = state_version(engine).n;              \
        CHECK_STATUS(call, status);                                     \
        CHECK_ERROR(engine, status, part);                              \
        CHECK_INT(state_version(engine).n, n_before);                   \
        CHECK_INT(state_hash(engine, ORCH_COLLECTION_ALL), hash_before); \
    } while (0)

static void queries(orch_engine *engine) {
    orch_session session = state_session("", "");
    orch_pane pane = state_pane("", "");
    orch_state_terminal terminal;
    orch_state_file file;
    uint64_t hash = 7;
    REFUSED(orch_state_get_version(engine, 0, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_state_get_hash(engine, 0, 1, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_state_get_hash(engine, 0, 0, &hash), ORCH_E_INVALID, "collections");
    REFUSED(orch_state_get_hash(engine, 0, 16, &hash), ORCH_E_INVALID, "collections");
    REFUSED(orch_state_get_hash(engine, 0, UINT32_MAX, &hash), ORCH_E_INVALID, "collections");
    CHECK_INT(hash, 7);
    const orch_bytes good = orch_str("main"), other = orch_str("other");
    REFUSED(state_find_session(engine, 0, null_text, &session), ORCH_E_INVALID, "NULL");
    REFUSED(state_find_session(engine, 0, not_utf8, &session), ORCH_E_INVALID, "UTF-8");
    REFUSED(state_find_session(engine, 0, state_none, &session), ORCH_E_STALE_ID, "entry");
    REFUSED(state_find_session(engine, 0, other, &session), ORCH_E_STALE_ID, "entry");
    REFUSED(state_find_pane(engine, 0, good, &pane), ORCH_E_STALE_ID, "entry");
    REFUSED(state_find_pane(engine, 0, not_utf8, &pane), ORCH_E_INVALID, "UTF-8");
    REFUSED(state_find_terminal(engine, 0, UINT64_MAX, &terminal), ORCH_E_STALE_ID, "entry");
    REFUSED(state_find_file(engine, 0, 0, 0, &file), ORCH_E_STALE_ID, "entry");
    orch_state_entry entry;
    orch_state_key key = state_key(ORCH_COLLECTION_SESSIONS, good, 0, 0);
    check_fill(&entry, sizeof entry);
    entry.size = sizeof entry;
    REFUSED(orch_state_get_entry(engine, 0, &key, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_state_get_entry(engine, 0, NULL, &entry), ORCH_E_INVALID, "key is NULL");
    const size_t sizes[] = {0, 8, sizeof entry - 1};
    for (uint32_t bit = 1; bit < ORCH_COLLECTION_ALL; bit <<= 1) {
        key.collection = bit;
        for (size_t i = 0; i < 3; i++) {
            entry.size = sizes[i];
            REFUSED(orch_state_get_entry(engine, 0, &key, &entry), ORCH_E_INVALID, "size");
            CHECK_INT(entry.size, sizes[i]);
        }
    }
    entry.size = sizeof entry;
    const uint32_t collections[] = {0, 3, ORCH_COLLECTION_ALL, 16, UINT32_MAX};
    for (size_t i = 0; i < sizeof collections / sizeof collections[0]; i++) {
        key.collection = collections[i];
        REFUSED(orch_state_get_entry(engine, 0, &key, &entry), ORCH_E_INVALID,
                "orch_state_key.collection");
    }
    key.collection = ORCH_COLLECTION_SESSIONS;
    key.reserved = 1;
    REFUSED(orch_state_get_entry(engine, 0, &key, &entry), ORCH_E_INVALID, "orch_state_key.reserved");
    CHECK(check_is_filled((char *)&entry + 8, sizeof entry - 8));
    // A peer that there is not.
    state_check_unreadable(engine, 1, ORCH_E_STALE_ID);
    state_check_unreadable(engine, UINT64_MAX, ORCH_E_STALE_ID);
    REFUSED(orch_watch_set_published(engine, 77, 1), ORCH_E_STALE_ID, "watch");
    REFUSED(orch_watch_set_published(engine, 77, 2), ORCH_E_INVALID, "publish");
    REFUSED(orch_review_answer(engine, 77, 1, state_none), ORCH_E_STALE_ID, "review");
    REFUSED(orch_review_answer(engine, 77, 0, not_utf8), ORCH_E_INVALID, "UTF-8");
    REFUSED(orch_review_answer(engine, 77, 0, null_text), ORCH_E_INVALID, "NULL");
    REFUSED(orch_review_answer(engine, 77, 2, state_none), ORCH_E_INVALID, "accept");
    REFUSED(orch_review_answer(engine, 77, 1, good), ORCH_E_INVALID, "reason");
    static char reason[1025];
    const orch_bytes longest = {reason, sizeof reason};
    REFUSED(orch_review_answer(engine, 77, 0, longest), ORCH_E_INVALID, "1,024");
}

// Cursors that nobody has written, collections that there are not.
static void changes(orch_engine *engine) {
    orch_state_cursor cursor = state_cursor(), before;
    orch_state_changes out;
    check_fill(&out, sizeof out);
    out.size = sizeof out;
#define BAD(call, part)                                           \
    do {                                                          \
        before = cursor;                                          \
        REFUSED(call, ORCH_E_INVALID, part);                      \
        CHECK_INT(memcmp(&before, &cursor, sizeof cursor), 0);    \
        CHECK(check_is_filled((char *)&out + 8, sizeof out - 8)); \
    } while (0)
    BAD(orch_state_get_changes(engine, 0, NULL, 15, 0, &out), "NULL");
    BAD(orch_state_get_changes(engine, 0, &cursor, 15, 0, NULL), "NULL");
    BAD(orch_state_get_changes(engine, 0, &cursor, 0, 0, &out), "collections");
    BAD(orch_state_get_changes(engine, 0, &cursor, 16, 0, &out), "collections");
    const size_t sizes[] = {0, 8, sizeof out - 1};
    for (size_t i = 0; i < 3; i++) {
        out.size = sizes[i];
        BAD(orch_state_get_changes(engine, 0, &cursor, 15, 0, &out), "size");
        CHECK_INT(out.size, sizes[i]);
    }
    out.size = sizeof out;
    for (size_t i = 0; i < 8; i++) {
        cursor = state_cursor();
        cursor.rest[i] = UINT64_MAX;
        BAD(orch_state_get_changes(engine, 0, &cursor, 15, 0, &out), "cursor");
    }
    check_fill(&cursor, sizeof cursor);
    BAD(orch_state_get_changes(engine, 0, &cursor, 15, 0, &out), "cursor");
#undef BAD
}

static void sessions(orch_engine *engine) {
    static char text[1 << 15];
    memset(text, 'x', sizeof text);
    const orch_key_value good = {orch_str("key"), orch_str("value")};
    orch_session bad;
    orch_state_version version = {7, 7};
#define BAD(assignment, status, part)                                                             \
    do {                                                                                          \
        bad = state_session("other", "");                                                         \
        assignment;                                                                               \
        REFUSED(state_set_session(engine, &bad, STATE_NO_BASE, &version), status, part); \
    } while (0)
    REFUSED(state_set_session(engine, NULL, STATE_NO_BASE, &version), ORCH_E_INVALID, "NULL");
    BAD(bad.size = 0, ORCH_E_INVALID, "size");
    BAD(bad.size--, ORCH_E_INVALID, "size");
    BAD(bad.id = state_none, ORCH_E_INVALID, "id");
    BAD(bad.id = null_text, ORCH_E_INVALID, "NULL");
    BAD(bad.id = not_utf8, ORCH_E_INVALID, "UTF-8");
    BAD(bad.id = orch_str("a b"), ORCH_E_INVALID, "A-Z");
    BAD((bad.id.data = text, bad.id.len = 65), ORCH_E_INVALID, "64");
    BAD(bad.id.len = SIZE_MAX, ORCH_E_INVALID, "memory");
    BAD(bad.name = not_utf8, ORCH_E_INVALID, "UTF-8");
    BAD((bad.name.data = text, bad.name.len = 1025), ORCH_E_INVALID, "1,024");
    BAD(bad.pane_count = 1, ORCH_E_INVALID, "NULL");
    BAD(bad.metadata_count = 1, ORCH_E_INVALID, "NULL");
    BAD((bad.metadata = &good, bad.metadata_count = SIZE_MAX), ORCH_E_INVALID, "memory");
    const orch_bytes foreign = orch_str("of-nobody"), twice[] = {orch_str("p"), orch_str("p")};
    BAD((bad.panes = &foreign, bad.pane_count = 1), ORCH_E_INVALID, "of-nobody");
    BAD((bad.panes = twice, bad.pane_count = 2), ORCH_E_INVALID, "twice");
    BAD((bad.panes = &not_utf8, bad.pane_count = 1), ORCH_E_INVALID, "UTF-8");
    const orch_key_value pairs[] = {
        {orch_str(""), orch_str("")},  {not_utf8, orch_str("")}, {orch_str("key"), not_utf8},
        {orch_str("key"), null_text}, {{text, 65}, state_none}, {orch_str("key"), {text, 4097}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *part = i == 1 || i == 2 ? "UTF-8" : i == 3 ? "NULL" : "metadata";
        BAD((bad.metadata = &pairs[i], bad.metadata_count = 1), ORCH_E_INVALID, part);
    }
    const orch_key_value same[] = {good, good};
    BAD((bad.metadata = same, bad.metadata_count = 2), ORCH_E_INVALID, "twice");
#undef BAD
    REFUSED(state_remove_session(engine, not_utf8, 0, &version), ORCH_E_INVALID, "UTF-8");
    REFUSED(state_remove_session(engine, null_text, 0, &version), ORCH_E_INVALID, "NULL");
    REFUSED(state_remove_pane(engine, not_utf8, 0, &version), ORCH_E_INVALID, "UTF-8");
    CHECK_INT(version.epoch + version.n, 14);
}

static void panes(orch_engine *engine) {
    static char text[4097];
    memset(text, 'x', sizeof text);
    text[0] = '/';
    orch_pane bad;
    orch_state_version version = {7, 7};
#define BAD(assignment, part)                                                                \
    do {                                                                                     \
        bad = state_pane("other", "main");                                                   \
        assignment;                                                                          \
        REFUSED(state_set_pane(engine, &bad, STATE_NO_BASE, &version), ORCH_E_INVALID, \
                part);                                                                       \
    } while (0)
    REFUSED(state_set_pane(engine, NULL, STATE_NO_BASE, &version), ORCH_E_INVALID, "NULL");
    BAD(bad.size = 0, "size");
    BAD(bad.size--, "size");
    BAD(bad.reserved = 1, "reserved");
    BAD(bad.id = state_none, "id");
    BAD(bad.id = not_utf8, "UTF-8");
    BAD(bad.session = state_none, "session");
    BAD(bad.session = orch_str("nowhere"), "nowhere");
    BAD(bad.session = not_utf8, "UTF-8");
    BAD((bad.title.data = text, bad.title.len = 1025), "1,024");
    BAD(bad.content = 4, "orch_pane.content is 4");
    BAD(bad.content = UINT32_MAX, "content");
    BAD((bad.content = ORCH_PANE_TERMINAL, bad.terminal = 12345), "12345");
    BAD(bad.content = ORCH_PANE_FILE, "path");
    BAD((bad.content = ORCH_PANE_FILE, bad.data = orch_str("relative")), "path");
    BAD((bad.content = ORCH_PANE_FILE, bad.data.data = "/a\0b", bad.data.len = 4), "path");
    BAD((bad.content = ORCH_PANE_FILE, bad.data.data = text, bad.data.len = 4097), "path");
    BAD((bad.content = ORCH_PANE_FILE, bad.data = null_text), "NULL");
    BAD((bad.content = ORCH_PANE_CUSTOM, bad.data.data = text, bad.data.len = 257), "256");
    BAD((bad.content = ORCH_PANE_CUSTOM, bad.data = not_utf8), "UTF-8");
    BAD(bad.metadata_count = 1, "NULL");
#undef BAD
    CHECK_INT(version.epoch + version.n, 14);
}

static void change_sets(orch_engine *engine) {
    orch_session session = state_session("other", "");
    orch_pane pane = state_pane("p", "other");
    orch_state_op ops[2], good = state_op(ORCH_STATE_OP_SET_SESSION, "other");
    orch_state_version version = {7, 7};
    orch_state_refusal refusal;
    good.session = &session;
#define BAD(assignment, part)                                                                    \
    do {                                                                                         \
        ops[0] = ops[1] = good;                                                                  \
        assignment;                                                                              \
        check_fill(&refusal, sizeof refusal);                                                    \
        refusal.size = sizeof refusal;                                                           \
        REFUSED(orch_state_change(engine, ops, 2, sizeof ops[0], &version, &refusal), ORCH_E_INVALID, \
                part);                                                                           \
        CHECK_INT(refusal.index, 1);                                                             \
        CHECK_INT(refusal.version + refusal.collection, 0);                                      \
    } while (0)
    BAD(ops[1].kind = 0, "operation 1");
    BAD(ops[1].kind = 5, "operation 1");
    BAD(ops[1].flags = 2, "orch_state_op.flags");
    BAD(ops[1].flags = UINT32_MAX, "flags");
    BAD(ops[1].base = 1, "ORCH_STATE_OP_HAS_BASE");
    BAD(ops[1].id = orch_str("another"), "session's");
    BAD(ops[1].id = not_utf8, "operation 1");
    BAD(ops[1].session = NULL, "NULL");
    BAD(ops[1].kind = ORCH_STATE_OP_SET_PANE, "NULL");
    BAD((ops[1].kind = ORCH_STATE_OP_SET_PANE, ops[1].pane = &pane), "pane's");
    pane.session = orch_str("nowhere");
    BAD((ops[1] = state_op(ORCH_STATE_OP_SET_PANE, "p"), ops[1].pane = &pane), "nowhere");
#undef BAD
    // What is wrong with the call itself names no operation.
    check_fill(&refusal, sizeof refusal);
    refusal.size = sizeof refusal;
    const orch_state_refusal before = refusal;
    ops[0] = ops[1] = good;
    REFUSED(orch_state_change(engine, NULL, 1, sizeof ops[0], &version, &refusal), ORCH_E_INVALID, "NULL");
    REFUSED(orch_state_change(engine, ops, 1, sizeof ops[0] - 1, &version, &refusal), ORCH_E_INVALID,
            "stride");
    REFUSED(orch_state_change(engine, ops, SIZE_MAX / 2, sizeof ops[0], &version, &refusal), ORCH_E_INVALID,
            "memory");
    CHECK_INT(memcmp(&refusal, &before, sizeof refusal), 0);
    refusal.size = sizeof refusal - 1;
    REFUSED(orch_state_change(engine, ops, 1, sizeof ops[0], &version, &refusal), ORCH_E_INVALID, "size");
    CHECK(check_is_filled((char *)&refusal + 8, sizeof refusal - 8));
    CHECK_INT(version.epoch + version.n, 14);
}

// Limits of the configuration, and values of it that mean nothing.
static void limits(void) {
    orch_config config = host_config();
    orch_engine *engine = NULL;
    orch_session session = state_session("two", "");
    orch_state_op ops[3];
    config.review_changes = 2;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "review_changes");
    config = host_config();
    config.reserved_end = 1;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "reserved");
    config = host_config();
    config.state_bytes = 1;
    config.client_message_bytes = 1;
    CHECK_STATUS(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "state_bytes");
    CHECK_ERROR(NULL, ORCH_E_INVALID, "client_message_bytes");
    CHECK(engine == NULL);
    config = host_config();
    config.state_sessions = 1;
    config.state_change_ops = 2;
    CHECK_OK(orch_engine_create(&config, &engine));
    state_put_session(engine, "one", "");
    REFUSED(state_set_session(engine, &session, STATE_NO_BASE, NULL), ORCH_E_LIMIT,
            "state_sessions");
    for (size_t i = 0; i < 3; i++) ops[i] = state_op(ORCH_STATE_OP_REMOVE_PANE, "p");
    REFUSED(orch_state_change(engine, ops, 3, sizeof ops[0], NULL, NULL), ORCH_E_LIMIT, "state_change_ops");
    CHECK_OK(orch_state_change(engine, ops, 2, sizeof ops[0], NULL, NULL));
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    state_check_refused(NULL, ORCH_E_INVALID);
    orch_engine *engine = host_engine();
    state_put_session(engine, "main", "Main");
    queries(engine);
    changes(engine);
    sessions(engine);
    panes(engine);
    change_sets(engine);
    CHECK_OK(orch_engine_destroy(engine));
    limits();
    return 0;
}
