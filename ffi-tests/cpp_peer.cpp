// orchflow.hpp: peers through its classes: options, events, requests, change sets, the copy of the state.

#include "check.h"

#include <cstddef>
#include <orchflow.hpp>
#include <poll.h>
#include <set>
#include <string>
#include <type_traits>

namespace {

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

// An engine that serves and one that mirrors it, driven together.
class pair {
public:
    pair() {
        const auto listener = server.listen(orch::listen_options("127.0.0.1:0"));
        CHECK(listener);
        const auto address = server.listen_address(*listener);
        const auto token = server.add_token(orch::token_options(ORCH_SCOPE_ALL));
        CHECK(address && token);
        orch::peer_options options(*address, token->text);
        options.name("mirror").host(*address).tag(9).flags(ORCH_CONNECT_JSON);
        options.retry(orch::milliseconds{1}, orch::milliseconds{2}).collections(ORCH_COLLECTION_ALL);
        options.breaker(100, 1, orch::milliseconds{1});
        const auto made = mirror.connect(options);
        CHECK(made);
        peer = *made;
    }

    orch::peer_event next() {
        for (;;) {
            if (const auto event = mirror.next_event()) {
                CHECK_INT(event->kind(), ORCH_EVENT_PEER);
                CHECK_INT(event->tag(), 9);
                CHECK(event->peer().has_value());
                CHECK_INT(event->peer()->peer(), peer);
                return *event->peer();
            }
            struct pollfd fds[2] = {{server.fd(), POLLIN, 0}, {mirror.fd(), POLLIN, 0}};
            CHECK(poll(fds, 2, -1) > 0);
            CHECK(server.turn());
            while (const auto event = server.next_event()) CHECK(event->kind() != ORCH_EVENT_LOG);
            CHECK(mirror.turn());
        }
    }
    orch::peer_event until(uint32_t kind) {
        for (;;) {
            const orch::peer_event event = next();
            if (event.kind() == ORCH_PEER_OUTPUT) output += event.data();
            if (event.kind() == kind) return event;
            CHECK(event.kind() != ORCH_PEER_DISCONNECTED && event.kind() != ORCH_PEER_PROBLEM);
        }
    }
    orch::peer_event answer(const orch::result<uint64_t> &number) {
        CHECK(number);
        const orch::peer_event event = until(ORCH_PEER_ANSWER);
        CHECK_INT(event.number(), *number);
        return event;
    }

