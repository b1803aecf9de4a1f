/* Replies and expectations as functions. A function sees a table of plain values and answers with
 * one; an answered reply is read by the very key tables that read YAML, since JSON is YAML too. */
#include "simulator/run/functions.h"

#include "base/random.h"
#include "document/json.h"
#include "hooks/functions.h"
#include "simulator/run/scenario_parts.h"

/* ---- Writing what a function sees */

static void write_key(struct text *out, const char *key)
{
    if (out->ptr[out->len - 1] != '{') text_append_char(out, ',');
    text_append_json(out, str_of(key));
    text_append_char(out, ':');
}

static void write_text(struct text *out, const char *key, struct redial_str text)
{
    write_key(out, key);
    text_append_json(out, text);
}

static void write_number(struct text *out, const char *key, int64_t number)
{
    write_key(out, key);
    text_printf(out, "%lld", (long long)number);
}

static void write_truth(struct text *out, const char *key, bool holds)
{
    write_key(out, key);
    text_append(out, holds ? REDIAL_STR("true") : REDIAL_STR("false"));
}

/* Exact, as far as a double is. */
static void write_seconds(struct text *out, const char *key, int64_t ns)
{
    if (key) write_key(out, key);
    text_printf(out, "%.17g", (double)ns / (double)NS_PER_SECOND);
}

/* The first of each name, in lower case: so a function finds them. */
static void write_headers(struct text *out, const struct world_request *request)
{
    write_key(out, "headers");
    text_append_char(out, '{');
    for (size_t i = 0; i < request->header_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first &= !str_eq_nocase(request->headers[k].name, request->headers[i].name);
        if (!first) continue;
        if (out->ptr[out->len - 1] != '{') text_append_char(out, ',');
        text_append_char(out, '"');
        for (size_t k = 0; k < request->headers[i].name.len; k++) {
            char c = request->headers[i].name.ptr[k];
            text_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
        }
        text_append(out, REDIAL_STR("\":"));
        text_append_json(out, request->headers[i].value);
    }
    text_append_char(out, '}');
}

static void write_request(struct text *out, const struct scenario *scenario,
                          const struct world_request *request, const struct world_moment *moment)
{
    const struct redial_policy *policy = scenario->policy;
    const struct provider *provider = &policy->providers[request->provider];
    text_append_char(out, '{');
    write_text(out, "provider", provider->name);
    write_text(out, "platform",
               str_of(platform_names.rows[policy->platforms[provider->platform].kind].word));
    write_text(out, "model", request->model);
    write_number(out, "call", request->call_number);
    write_number(out, "attempt", request->attempt);
    write_number(out, "use", moment->use);
    write_seconds(out, "now", moment->since);
    write_key(out, "random");
    text_printf(out, "%.17g", (double)moment->chance / (double)RANDOM_ONE);
    write_number(out, "max_tokens", request->max_tokens);
    write_number(out, "input_tokens", request->input_tokens);
    write_number(out, "credential", request->credential);
    write_truth(out, "static_key", request->static_key);
    write_truth(out, "stream", request->stream);
    write_headers(out, request);
    text_append_char(out, '}');
}

/* ---- Replies */

/* The same answer is the same reply, however often it is given. */
struct made_reply {
    struct made_reply *next;
    struct redial_str answer;
    struct reply_script reply;
};

struct reply_maker {
    struct arena *arena;
    const struct scenario *scenario;
    struct made_reply *made;
};

struct reply_maker *reply_maker_new(struct arena *arena, const struct scenario *scenario)
{
    struct reply_maker *maker = ARENA_NEW(arena, struct reply_maker);
    if (maker) *maker = (struct reply_maker){.arena = arena, .scenario = scenario};
    return maker;
}

/* The first thing that is wrong with an answer, in one line. */
static void explain(const struct reply_maker *maker, uint16_t number, const struct diag_list *diags,
                    struct redial_str answer, struct redial_str *why, struct redial_str *cure)
{
    const struct diag *diag = diag_first(diags);
    struct redial_str message = diag ? diag->message : REDIAL_STR("out of memory");
    struct redial_str shown = str_take(answer, 120);
    struct redial_str name = maker->scenario->function_names[number].name;
    if (!arena_printf(maker->arena, why, "%.*s:%d: %.*s answered with a wrong reply: %.*s",
                      REDIAL_STR_ARG(maker->scenario->lua_path),
                      functions_line(maker->scenario->functions, number), REDIAL_STR_ARG(name),
                      REDIAL_STR_ARG(message)))
        *why = REDIAL_STR("out of memory");
    bool told = diag && diag->cure.len;
    if (!arena_printf(maker->arena, cure, "%.*s%sthe answer was %.*s",
                      (int)(told ? diag->cure.len : 0), told ? diag->cure.ptr : "",
                      told ? "; " : "", REDIAL_STR_ARG(shown)))
        *cure = (struct redial_str){0};
}

static bool read_answer(const struct reply_maker *maker, struct redial_str answer,
                        struct diag_list *diags, struct reply_script *reply)
{
    struct scenario names = {.arena = maker->arena}; /* a function names no function */
    struct reading reading = {.arena = maker->arena, .diags = diags, .context = &names};
    const struct source *source = source_of(maker->arena, maker->scenario->lua_path, answer, diags);
    struct node *root = source ? document_parse(maker->arena, source, diags) : NULL;
    if (!root || !scenario_read_reply(&reading, root, reply)) return false;
    if (!reply->function && !reading.out_of_memory) return diag_errors(diags) == 0;
    diag_error(diags, "contradiction", root->span, "a function's reply names another function");
    return false;
}

