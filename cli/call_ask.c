/* From the command line to a request: the policy, the prompt or the body, and what goes besides. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "api/load.h"
#include "base/duration.h"
#include "base/environment.h"
#include "cli/call.h"
#include "cli/default_policy.h"
#include "cli/input.h"
#include "cli/known.h"
#include "model/policy.h"

#define MAX_TOKENS_DEFAULT 4096

static bool refuse(struct output *output, const char *format, ...) REDIAL_PRINTF(2, 3);

static bool refuse(struct output *output, const char *format, ...)
{
    struct text why = TEXT_INIT;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&why, format, arguments);
    va_end(arguments);
    output_usage(output, "call", text_str(&why));
    text_clean_up(&why);
    return false;
}

/* ---- The policy ---- */

/* `redial call my.yaml Hello`: a first word that names a policy file is one. */
static bool begins_with_policy(const struct args *args)
{
    if (args_given(args, "policy") || args->word_count == 0) return false;
    struct redial_str word = str_of(args->words[0]);
    return str_ends_with(word, REDIAL_STR(".yaml")) || str_ends_with(word, REDIAL_STR(".yml"));
}

/* NULL after saying why. */
static const char *policy_path(struct order *order, const struct args *args, struct output *output)
{
    const char *path = args_value(args, "policy");
    struct text why = TEXT_INIT;
    if (path) return path;
    if (begins_with_policy(args)) return args->words[0];
    path = default_policy(order->arena, &why);
    if (!path) refuse(output, "%.*s", REDIAL_STR_ARG(text_str(&why)));
    text_clean_up(&why);
    return path;
}

/* The policy with other fallbacks for one model: a file that extends it, in memory. */
static void write_extension(const char *path, const char *model, const char *fallbacks,
                            struct text *text)
{
    const char *slash = strrchr(path, '/');
    struct redial_str rest = str_of(fallbacks), name;
    const char *separator = "";
    text_append(text, REDIAL_STR("redial: 1\nname: call\nextends: "));
    text_append_json(text, str_of(slash ? slash + 1 : path));
    text_append(text, REDIAL_STR("\nfallback:\n  models:\n    "));
    text_append_json(text, str_of(model));
    text_append(text, REDIAL_STR(": ["));
    while (str_split(&rest, ',', &name)) {
        text_append(text, str_of(separator));
        text_append_json(text, str_trim(name));
        separator = ", ";
    }
    text_append(text, REDIAL_STR("]\n"));
}

static struct redial_policy *load_extended(const char *path, const char *model,
                                           const char *fallbacks, struct diag_list *diags)
{
    const char *slash = strrchr(path, '/');
    struct text text = TEXT_INIT, beside = TEXT_INIT;
    struct redial_policy *policy = NULL;
    text_append(&beside, (struct redial_str){path, slash ? (size_t)(slash - path) + 1 : 0});
    text_append(&beside, REDIAL_STR("--fallback"));
    write_extension(path, model, fallbacks, &text);
    if (text.failed || beside.failed)
        diag_out_of_memory(diags);
    else
        policy = policy_load_text(text_str(&beside), text_str(&text), NULL, diags);
    text_clean_up(&text);
    text_clean_up(&beside);
    return policy;
}

static bool load_policy(struct order *order, const struct args *args, struct output *output)
{
    const char *fallbacks = args_value(args, "fallback"), *model = args_value(args, "model");
    if (fallbacks && !model)
        return refuse(output, "'--fallback' needs '--model': a fallback from what?");
    order->policy_path = policy_path(order, args, output);
    if (!order->policy_path) return false;
    struct diag_list *diags = diag_list_new();
    order->policy = fallbacks ? load_extended(order->policy_path, model, fallbacks, diags)
                              : policy_load(order->policy_path, NULL, diags);
    if (!order->policy) output_diags(output, diags);
    diag_list_destroy(diags);
    return order->policy != NULL;
}

/* ---- The prompt ---- */

