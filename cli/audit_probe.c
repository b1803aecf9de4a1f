/* Probes: what they cost is told, they are sent side by side, each once, and what came of them is
 * held against the matrix. */
#include "cli/audit_probe.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "api/load.h"
#include "audit/setup.h"
#include "base/duration.h"
#include "base/url.h"
#include "cli/credential.h"
#include "cli/interrupt.h"
#include "cli/known.h"
#include "redial/client.h"

#define AT_ONCE  4u            /* requests under way */
#define PATIENCE NS_PER_MINUTE /* for one request */
#define LOOK_MS  100           /* how soon an interruption is seen */

struct probing;

/* One feature at one provider. */
struct asking {
    struct probing *probing;
    const struct probe *probe;
    struct probe_result *result;
    uint16_t provider;
    struct redial_str body;
    struct redial_live *call; /* under way */
    int sent;
    bool done;
};

struct probing {
    struct arena *arena;
    struct redial_policy *policy; /* each request once, and by nobody else */
    const struct matrix *matrix;
    struct setup setup;
    struct redial_str model; /* empty: the cheapest that has the feature */
    bool features[PROBED_COUNT], all, live;
    bool *providers; /* by number */
    struct asking *askings;
    struct probe_result *results;
    size_t count, under_way;
    struct redial_client *client;
    struct text why;
    bool failed; /* memory is out */
};

/* ---- What is to be asked */

static bool refuse(struct probing *probing, const char *format, ...) REDIAL_PRINTF(2, 3);

static bool refuse(struct probing *probing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&probing->why, format, arguments);
    va_end(arguments);
    return false;
}

static bool read_feature(struct probing *probing, struct redial_str name)
{
    const struct matrix_table *table;
    const struct matrix_row *row;
    int feature = names_find(&probed_names, name);
    if (feature >= 0) {
        probing->features[feature] = true;
        return true;
    }
    if (!matrix_find(probing->matrix, name, &table, &row, &probing->why)) return false;
    return refuse(probing, "no probe shows '%.*s': %s", REDIAL_STR_ARG(name),
                  probe_impossible(name));
}

static bool read_features(struct probing *probing, struct redial_str list)
{
    struct redial_str name;
    if (str_trim(list).len == 0) return refuse(probing, "'--probe' names no feature");
    probing->all = str_is(list, "all");
    for (size_t i = 0; probing->all && i < PROBED_COUNT; i++) probing->features[i] = true;
    if (probing->all) return true;
    while (str_split(&list, ',', &name))
        if (!read_feature(probing, str_trim(name))) return false;
    return true;
}

static bool read_providers(struct probing *probing, const char *given)
{
    const struct redial_policy *policy = probing->policy;
    struct redial_str list =
        given ? str_of(given) : policy->providers[policy->default_provider].name;
    struct redial_str name;
    bool all = str_is(list, "all");
    probing->providers = ARENA_ARRAY(probing->arena, bool, policy->provider_count);
    if (!probing->providers) return refuse(probing, "out of memory");
    for (size_t i = 0; all && i < policy->provider_count; i++) probing->providers[i] = true;
    while (!all && str_split(&list, ',', &name)) {
        uint16_t provider = known_provider(policy, str_trim(name), &probing->why);
        if (provider == NO_INDEX) return false;
        probing->providers[provider] = true;
    }
    return true;
}

static bool read_model(struct probing *probing, const char *given)
{
    const struct redial_policy *policy = probing->policy;
    probing->model = str_of(given);
    for (size_t i = 0; given && i < policy->provider_count; i++)
        if (probing->providers[i] &&
            !known_model(policy, (uint16_t)i, probing->model, &probing->why))
            return false;
    return true;
}

/* ---- Each request once */

/* What was told before has to hold: neither a retry nor a fallback adds to it, and a fallback would
 * answer for somebody else. */
static struct redial_policy *load_policy(const char *path, struct output *output)
{
    const char *slash = strrchr(path, '/');
    struct diag_list *diags = diag_list_new();
    struct text text = TEXT_INIT, beside = TEXT_INIT;
    struct redial_policy *policy = NULL;
    text_append(&beside, (struct redial_str){path, slash ? (size_t)(slash - path) + 1 : 0});
    text_append(&beside, REDIAL_STR("--probe"));
    text_append(&text, REDIAL_STR("redial: 1\nname: probe\nextends: "));
    text_append_json(&text, str_of(slash ? slash + 1 : path));
    text_append(&text, REDIAL_STR("\nlimits: {retries: 0, attempts: 1}\n"));
    if (diags && !text.failed && !beside.failed)
        policy = policy_load_text(text_str(&beside), text_str(&text), NULL, diags);
    if (!policy) output_diags(output, diags);
    text_clean_up(&text);
    text_clean_up(&beside);
    diag_list_destroy(diags);
    return policy;
}

