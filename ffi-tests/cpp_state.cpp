// orchflow.hpp: the application state and the server through its classes: entries, change sets, changes,
// listeners, tokens. A client in C++ would need what serve.h has for C; reviews and clients are in there.

#include "check.h"

#include <cstddef>
#include <orchflow.hpp>
#include <set>
#include <string>
#include <type_traits>

namespace {

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

using names = std::set<std::string>;

std::string text(orch_bytes bytes) { return std::string(orch::view(bytes)); }

// Brings a copy of the panes' ids up to date; how many slices that took.
size_t catch_up(orch::engine &engine, names &copy, orch::state_cursor &cursor, size_t max = 0) {
    for (size_t slices = 1;; slices++) {
        const auto changes = engine.state_changes(cursor, ORCH_COLLECTION_PANES, max);
        CHECK(changes);
        if (changes->is_full()) copy.clear();
        for (const orch_state_key &gone : changes->removed()) copy.erase(text(gone.text));
        for (const orch_pane &pane : changes->panes()) copy.insert(text(pane.id));
        CHECK_INT(changes->sessions().size() + changes->terminals().size(), 0);
        CHECK_INT(changes->version().epoch, cursor.raw.epoch);
        if (!changes->has_more()) return slices;
    }
}

void entries() {
    orch::engine engine = make_engine();
    CHECK_INT(engine.state_version()->n, 0);
    CHECK_INT(*engine.state_hash(), 0);
    const orch::session main =
        orch::session("main").name("Main").metadata("b", "2").metadata("a", "1");
    const auto made = engine.set(main, 0);
    CHECK(made && made->n == 1 && made->epoch == engine.state_version()->epoch);
    CHECK_INT(engine.set(main, 0).error().code(), ORCH_E_CONFLICT);
    const auto terminal = engine.spawn({"cat"});
    CHECK(terminal);
    CHECK(engine.set(orch::pane("p1", "main").title("Shell").terminal(*terminal)));
    CHECK(engine.set(orch::pane("p2", "main").file("/\xFF")));
    CHECK(engine.set(orch::pane("p3", "main").custom("clock").metadata("k", "v")));
    CHECK(*engine.state_hash() != 0);
    CHECK(*engine.state_hash(ORCH_COLLECTION_FILES) == 0);
    const auto session = engine.session("main");
    CHECK(session && orch::view(session->name) == "Main");
    std::string panes, pairs;
    for (const orch_bytes &pane : orch::panes_of(*session)) panes += text(pane) + ' ';
    for (const orch_key_value &pair : orch::metadata_of(*session)) {
        pairs += text(pair.key) + '=' + text(pair.value) + ' ';
    }
    CHECK(panes == "p1 p2 p3 ");
    CHECK(pairs == "a=1 b=2 ");
    auto pane = engine.pane("p1");
    CHECK(pane && pane->content == ORCH_PANE_TERMINAL && pane->terminal == *terminal);
    CHECK(orch::view(pane->title) == "Shell");
    pane = engine.pane("p2");
    CHECK(pane && pane->content == ORCH_PANE_FILE && orch::view(pane->data) == "/\xFF");
    pane = engine.pane("p3");
    CHECK(pane && pane->content == ORCH_PANE_CUSTOM && orch::view(pane->data) == "clock");
    CHECK_INT(orch::metadata_of(*pane).size(), 1);
    const auto facts = engine.state_terminal(*terminal);
    CHECK(facts && facts->flags == ORCH_TERMINAL_RUNNING && facts->cols == 80);
    CHECK_INT(engine.state_file(1, 1).error().code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.session("none").error().code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.pane("none").error().code(), ORCH_E_STALE_ID);
    CHECK(engine.remove_pane("p3"));
    CHECK(engine.remove_pane("p3"));
    CHECK_INT(engine.remove_pane("p2", 1).error().code(), ORCH_E_CONFLICT);
    CHECK(engine.remove_session("main", engine.session("main")->version));
    CHECK(!engine.pane("p1"));
    CHECK_INT(engine.publish_watch(1).code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.accept(1).code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.refuse(1, "no").code(), ORCH_E_STALE_ID);
}

void change_sets() {
    orch::engine engine = make_engine();
    orch::change_set set;
    // Many, so that what is not reserved would move.
    for (int i = 0; i < 40; i++) {
        const std::string id = std::to_string(i);
        set.set(orch::pane("p" + id, "s" + id).metadata("number", id));
        set.set(orch::session("s" + id).name("a name that is too long to be stored in place " + id), 0);
    }
    const auto version = engine.change(set.remove_session("none"));
    CHECK(version && version->n == 1);
    const auto session = engine.session("s39");
    CHECK(session);
    CHECK(orch::view(session->name) == "a name that is too long to be stored in place 39");
    CHECK(orch::view(orch::panes_of(*session)[0]) == "p39");
    orch_state_refusal refusal = {};
    // The same set again: its sessions are there now.
    CHECK_INT(engine.change(set, &refusal).error().code(), ORCH_E_CONFLICT);
    CHECK_INT(refusal.index, 1);
    CHECK_INT(refusal.version, 1);
    CHECK_INT(refusal.collection, ORCH_COLLECTION_SESSIONS);
    CHECK(engine.last_error().find("operation 1") != std::string::npos);
    CHECK(engine.change(orch::change_set().remove_pane("p0").remove_session("s1", 1)));
    CHECK_INT(engine.state_version()->n, 2);
    CHECK_INT(engine.change({})->n, 2);
}

void differences() {
    orch::engine engine = make_engine();
    names copy;
    orch::state_cursor cursor;
    CHECK(engine.set(orch::session("s")));
    for (int i = 0; i < 10; i++) CHECK(engine.set(orch::pane("p" + std::to_string(i), "s")));
    CHECK(catch_up(engine, copy, cursor, 3) >= 4);
    CHECK_INT(copy.size(), 10);
    const orch_state_version before = *engine.state_version();
    CHECK(engine.remove_pane("p4"));
    CHECK_INT(catch_up(engine, copy, cursor), 1);
    CHECK_INT(copy.size(), 9);
    // A cursor is a value, and may begin at a version.
    orch::state_cursor other = cursor, from(before);
    CHECK_INT(engine.state_changes(other, ORCH_COLLECTION_PANES)->panes().size(), 0);
    const auto changes = engine.state_changes(from);
    CHECK(changes && !changes->is_full());
    CHECK_INT(changes->removed().size(), 1);
    CHECK_INT(changes->removed()[0].collection, ORCH_COLLECTION_PANES);
    CHECK_INT(changes->files().size(), 0);
    CHECK_INT(changes->raw().size, sizeof(orch_state_changes));
    CHECK_INT(engine.state_changes(cursor, 0).error().code(), ORCH_E_INVALID);
}

void serving() {
    orch::engine engine = make_engine();
    const auto listener = engine.listen(orch::listen_options("127.0.0.1:0")
                                            .host("name.example:80")
                                            .origin("https://name.example")
                                            .resource("/index.html", "<!doctype html>")
                                            .resource("/data", "1", "text/csv")
                                            .resource_directory("/tmp"));
    CHECK(listener);
    const auto address = engine.listen_address(*listener);
    CHECK(address && address->compare(0, 10, "127.0.0.1:") == 0 && address->size() > 10);
    CHECK_INT(engine.listen(orch::listen_options("0.0.0.0:0")).error().code(), ORCH_E_INVALID);
    CHECK_INT(engine.listen(orch::listen_options("127.0.0.1:0").resource("no slash", "")).error().code(),
              ORCH_E_INVALID);
    CHECK_INT(engine.listen(orch::listen_options::adopted(-1)).error().code(), ORCH_E_INVALID);
    const auto remote = engine.listen(orch::listen_options("0.0.0.0:0").allow_remote());
    CHECK(remote && *remote != *listener);
    CHECK(engine.unlisten(*remote));
    CHECK_INT(engine.unlisten(*remote).code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.listen_address(*remote).error().code(), ORCH_E_STALE_ID);
    const std::string secret(32, '\1');
    auto token = engine.add_token(
        orch::token_options(ORCH_SCOPE_OBSERVE | ORCH_SCOPE_TYPE).label("mine").secret(secret).expires_in(
            orch::milliseconds{60000}));
    CHECK(token && token->text.size() == ORCH_TOKEN_BYTES);
    CHECK_INT(engine.add_token(orch::token_options(ORCH_SCOPE_ALL).secret(secret)).error().code(),
              ORCH_E_INVALID);
    CHECK(engine.revoke_token(token->id));
    CHECK_INT(engine.revoke_token(token->id).code(), ORCH_E_STALE_ID);
    token = engine.add_token(orch::token_options(ORCH_SCOPE_ALL));
    CHECK(token && token->text.find('\0') == std::string::npos);
    // A duration below a millisecond is not "for ever".
    CHECK_INT(orch::token_options(1).expires_in(orch::milliseconds{-5}).raw.expires_in_ms, 1);
    CHECK(engine.grant_directory("/tmp"));
    CHECK_INT(engine.grant_directory("/nothing/there").code(), ORCH_E_NOT_FOUND);
    CHECK(engine.set_profile("shell"));
    CHECK(engine.set_profile("make", orch::spawn_options{"make", "-j4"}));
    CHECK_INT(engine.set_profile("").code(), ORCH_E_INVALID);
    CHECK(engine.remove_profile("shell"));
    CHECK_INT(engine.remove_profile("shell").code(), ORCH_E_STALE_ID);
    CHECK(engine.revoke_directory("/tmp"));
    CHECK_INT(engine.revoke_directory("/tmp").code(), ORCH_E_STALE_ID);
    CHECK(engine.listeners() == std::vector<orch::listener_id>{*listener});
    CHECK(engine.clients().empty());
    CHECK_INT(engine.client_state(1).error().code(), ORCH_E_STALE_ID);
    CHECK_INT(engine.close_client(1).code(), ORCH_E_STALE_ID);
}

// Changes of another size: what this header does not know is left out, what is missing is 0.
void other_sizes() {
    orch_state_changes older = {};
    older.size = offsetof(orch_state_changes, files);
    older.more = 1;
    older.file_count = 99;
    CHECK(orch::state_changes(older).has_more());
    CHECK_INT(orch::state_changes(older).files().size(), 0);
    // Elements of a newer library are larger.
    struct {
        orch_state_op op;
        char tail[16];
    } ops[2] = {};
    ops[1].op.kind = ORCH_STATE_OP_REMOVE_PANE;
    orch_event_review changes = {};
    changes.review = 7;
    changes.client = 8;
    CHECK_INT(orch::review(changes).ops().size(), 0);
    changes.ops = &ops[0].op;
    changes.op_count = 2;
    changes.op_stride = sizeof ops[0];
    CHECK_INT(orch::review(changes).id(), 7);
    CHECK_INT(orch::review(changes).client(), 8);
    CHECK_INT(orch::review(changes).ops().size(), 2);
    CHECK_INT(orch::review(changes).ops()[1].kind, ORCH_STATE_OP_REMOVE_PANE);
    CHECK(&orch::review(changes).raw() == &changes);
    orch_event raw = orch::sized<orch_event>();
    CHECK(!orch::event(raw).review());
    raw.payload.review = &changes;
    CHECK(!orch::event(raw).review());
    raw.kind = ORCH_EVENT_REVIEW;
    CHECK(orch::event(raw).review().has_value());
    CHECK_INT(orch::event(raw).review()->id(), 7);
    static_assert(std::is_copy_constructible_v<orch::change_set>, "change sets are a value");
    static_assert(!std::is_convertible_v<const char *, orch::session>, "said explicitly");
}

}  // namespace

int main() {
    check_start();
    entries();
    change_sets();
    differences();
    serving();
    other_sizes();
    return 0;
}