/* Words, then the file; where there is neither, standard input unless a person sits there. */
static bool read_prompt(const struct args *args, struct text *prompt, struct output *output)
{
    const char *path = args_value(args, "file");
    for (size_t i = begins_with_policy(args); i < args->word_count; i++) {
        if (strcmp(args->words[i], "-") == 0 && !path) {
            path = "-";
            continue;
        }
        if (prompt->len > 0) text_append_char(prompt, ' ');
        text_append(prompt, str_of(args->words[i]));
    }
    if (prompt->len == 0 && !path) {
        if (isatty(STDIN_FILENO) == 1)
            return refuse(output, "nothing to ask: give a prompt, '--file FILE', '--json FILE', or "
                                  "'-' to type it");
        path = "-";
    }
    if (path && prompt->len > 0) text_append(prompt, REDIAL_STR("\n\n"));
    if (path && !input_read(path, prompt, "call", output)) return false;
    if (prompt->failed) return refuse(output, "out of memory");
    if (str_trim(text_str(prompt)).len == 0) return refuse(output, "the prompt is empty");
    if (str_utf8_valid_len(text_str(prompt)) == prompt->len) return true;
    return refuse(output, "the prompt is not UTF-8 from byte %zu on",
                  str_utf8_valid_len(text_str(prompt)));
}

static void write_body(struct order *order, const struct args *args, struct redial_str prompt)
{
    const char *system = args_value(args, "system");
    text_append(&order->body, REDIAL_STR("{\"messages\":[{\"role\":\"user\",\"content\":"));
    text_append_json(&order->body, prompt);
    text_append(&order->body, REDIAL_STR("}]"));
    if (system) {
        text_append(&order->body, REDIAL_STR(",\"system\":"));
        text_append_json(&order->body, str_of(system));
    }
    text_append_char(&order->body, '}');
}

static bool make_body(struct order *order, const struct args *args, struct output *output)
{
    struct text prompt = TEXT_INIT;
    bool fine = read_prompt(args, &prompt, output);
    if (fine) write_body(order, args, text_str(&prompt));
    text_clean_up(&prompt);
    order->request.streaming = args_given(args, "no-stream") ? REDIAL_STREAM_NO : REDIAL_STREAM_YES;
    if (order->request.options.max_tokens == 0)
        order->request.options.max_tokens = MAX_TOKENS_DEFAULT;
    return fine;
}

static bool read_body(struct order *order, const struct args *args, struct output *output)
{
    const char *path = args_value(args, "json");
    if (args_given(args, "file") || args_given(args, "system") ||
        args->word_count > (begins_with_policy(args) ? 1u : 0u))
        return refuse(output, "'--json' is a whole request: a prompt, '--file' and '--system' "
                              "belong into it");
    if (args_given(args, "stream")) order->request.streaming = REDIAL_STREAM_YES;
    if (args_given(args, "no-stream")) order->request.streaming = REDIAL_STREAM_NO;
    if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO) == 1)
        return refuse(output, "'--json -' reads standard input, which is a terminal");
    return input_read(path, &order->body, "call", output) &&
           input_is_request(path, text_str(&order->body), output);
}

/* ---- What goes besides ---- */

/* One that a scenario can name. */
static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = (uint64_t)getpid();
    return seed & INT64_MAX;
}

static bool read_numbers(struct order *order, const struct args *args, struct output *output)
{
    struct redial_call_options *options = &order->request.options;
    const char *deadline = args_value(args, "deadline");
    uint64_t max_tokens = 0;
    struct text why = TEXT_INIT;
    bool fine = args_number(args, "max-tokens", 1, INT32_MAX, &max_tokens, &why) &&
                args_number(args, "seed", 0, INT64_MAX, &order->seed, &why);
    options->max_tokens = (int64_t)max_tokens;
    if (!args_given(args, "seed")) order->seed = random_seed();
    if (fine && deadline &&
        (duration_parse(str_of(deadline), &options->deadline) != DURATION_OK ||
         options->deadline == 0)) {
        text_printf(&why, "'%s' is no value for 'deadline'; a span such as 90s or 2m is", deadline);
        fine = false;
    }
    if (!fine) output_usage(output, "call", text_str(&why));
    text_clean_up(&why);
    return fine;
}

