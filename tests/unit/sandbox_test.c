/* What a hook can do to its host: nothing. Every row is an attempt to escape, to exhaust or to keep
 * something, and what is said of it; the call goes on. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "redial/redial.h"
#include "tests/support/hook_policy.h"

struct attempt_case {
    char name[64], code[320], says[96];
};

ParameterizedTestParameters(sandbox, every_attempt_is_refused)
{
    static struct attempt_case cases[] = {
        /* Out of the box */
        {"io", "io.open('/etc/passwd')", "global 'io'"},
        {"os", "os.execute('true')", "global 'os'"},
        {"the time of the machine", "return os.time()", "global 'os'"},
        {"require", "require('io')", "global 'require'"},
        {"package", "return package.loadlib", "global 'package'"},
        {"debug", "debug.getregistry()", "global 'debug'"},
        {"load of text", "load('return 1')()", "global 'load'"},
        {"load of bytecode", "load('\\27Lua')", "global 'load'"},
        {"loadstring", "loadstring('x = 1')", "global 'loadstring'"},
        {"dofile", "dofile('/etc/passwd')", "global 'dofile'"},
        {"loadfile", "loadfile('/etc/passwd')", "global 'loadfile'"},
        {"string.dump", "string.dump(function() end)", "field 'dump'"},
        {"string.dump as a method", "local f = ('').dump f(hook)", "local 'f'"},
        {"collectgarbage", "collectgarbage('count')", "global 'collectgarbage'"},
        {"coroutines", "coroutine.wrap(function() end)()", "global 'coroutine'"},
        {"pcall, which would catch the end of a budget", "pcall(error)", "global 'pcall'"},
        {"xpcall", "xpcall(error, error)", "global 'xpcall'"},
        {"the metatable of texts", "getmetatable('').__index = 1", "global 'getmetatable'"},
        {"a finalizer", "setmetatable({}, {__gc = error})", "global 'setmetatable'"},
        {"rawset behind a frozen table", "rawset(string, 'rep', 1)", "global 'rawset'"},
        {"rawget", "rawget(_ENV, 'string')", "global 'rawget'"},
        {"next over the hidden table", "return next(string)", "global 'next'"},
        {"print, which would write to the host's output", "print('x')", "global 'print'"},
        {"warn", "warn('@on')", "global 'warn'"},
        {"_G", "_G.x = 1", "global '_G'"},
        {"an address by tostring", "error(tostring(c) .. tostring(hook) .. tostring({}), 0)",
         "userdatafunctiontable"},
        {"an address by format", "return string.format('%p', hook)", "no directive"},
        {"a huge width", "return string.format('%999999d', 1)", "no directive"},
        {"a closing variable", "local x <close> = {}", "variable 'x' got a non-closable value"},
        /* Changing what others use */
        {"a new global", "x = 1", "'x' is read-only"},
        {"a function of the library", "string.rep = hook", "'rep' is read-only"},
        {"the library behind a text", "local s = 'x' s.rep = 1", "attempt to index a string"},
        {"a table of the file", "kept.n = 1", "'n' is read-only"},
        {"a table in a table of the file", "kept.deep.n = 1", "'n' is read-only"},
        {"table.insert into a table of the file", "table.insert(kept, 1)", "read-only"},
        {"table.sort of a table of the file", "table.sort(kept.list)", "read-only"},
        {"a local of the file", "count = count + 1", "changes 'count', a local of the file"},
        {"the environment itself", "_ENV = {}", "changes '_ENV'"},
        {"a view", "c.status = 200", "what a hook is given is read-only"},
        {"the headers of a view", "c.headers['retry-after'] = '1'", "read-only"},
        {"what a view does not have", "return c.statsu", "did you mean 'status'?"},
        /* Without end */
        {"a loop", "while true do end", "budget of 100000 instructions is used up"},
        {"a loop of goto", "::again:: goto again", "instructions is used up"},
        {"recursion", "local function f() return 1 + f() end return f()", "used up"},
        {"tail calls", "local function f() return f() end return f()", "used up"},
        {"recursion through a library function",
         "local function f(x) return (('x'):gsub('x', f)) end return f()", "C stack overflow"},
        {"a table without end", "local t = {} for i = 1, 1e9 do t[i] = {} end",
         "memory budget of 1024 KB"},
        {"a text that doubles", "local s = 'x' while true do s = s .. s end", "memory budget"},
        {"rep without end", "return ('x'):rep(1e9)", "used up"},
        {"rep beyond numbers", "return ('xx'):rep(math.maxinteger)", "more than 2 GB"},
        {"rep of nothing", "return (''):rep(1e9, 'x')", "used up"},
        {"copies of a long text",
         "local s = ('x'):rep(2^18) for i = 1, 1e6 do local t = s .. i end", "memory budget"},
        {"a hostile pattern", "return ('a'):rep(400):find(('a*'):rep(30) .. 'b')", "used up"},
        {"a pattern that is too long to follow",
         "return ('a'):rep(400):find(('a*'):rep(200) .. 'b')", "too complex"},
        {"memory at its very edge",
         "local t, n = {}, 0 while true do n = n + 1 t[n % 2000] = {n, {}, {}, {}, {}} local u = "
         "{n} "
         "end",
         "hooks/test.lua"},
        {"live memory at its very edge",
         "local t = {} for i = 1, 11000 do t[i] = {i} end for i = 1, 1e5 do local u = {i} end",
         "hooks/test.lua"},
        {"a hostile pattern of gsub", "return ('a'):rep(400):gsub(('.-'):rep(30) .. 'b', '')",
         "used up"},
        {"a hostile pattern of gmatch",
         "for x in ('a'):rep(400):gmatch(('a?'):rep(60) .. ('a'):rep(60) .. 'b') do end",
         "used up"},
        {"a hostile %b", "for i = 1, 1e6 do (('('):rep(3000)):find('%b()') end", "used up"},
        {"a pattern that nests", "return ('a'):rep(300):find(('(a'):rep(40))", "malformed pattern"},
        {"gsub that grows", "return (('x'):rep(1e5):gsub('x', ('y'):rep(1e4)))", "used up"},
        {"concat that grows",
         "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1000) end return table.concat(t, t[1])",
         "used up"},
        {"unpack of everything", "return table.unpack({}, 1, 1e8)", "at most 250 values"},
        {"unpack across the numbers", "return table.unpack({}, math.mininteger, math.maxinteger)",
         "at most 250 values"},
        {"sort by a liar",
         "local t = {} for i = 1, 2000 do t[i] = i end table.sort(t, function() return true end) "
         "while true do end",
         "used up"},
        {"sort without end",
         "local t = {} for i = 1, 20000 do t[i] = -i end table.sort(t, function(a, b) return a < b "
         "end)",
         "used up"},
        {"byte of everything", "return ('x'):rep(1e5):byte(1, -1)", "at most 250 values"},
        /* Errors of every kind */
        {"an error with a table", "error({})", "raised with a table instead of a text"},
        {"an error with nil", "error(nil)", "raised with a nil instead of a text"},
        {"an error with a function", "error(hook)", "raised with a function"},
        {"an index of nil", "return c.message.text.more", "attempt to index"},
        {"chance while there is a call is fine, twice the same seed too",
         "error('drew ' .. math.random(1000), 0)", "drew "},
    };
    return cr_make_param_array(struct attempt_case, cases, REDIAL_COUNT_OF(cases));
}