/* ---- The list */

static bool set_shown(struct asking *asking, struct redial_str text)
{
    if (arena_copy(asking->probing->arena, text, &asking->result->shown)) return true;
    asking->probing->failed = true;
    return false;
}

static void settle(struct asking *asking, enum probe_verdict verdict, struct redial_str shown)
{
    asking->done = true;
    asking->result->verdict = verdict;
    set_shown(asking, shown);
}

static bool write_body(struct asking *asking, uint64_t nonce)
{
    struct text text = TEXT_INIT;
    probe_write(asking->probe, nonce, &text);
    bool good = !text.failed && arena_copy(asking->probing->arena, text_str(&text), &asking->body);
    text_clean_up(&text);
    return good;
}

static bool add_asking(struct probing *probing, uint16_t provider, enum probed feature,
                       uint64_t nonce)
{
    const struct redial_policy *policy = probing->policy;
    struct asking *asking = &probing->askings[probing->count];
    struct probe_result *result = &probing->results[probing->count++];
    bool direct =
        policy->platforms[policy->providers[provider].platform].kind == PLATFORM_ANTHROPIC;
    result->feature = feature;
    result->provider = policy->providers[provider].name;
    *asking = (struct asking){
        .probing = probing, .probe = probe_of(feature), .result = result, .provider = provider};
    result->model =
        probing->model.len > 0 ? probing->model : probe_model(policy, provider, asking->probe);
    if (asking->probe->fast && !direct)
        settle(asking, PROBE_UNCLEAR,
               REDIAL_STR("not asked: requests say `speed` to Anthropic alone"));
    else if (result->model.len == 0)
        settle(asking, PROBE_UNCLEAR,
               REDIAL_STR("not asked: no model of the policy is known to have it there; name one "
                          "with --model"));
    return write_body(asking, nonce + feature);
}

static bool make_list(struct probing *probing)
{
    size_t room = probing->policy->provider_count * PROBED_COUNT;
    uint64_t nonce = 0;
    if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) nonce = (uint64_t)getpid();
    probing->askings = ARENA_ARRAY(probing->arena, struct asking, room);
    probing->results = ARENA_ARRAY(probing->arena, struct probe_result, room);
    if (!probing->askings || !probing->results) return false;
    for (size_t p = 0; p < probing->policy->provider_count; p++)
        for (int f = 0; f < PROBED_COUNT; f++)
            if (probing->providers[p] && probing->features[f] &&
                !add_asking(probing, (uint16_t)p, (enum probed)f, nonce))
                return false;
    return !probing->failed;
}

/* ---- What it will cost */

struct cost {
    int requests;
    int64_t input, output;
    struct text besides;
};

static struct cost cost_of(const struct probing *probing, uint16_t provider)
{
    struct cost cost = {.besides = TEXT_INIT};
    for (size_t i = 0; i < probing->count; i++) {
        const struct asking *asking = &probing->askings[i];
        const struct probe *probe = asking->probe;
        int requests = probe->requests > 0 ? probe->requests : 1;
        if (asking->provider != provider || asking->done) continue;
        cost.requests += requests;
        cost.input += requests * probe_input_tokens(probe);
        cost.output += requests * probe->max_tokens;
        if (probe->charged)
            text_printf(&cost.besides, "%s%s", cost.besides.len > 0 ? ", " : "", probe->charged);
    }
    return cost;
}

static void tell_cost(const struct probing *probing, uint16_t provider, struct output *output)
{
    const struct setup_provider *of = &probing->setup.providers[provider];
    struct cost cost = cost_of(probing, provider);
    struct text out = TEXT_INIT;
    text_printf(&out,
                "redial audit: %.*s: %d %s to %.*s (credential: %.*s), at most %lld tokens in and "
                "%lld out",
                REDIAL_STR_ARG(of->name), cost.requests,
                cost.requests == 1 ? "request" : "requests", REDIAL_STR_ARG(of->address.value),
                REDIAL_STR_ARG(of->credential.source), (long long)cost.input,
                (long long)cost.output);
    if (cost.besides.len > 0)
        text_printf(&out, "; besides: %.*s", REDIAL_STR_ARG(text_str(&cost.besides)));
    text_append_char(&out, '\n');
    output_quoting(output->err, &out);
    (void)fflush(output->err);
    text_clean_up(&cost.besides);
    text_clean_up(&out);
}