static struct made_reply *make_new(struct reply_maker *maker, uint16_t number,
                                   struct redial_str answer, struct redial_str *why,
                                   struct redial_str *cure)
{
    struct made_reply *made = ARENA_NEW(maker->arena, struct made_reply);
    struct diag_list *diags = diag_list_new();
    bool good = made && diags && arena_copy(maker->arena, answer, &made->answer) &&
                read_answer(maker, made->answer, diags, &made->reply);
    if (!good) explain(maker, number, diags, answer, why, cure);
    diag_list_destroy(diags);
    if (!good) return NULL;
    made->reply.span =
        maker->scenario->function_names[number].span; /* a place that outlives the answer */
    made->next = maker->made;
    maker->made = made;
    return made;
}

static const struct reply_script *make_reply(void *context, uint16_t number,
                                             const struct world_request *request,
                                             const struct world_moment *moment,
                                             struct redial_str *why, struct redial_str *cure)
{
    struct reply_maker *maker = context;
    struct text argument = TEXT_INIT, answer = TEXT_INIT;
    struct made_reply *made = maker->made;
    *cure = (struct redial_str){0};
    write_request(&argument, maker->scenario, request, moment);
    bool asked = !argument.failed && functions_ask(maker->scenario->functions, number,
                                                   text_str(&argument), &answer, why);
    if (argument.failed) *why = REDIAL_STR("out of memory");
    while (asked && made && !str_eq(made->answer, text_str(&answer))) made = made->next;
    if (asked && !made) made = make_new(maker, number, text_str(&answer), why, cure);
    text_clean_up(&argument);
    text_clean_up(&answer);
    return asked && made ? &made->reply : NULL;
}

struct world_maker reply_maker_port(struct reply_maker *maker)
{
    return (struct world_maker){make_reply, maker};
}

/* ---- Expectations */

static void write_call(struct text *out, const struct redial_policy *policy,
                       const struct observed_call *call)
{
    text_append_char(out, '{');
    write_text(out, "outcome", str_of(redial_reason_name((enum redial_reason)call->reason)));
    write_text(out, "class", str_of(redial_class_name((enum redial_class)call->class)));
    write_number(out, "status", call->status);
    write_text(out, "provider", policy->providers[call->provider].name);
    write_text(out, "model", call->model);
    write_number(out, "attempts", call->attempts);
    write_number(out, "retries", call->retries);
    write_seconds(out, "waited", call->waited);
    write_seconds(out, "began", call->began_at - RUN_BEGAN_AT);
    write_seconds(out, "ended", call->ended_at - RUN_BEGAN_AT);
    text_append_char(out, '}');
}

static void write_lists(struct text *out, const struct redial_policy *policy,
                        const struct observation *seen)
{
    const struct rule *rules = policy->variants[VARIANT_PLAIN].rules;
    write_key(out, "waits");
    text_append_char(out, '[');
    for (size_t i = 0; i < seen->wait_count; i++) {
        if (i) text_append_char(out, ',');
        write_seconds(out, NULL, seen->waits[i]);
    }
    text_append(out, REDIAL_STR("],\"rules\":["));
    for (size_t i = 0; i < seen->rule_count; i++) {
        if (i) text_append_char(out, ',');
        text_append_json(out, rules[seen->rules[i]].name);
    }
    text_append(out, REDIAL_STR("],\"repairs\":["));
    for (size_t i = 0; i < seen->repair_count; i++) {
        if (i) text_append_char(out, ',');
        text_append_json(out, str_of(redial_step_name(seen->repairs[i])));
    }
    text_append_char(out, ']');
}

static void write_observation(struct text *out, const struct run *run, struct redial_str story)
{
    const struct observation *seen = &run->observation;
    text_append(out, REDIAL_STR("{\"calls\":["));
    for (size_t i = 0; i < seen->call_count; i++) {
        if (i) text_append_char(out, ',');
        write_call(out, run->scenario->policy, &seen->calls[i]);
    }
    text_append_char(out, ']');
    write_number(out, "attempts", seen->attempts);
    write_number(out, "retries", seen->retries);
    write_seconds(out, "waited", seen->waited);
    write_lists(out, run->scenario->policy, seen);
    write_text(out, "story", story);
    text_append_char(out, '}');
}

/* true, or a sentence. */
static void judge(const struct expect *expect, struct redial_str answer,
                  struct differences *differences)
{
    struct json *said = json_parse(answer);
    struct redial_str sentence = json_text(said);
    if (!json_true(said))
        difference_add(differences, "lua", expect->function_span, REDIAL_STR("true"),
                       sentence.len ? sentence : answer);
    json_free(said);
}

void functions_compare(const struct run *run, struct redial_str story,
                       struct differences *differences)
{
    const struct expect *expect = &run->scenario->expect;
    struct text argument = TEXT_INIT, answer = TEXT_INIT;
    struct redial_str why = REDIAL_STR("out of memory");
    if (!expect->function) return;
    write_observation(&argument, run, story);
    if (!argument.failed && functions_ask(run->scenario->functions, expect->function - 1u,
                                          text_str(&argument), &answer, &why))
        judge(expect, text_str(&answer), differences);
    else
        difference_add(differences, "lua", expect->function_span, REDIAL_STR("true"), why);
    text_clean_up(&argument);
    text_clean_up(&answer);
}