static const char body[] = "local count = 0\n"
                           "kept = {n = 0, deep = {n = 0}, list = {2, 1}}\n"
                           "function hook(c)\n"
                           "  local seen = count\n"
                           "  %s\n"
                           "end\n";

ParameterizedTest(struct attempt_case *c, sandbox, every_attempt_is_refused)
{
    char code[1024];
    snprintf(code, sizeof code, body, c->code);
    struct redial_policy *policy = hook_policy(code, "delay: hook, on_error: ignore");
    struct redial_str error, again;
    int64_t began = clock_steady();
    hook_policy_ask(policy, &error);
    int64_t took = clock_steady() - began;
    cr_expect(str_starts_with(error, REDIAL_STR("hooks/test.lua:")), "%s: %.*s", c->name,
              REDIAL_STR_ARG(error));
    cr_expect_neq(str_find(error, str_of(c->says)), SIZE_MAX, "%s: %.*s", c->name,
                  REDIAL_STR_ARG(error));
    cr_expect_lt(took, 2 * NS_PER_SECOND, "%s took %lld ms", c->name, (long long)(took / 1000000));
    hook_policy_ask(policy, &again);
    cr_expect(str_eq(error, again), "%s: the second time %.*s", c->name, REDIAL_STR_ARG(again));
    redial_policy_release(policy);
}

struct answer_case {
    char name[64], keys[64], code[160], says[112];
};

