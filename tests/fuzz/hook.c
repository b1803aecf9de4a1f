/* A Lua file from anybody: whatever its text, it is refused with a reason or runs within its
 * budgets, and never the same call with two endings. */
#include <assert.h>
#include <fcntl.h>
#include <unistd.h>

#include "api/load.h"
#include "core/hooks.h"
#include "redial/redial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ask(const struct redial_policy *policy, int64_t *delay, struct redial_str *error)
{
    static const struct redial_event event = {.kind = REDIAL_EVENT_REPLY, .status = 429};
    uint64_t random = 7;
    const struct redial_call call = {.policy = policy, .model = REDIAL_STR("m")};
    struct hook_moment moment = {
        .call = &call, .event = &event, .random = &random, .rule = NO_INDEX};
    const struct hook_port *port = policy->hooks.port;
    bool answered = port->delay(port->hooks, &moment, delay) == HOOK_ANSWERED;
    *error = moment.error;
    return answered;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    static const char policy_text[] =
        "redial: 1\nplatforms: {anthropic: {}}\n"
        "backoff: {standard: {base: 1s, cap: 9s}}\n"
        "rules: [{name: a, when: always, do: [backoff, retry], max: 1}]\n"
        "hooks: {file: /tmp/redial-fuzz.lua, delay: f, budget: {instructions: 5000, memory: "
        "128KB}}\n";
    if (size > 1u << 14) return 0;
    int fd = open("/tmp/redial-fuzz.lua", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) return 0;
    close(fd);
    struct redial_policy *policy =
        policy_load_text(REDIAL_STR("fuzzed.yaml"), str_of(policy_text), none, NULL);
    if (!policy) return 0;
    int64_t first = 0, second = 0;
    struct redial_str error, again;
    bool answered = ask(policy, &first, &error);
    assert(ask(policy, &second, &again) == answered);
    assert(first == second && str_eq(error, again));
    redial_policy_release(policy);
    return 0;
}