static bool check_provider(struct probing *probing, uint16_t provider)
{
    const struct setup_provider *of = &probing->setup.providers[provider];
    struct redial_str address = of->address.value, name = of->name;
    struct url url;
    if (address.len == 0 || !url_split(address, &url))
        return refuse(probing, "provider '%.*s' has no address; 'redial audit --config' says why",
                      REDIAL_STR_ARG(name));
    if (!url_is_loopback(&url) && !probing->live)
        return refuse(
            probing,
            "'%.*s' is asked at %.*s, which is not this machine: there probes cost money. "
            "Say '--live' to send them, or let its base URL name a 'redial fake'",
            REDIAL_STR_ARG(name), REDIAL_STR_ARG(address));
    if (of->credential.standing != CREDENTIAL_ABSENT) return true;
    return refuse(probing, "provider '%.*s' has no credential: %.*s", REDIAL_STR_ARG(name),
                  REDIAL_STR_ARG(of->credential.detail));
}

/* Everything is looked at before anything is sent. */
static bool check(struct probing *probing)
{
    struct findings unread = {.arena = probing->arena};
    bool good;
    probing->setup = (struct setup){.policy = probing->policy, .arena = probing->arena};
    good =
        setup_read(&probing->setup, credential_look, &unread) || refuse(probing, "out of memory");
    findings_clean_up(&unread);
    for (size_t i = 0; good && i < probing->policy->provider_count; i++)
        good = !probing->providers[i] || check_provider(probing, (uint16_t)i);
    return good;
}

/* ---- Asking */

static void say_failure(const struct redial_outcome *outcome, struct text *out)
{
    enum redial_reason reason = (enum redial_reason)outcome->reason;
    if (reason == REDIAL_REASON_CANCELLED || reason == REDIAL_REASON_DEADLINE) {
        text_append(out, reason == REDIAL_REASON_CANCELLED ? REDIAL_STR("interrupted")
                                                           : REDIAL_STR("no answer came"));
        return;
    }
    if (outcome->status != 0) text_printf(out, "%u ", (unsigned)outcome->status);
    if (outcome->class != REDIAL_CLASS_NONE)
        text_append(out, str_of(redial_class_name((enum redial_class)outcome->class)));
    else
        text_append(out, str_of(redial_reason_doc(reason)));
    if (outcome->class == REDIAL_CLASS_TIMEOUT && outcome->status == 0)
        text_append(out, REDIAL_STR(": no answer came"));
    if (outcome->message.len > 0) text_printf(out, ": %.*s", REDIAL_STR_ARG(outcome->message));
    if (outcome->detail.len > 0) text_printf(out, "; %.*s", REDIAL_STR_ARG(outcome->detail));
}

static void tell_end(void *context, const struct redial_outcome *outcome)
{
    struct asking *asking = context;
    struct probing *probing = asking->probing;
    const struct probe_reply reply = {.succeeded = outcome->reason == REDIAL_REASON_SUCCESS,
                                      .class = outcome->class,
                                      .body = outcome->body};
    struct text shown = TEXT_INIT;
    enum probe_verdict verdict;
    asking->call = NULL;
    probing->under_way--;
    if (reply.succeeded && asking->sent < asking->probe->requests)
        return; /* the next is its turn */
    verdict = probe_judge(asking->probe, &reply, &shown);
    if (!reply.succeeded) say_failure(outcome, &shown);
    if (shown.failed) probing->failed = true;
    settle(asking, verdict, text_str(&shown));
    text_clean_up(&shown);
}