static bool read_headers(struct order *order, const struct args *args, struct output *output)
{
    struct redial_header *headers =
        ARENA_ARRAY(order->arena, struct redial_header, args->seen_count);
    const char *value;
    size_t at = 0;
    if (!headers) return refuse(output, "out of memory");
    order->request.headers = headers;
    while ((value = args_next(args, "header", &at))) {
        struct redial_str line = str_of(value);
        size_t colon = str_find(line, REDIAL_STR(":"));
        if (colon == SIZE_MAX || colon == 0)
            return refuse(output, "'--header' takes NAME:VALUE, such as x-team:search");
        headers[order->request.header_count++] = (struct redial_header){
            str_trim(str_take(line, colon)), str_trim(str_skip(line, colon + 1))};
    }
    return true;
}

static bool read_provider(struct order *order, const struct args *args, struct output *output)
{
    struct redial_str name = str_of(args_value(args, "provider"));
    struct text why = TEXT_INIT;
    bool known = name.len == 0 || known_provider(order->policy, name, &why) != NO_INDEX;
    order->request.options.provider = name;
    if (!known) output_usage(output, "call", text_str(&why));
    text_clean_up(&why);
    return known;
}

static uint16_t provider_asked(const struct order *order)
{
    uint16_t provider = policy_find_provider(order->policy, order->request.options.provider);
    return provider == NO_INDEX ? order->policy->default_provider : provider;
}

/* Of a prompt; a request in JSON names its own. The provider's first that the policy has a fallback
 * for, else the provider's first. */
static struct redial_str default_model(const struct order *order)
{
    const struct redial_policy *policy = order->policy;
    uint16_t platform = policy->providers[provider_asked(order)].platform;
    struct redial_str first = environment_get(NULL, REDIAL_STR("ANTHROPIC_MODEL"));
    for (uint16_t i = 0; first.len == 0 && i < policy->model_count; i++)
        if (policy->models[i].fallback_count > 0 && policy_platform_model(policy, platform, i))
            first = policy->models[i].name;
    for (uint16_t i = 0; first.len == 0 && i < policy->model_count; i++)
        if (policy_platform_model(policy, platform, i)) first = policy->models[i].name;
    return first;
}

static bool check_model(const struct order *order, struct redial_str name, struct output *output)
{
    struct text why = TEXT_INIT;
    bool known = known_model(order->policy, provider_asked(order), name, &why);
    if (!known) output_usage(output, "call", text_str(&why));
    text_clean_up(&why);
    return known;
}

static bool read_model(struct order *order, const struct args *args, struct output *output)
{
    struct redial_str name = str_of(args_value(args, "model")), fallback;
    struct redial_str fallbacks = str_of(args_value(args, "fallback"));
    if (name.len == 0 && !args_given(args, "json")) name = default_model(order);
    order->request.options.model = name;
    while (str_split(&fallbacks, ',', &fallback))
        if (!check_model(order, str_trim(fallback), output)) return false;
    return name.len == 0 || check_model(order, name, output);
}

static bool read_switches(struct order *order, const struct args *args, struct output *output)
{
    struct redial_call_options *options = &order->request.options;
    if (args_given(args, "stream") && args_given(args, "no-stream"))
        return refuse(output, "'--stream' and '--no-stream' exclude each other");
    options->query_given = args_given(args, "background");
    options->query = REDIAL_QUERY_BACKGROUND;
    options->unattended = args_given(args, "unattended");
    order->raw = args_given(args, "raw");
    order->verbose = args_given(args, "verbose");
    order->record_path = args_value(args, "record");
    return true;
}

bool order_read(struct order *order, const struct args *args, struct output *output)
{
    *order = (struct order){.arena = arena_new()};
    if (!order->arena) return refuse(output, "out of memory");
    if (!read_switches(order, args, output) || !read_numbers(order, args, output) ||
        !read_headers(order, args, output) || !load_policy(order, args, output) ||
        !read_provider(order, args, output) || !read_model(order, args, output))
        return false;
    bool read =
        args_given(args, "json") ? read_body(order, args, output) : make_body(order, args, output);
    order->request.body = text_str(&order->body);
    if (read && order->body.failed) return refuse(output, "out of memory");
    return read;
}

void order_clean_up(struct order *order)
{
    redial_policy_release(order->policy);
    text_clean_up(&order->body);
    arena_destroy(order->arena);
}
