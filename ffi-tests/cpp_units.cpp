// The headers in two units of one program: nothing in them is defined twice. run.sh and the Rust test
// compile this file twice, once with ORCHFLOW_OTHER_UNIT, and link the two.

#include <orchflow.h>
#include <orchflow.hpp>

#ifdef ORCHFLOW_OTHER_UNIT
bool other_unit() {
    auto engine = orch::engine::create();
    return engine && engine->turn();
}
#else
bool other_unit();

int main() {
    auto engine = orch::engine::create();
    return engine && engine->turn() && other_unit() && orch_str("x").len == 1 ? 0 : 1;
}
#endif
