// The header can be included twice, from anywhere, without anything else before it.

#include <orchflow.h>
#include <orchflow.h>

int main(void) {
    return orch_str("x").len == 1 ? 0 : 1;
}