ParameterizedTestParameters(sandbox, a_wrong_answer_is_an_error_of_the_hook)
{
    static struct answer_case cases[] = {
        {"a delay of text", "delay: hook", "return 'soon'", "answered with a string, not a number"},
        {"a delay of NaN", "delay: hook", "return 0/0", "answered NaN (not a number)"},
        {"a delay below 0", "delay: hook", "return -1", "answered -1 seconds: a wait is 0 or more"},
        {"a delay of 300 years", "delay: hook", "return 300 * 365 * 86400", "at most a day"},
        {"an infinite delay", "delay: hook", "return math.huge", "at most a day"},
        {"a delay of a table", "delay: hook", "return {}", "answered with a table"},
        {"a class that is none", "classify: hook", "return 'overlaoded'",
         "no class; did you mean 'overloaded'?"},
        {"a class of a number", "classify: hook", "return 529",
         "answered with a number, not a class"},
    };
    return cr_make_param_array(struct answer_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct answer_case *c, sandbox, a_wrong_answer_is_an_error_of_the_hook)
{
    char code[256], keys[96];
    struct redial_str error;
    snprintf(code, sizeof code, "function hook(c)\n  %s\nend\n", c->code);
    snprintf(keys, sizeof keys, "%s, on_error: fail", c->keys);
    struct redial_policy *policy = hook_policy(code, keys);
    struct redial_decision decision = hook_policy_ask(policy, &error);
    cr_expect_neq(str_find(error, str_of(c->says)), SIZE_MAX, "%s: %.*s", c->name,
                  REDIAL_STR_ARG(error));
    cr_expect_eq(decision.kind, REDIAL_DECISION_FINISH);
    cr_expect_eq(decision.reason, REDIAL_REASON_HOOK_FAILED);
    redial_policy_release(policy);
}

Test(sandbox, an_error_that_is_ignored_leaves_the_decision_as_it_would_be)
{
    struct redial_str error;
    struct redial_policy *policy =
        hook_policy("function hook(c) error('no') end", "delay: hook, on_error: ignore");
    struct redial_decision decision = hook_policy_ask(policy, &error);
    cr_expect(str_is(error, "hooks/test.lua:1: no (in hook)"), "%.*s", REDIAL_STR_ARG(error));
    cr_expect_eq(decision.kind, REDIAL_DECISION_WAIT);
    cr_expect_eq(decision.wait, REDIAL_WAIT_BACKOFF);
    redial_policy_release(policy);
}

Test(sandbox, nothing_is_kept_from_one_call_to_the_next)
{
    struct redial_str error;
    struct redial_policy *policy =
        hook_policy("local count = 0\nfunction hook(c)\n  count = count + 1\n  return count\nend",
                    "delay: hook, on_error: ignore");
    for (int i = 0; i < 3; i++) {
        hook_policy_ask(policy, &error);
        cr_expect_neq(str_find(error, REDIAL_STR("changes 'count'")), SIZE_MAX, "%.*s",
                      REDIAL_STR_ARG(error));
    }
    redial_policy_release(policy);
}

Test(sandbox, locals_of_a_call_and_its_own_closures_are_free)
{
    struct redial_str error;
    struct redial_policy *policy =
        hook_policy("function hook(c)\n  local n = 0\n  local function add() n = n + 1 end\n"
                    "  for _ = 1, 3 do add() end\n  local t = {}\n  t.x = n\n  return t.x\nend",
                    "delay: hook, on_error: fail");
    struct redial_decision decision = hook_policy_ask(policy, &error);
    cr_expect_eq(error.len, 0, "%.*s", REDIAL_STR_ARG(error));
    cr_expect_eq(decision.delay, 3 * NS_PER_SECOND);
    redial_policy_release(policy);
}

Test(sandbox, pairs_goes_in_one_order_in_every_state)
{
    struct redial_str error;
    char first[400] = "";
    for (int i = 0; i < 8; i++) {
        struct redial_policy *policy = hook_policy(
            "local t = {zeta = 1, alpha = 2, mu = 3, [2] = 4, [1] = 5, [true] = 6, beta = 7}\n"
            "function hook(c)\n  local s = ''\n  for k, v in pairs(t) do s = s .. tostring(k) .. v "
            "end\n  error(s)\nend",
            "delay: hook, on_error: ignore");
        hook_policy_ask(policy, &error);
        if (i == 0) snprintf(first, sizeof first, "%.*s", REDIAL_STR_ARG(error));
        cr_expect(str_is(error, first), "%.*s, then %s", REDIAL_STR_ARG(error), first);
        redial_policy_release(policy);
    }
    cr_expect_not_null(strstr(first, "true61524alpha2beta7mu3zeta1"), "%s", first);
}