    orch::engine server = make_engine(), mirror = make_engine();
    orch::peer_id peer = 0;
    std::string output;
};

void state(pair &both) {
    CHECK(both.server.set(orch::session("main").name("Main")));
    CHECK(both.server.set(orch::pane("p", "main")));
    CHECK(both.mirror.peer_state_version(both.peer) && !*both.mirror.peer_state_version(both.peer));
    CHECK(!both.until(ORCH_PEER_CONNECTED).is_resumed());
    CHECK(both.until(ORCH_PEER_STATE).is_full());
    const auto version = both.mirror.peer_state_version(both.peer);
    CHECK(version && *version && (*version)->n == both.server.state_version()->n);
    CHECK(*both.mirror.peer_state_hash(both.peer) == *both.server.state_hash());
    CHECK(orch::view(both.mirror.peer_session(both.peer, "main")->name) == "Main");
    CHECK(orch::view(both.mirror.peer_pane(both.peer, "p")->session) == "main");
    CHECK_INT(both.mirror.peer_file(both.peer, 1, 1).error().code(), ORCH_E_STALE_ID);
    orch::peer_cursor cursor;
    std::set<std::string> keys;
    for (bool more = true, first = true; more; first = false) {
        const auto entries = both.mirror.peer_entries(both.peer, cursor, ORCH_COLLECTION_ALL, 1);
        CHECK(entries && entries->is_full() == first);
        for (const orch_session &each : entries->sessions()) keys.emplace(orch::view(each.id));
        for (const orch_pane &each : entries->panes()) keys.emplace(orch::view(each.id));
        more = entries->has_more();
    }
    CHECK(keys == std::set<std::string>({"main", "p"}));
    const auto change = both.mirror.peer_change(
        both.peer, orch::change_set().set(orch::session("new"), 0).set(orch::pane("q", "new")));
    CHECK(change);
    CHECK_INT(both.until(ORCH_PEER_APPLIED).number(), *change);
    CHECK(both.server.session("new") && both.mirror.peer_session(both.peer, "new"));
    CHECK(both.mirror.peer_change(both.peer, orch::change_set().remove_session("new", 1)));
    CHECK_INT(both.until(ORCH_PEER_REJECTED).code(), ORCH_REMOTE_CONFLICT);
    const auto known = both.mirror.peer_state(both.peer);
    CHECK(known && known->status == ORCH_PEER_STATUS_CONNECTED);
    CHECK(both.mirror.peers() == std::vector<orch::peer_id>{both.peer});
}

void terminals(pair &both) {
    CHECK(both.server.grant_profile("cat", {"cat"}));
    const auto spawned = both.answer(both.mirror.peer_spawn(both.peer, "cat", {}, orch::cells(90, 20)));
    CHECK_INT(spawned.answer(), ORCH_REPLY_SPAWNED);
    const orch::terminal_id terminal = spawned.terminal();
    orch::peer_attach_options options;
    options.raw.start = ORCH_START_OLDEST;
    options.raw.grid = orch::cells(100, 40);
    CHECK(both.mirror.peer_attach(both.peer, terminal, options));
    CHECK(both.mirror.peer_set_grid(both.peer, terminal, orch::cells(90, 30)));
    CHECK_INT(both.mirror.peer_set_grid(both.peer, terminal, orch::cells(0, 30)).code(),
              ORCH_E_INVALID);
    CHECK_INT(both.until(ORCH_PEER_ATTACHED).offset(), 0);
    CHECK(both.mirror.peer_write(both.peer, terminal, "hello\n"));
    while (both.output.find("hello\r\nhello\r\n") == std::string::npos) {
        const orch::peer_event event = both.until(ORCH_PEER_OUTPUT);
        CHECK_INT(event.end() - event.offset(), event.data().size());
    }
    const auto statuses = both.answer(both.mirror.peer_batch(
        both.peer, {orch::op::resize(terminal, orch::cells(80, 24)), orch::op::clear(terminal),
                    orch::op::interrupt(99)}));
    CHECK_INT(statuses.answer(), ORCH_REPLY_RESULTS);
    std::string codes;
    for (const orch_remote_result &status : statuses.statuses()) {
        codes += std::to_string(status.code) + ' ';
    }
    CHECK(codes == "0 9 3 ");
    CHECK_INT(both.answer(both.mirror.peer_search(both.peer, terminal, "x")).code(),
              ORCH_REMOTE_NO_SCREEN);
    const auto known = both.answer(both.mirror.peer_query(both.peer, terminal));
    CHECK(known.detail() != nullptr && known.detail()->input_bytes == 6);
    CHECK_INT(known.matches().size() + known.statuses().size(), 0);
    CHECK_INT(both.answer(both.mirror.peer_watch(both.peer, "/nowhere")).answer(), ORCH_REPLY_FAILED);
    CHECK_INT(both.answer(both.mirror.peer_unwatch(both.peer, 1)).answer(), ORCH_REPLY_FAILED);
    CHECK(both.mirror.peer_batch(both.peer,
                                 {orch::op::close(terminal, orch::milliseconds{-1})}));
    CHECK_INT(both.until(ORCH_PEER_DETACHED).terminal(), terminal);
    CHECK_INT(both.mirror.peer_detach(both.peer, terminal).code(), ORCH_E_STALE_ID);
}

void ends(pair &both) {
    CHECK(both.mirror.disconnect(both.peer));
    CHECK_INT(both.mirror.disconnect(both.peer).code(), ORCH_E_STALE_ID);
    CHECK_INT(both.mirror.peer_query(both.peer, 1).error().code(), ORCH_E_STALE_ID);
    CHECK_INT(both.mirror.peer_state_version(both.peer).error().code(), ORCH_E_STALE_ID);
    CHECK(both.mirror.peers().empty());
    CHECK_INT(both.mirror.connect(orch::peer_options("nowhere", "t")).error().code(),
              ORCH_E_INVALID);
    orch::peer_options options("unix:/nonexistent/socket", "t");
    options.tag(9).retry(orch::milliseconds{1}, orch::milliseconds{1}, ORCH_RETRY_NEVER);
    both.peer = *both.mirror.connect(options);
    const orch::peer_event event = both.next();
    CHECK_INT(event.kind(), ORCH_PEER_DISCONNECTED);
    CHECK(!event.retry_in() && !event.data().empty());
}

// An event of another size: what this header does not know is left out, what is missing is 0.
void other_sizes() {
    orch_peer_event older = {};
    older.size = offsetof(orch_peer_event, matches);
    older.kind = ORCH_PEER_DISCONNECTED;
    older.retry_in_ms = 5;
    older.match_count = 99;
    CHECK(orch::peer_event(older).retry_in() == orch::milliseconds{5});
    CHECK_INT(orch::peer_event(older).matches().size(), 0);
    static_assert(std::is_copy_constructible_v<orch::peer_options>, "options are a value");
}

}  // namespace

int main() {
    check_start();
    pair both;
    state(both);
    terminals(both);
    ends(both);
    other_sizes();
    return 0;
}