static void send(struct probing *probing, struct asking *asking)
{
    const struct probe *probe = asking->probe;
    struct redial_request request = {
        .options = {.provider = asking->result->provider,
                    .model = asking->result->model,
                    .query = REDIAL_QUERY_BACKGROUND,
                    .query_given = true,
                    .max_tokens = probe->max_tokens,
                    .deadline = PATIENCE,
                    .fast = probe->fast},
        .body = asking->body,
        .streaming = probe->stream ? REDIAL_STREAM_YES : REDIAL_STREAM_NO,
        .handlers = {.end = tell_end, .context = asking},
    };
    struct redial_str why;
    asking->sent++;
    asking->call = redial_client_send(probing->client, &request, &why);
    if (asking->call)
        probing->under_way++;
    else
        settle(asking, PROBE_UNCLEAR, why);
}

static void send_more(struct probing *probing)
{
    for (size_t i = 0; i < probing->count && probing->under_way < AT_ONCE; i++)
        if (!probing->askings[i].done && !probing->askings[i].call)
            send(probing, &probing->askings[i]);
}

static void give_up(struct probing *probing)
{
    for (size_t i = 0; i < probing->count; i++) {
        struct asking *asking = &probing->askings[i];
        if (asking->call)
            redial_client_cancel(asking->call);
        else if (!asking->done)
            settle(asking, PROBE_UNCLEAR, REDIAL_STR("interrupted"));
    }
}

static void ask_all(struct probing *probing)
{
    bool given_up = false;
    send_more(probing);
    while (redial_client_move(probing->client, LOOK_MS) > 0 || probing->under_way > 0 ||
           !given_up) {
        if (interrupted && !given_up) give_up(probing);
        given_up = given_up || interrupted;
        if (!given_up) send_more(probing);
        if (probing->under_way == 0) break;
    }
    if (interrupted) give_up(probing);
}

static bool ask(struct probing *probing)
{
    struct redial_engine *engine = redial_engine_new(probing->policy);
    struct redial_str why = REDIAL_STR("memory is out");
    probing->client = engine ? redial_client_new(engine, NULL, &why) : NULL;
    if (probing->client) {
        interrupts_catch(false);
        ask_all(probing);
    } else {
        refuse(probing, "%.*s", REDIAL_STR_ARG(why));
    }
    redial_client_destroy(probing->client);
    redial_engine_destroy(engine);
    return probing->why.len == 0 && !probing->failed;
}

/* ---- The whole */

static bool compare(struct probing *probing)
{
    for (size_t i = 0; i < probing->count; i++)
        if (!probe_document(probing->arena, probing->matrix, probing->policy,
                            probing->askings[i].provider, &probing->results[i]))
            return false;
    return true;
}

static bool prepare(struct probing *probing, const struct args *args, struct output *output)
{
    if (!read_features(probing, str_of(args_value(args, "probe"))) ||
        !read_providers(probing, args_value(args, "provider")) ||
        !read_model(probing, args_value(args, "model")) || !check(probing))
        return false;
    if (!make_list(probing)) return refuse(probing, "out of memory");
    for (size_t i = 0; i < probing->policy->provider_count; i++)
        if (probing->providers[i]) tell_cost(probing, (uint16_t)i, output);
    return true;
}

static int print(struct probing *probing, probe_print_fn *print_results, struct findings *findings,
                 struct output *output)
{
    struct text text = TEXT_INIT;
    int status = interrupted ? STATUS_INTERRUPTED : STATUS_OK;
    if (!compare(probing)) {
        fputs("redial audit: out of memory\n", output->err);
        return STATUS_UNUSABLE;
    }
    print_results(probing->results, probing->count, probing->matrix, probing->all,
                  output->out_width, &text);
    output_quoting(output->out, &text);
    if (text.failed) status = STATUS_UNUSABLE;
    text_clean_up(&text);
    probe_report(probing->results, probing->count, findings);
    return status;
}

int probe_run(const struct subject *subject, const struct args *args, const char *path,
              probe_print_fn *print_results, struct findings *findings, struct output *output)
{
    struct probing probing = {.arena = subject->arena,
                              .matrix = &subject->matrix,
                              .live = args_given(args, "live"),
                              .why = TEXT_INIT};
    int status = STATUS_UNUSABLE;
    probing.policy = load_policy(path, output);
    if (!probing.policy) return status;
    if (prepare(&probing, args, output) && ask(&probing))
        status = print(&probing, print_results, findings, output);
    else if (probing.why.len > 0)
        output_usage(output, args->verb->name, text_str(&probing.why));
    else
        fputs("redial audit: out of memory\n", output->err);
    text_clean_up(&probing.why);
    redial_policy_release(probing.policy);
    return status;
}
