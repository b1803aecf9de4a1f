/* A scenario against its policy: names, platforms, and replies that a platform does not give. */
#include "simulator/run/scenario_parts.h"
#include "simulator/world/frame.h"
#include "simulator/world/typical.h"

struct linking {
    struct scenario *scenario;
    const struct redial_policy *policy;
    struct diag_list *diags;
    bool right;
};

/* ---- Names ---- */

typedef struct redial_str name_of_fn(const struct redial_policy *policy, size_t index);

static struct redial_str provider_name(const struct redial_policy *policy, size_t index)
{
    return policy->providers[index].name;
}

static struct redial_str model_name(const struct redial_policy *policy, size_t index)
{
    return policy->models[index].name;
}

static struct redial_str rule_name(const struct redial_policy *policy, size_t index)
{
    return policy->variants[VARIANT_PLAIN].rules[index].name;
}

/* The kinds of names that a policy declares. */
struct declared {
    const char *what;
    name_of_fn *name_of;
    size_t count;
};

static struct declared providers_of(const struct redial_policy *policy)
{
    return (struct declared){"provider", provider_name, policy->provider_count};
}

static struct declared models_of(const struct redial_policy *policy)
{
    return (struct declared){"model", model_name, policy->model_count};
}

static struct declared rules_of(const struct redial_policy *policy)
{
    return (struct declared){"rule", rule_name, policy->rule_count};
}

static size_t find(const struct linking *linking, const struct declared *declared,
                   struct redial_str name)
{
    for (size_t i = 0; i < declared->count; i++)
        if (str_eq(declared->name_of(linking->policy, i), name)) return i;
    return SIZE_MAX;
}

static void list_declared(const struct linking *linking, const struct declared *declared,
                          struct diag *diag)
{
    struct text list = TEXT_INIT;
    for (size_t i = 0; i < declared->count; i++) {
        struct redial_str name = declared->name_of(linking->policy, i);
        text_printf(&list, "%s%.*s", i ? ", " : "", REDIAL_STR_ARG(name));
    }
    diag_cure(linking->diags, diag, "it has: %s", list.failed || !list.ptr ? "none" : list.ptr);
    text_clean_up(&list);
}

static void say_unknown(struct linking *linking, const struct declared *declared,
                        struct redial_str name, struct span span)
{
    struct diag *diag =
        diag_error(linking->diags, "unknown-name", span, "the policy has no %s '%.*s'",
                   declared->what, REDIAL_STR_ARG(name));
    linking->right = false;
    struct redial_str *names =
        ARENA_ARRAY(linking->scenario->arena, struct redial_str, declared->count);
    if (!names) return;
    for (size_t i = 0; i < declared->count; i++) names[i] = declared->name_of(linking->policy, i);
    size_t closest = str_closest(names, declared->count, name);
    if (closest == SIZE_MAX)
        list_declared(linking, declared, diag);
    else
        diag_cure(linking->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(names[closest]));
}

static size_t link_name(struct linking *linking, struct declared declared, struct redial_str name,
                        struct span span)
{
    size_t index = find(linking, &declared, name);
    if (index == SIZE_MAX) say_unknown(linking, &declared, name, span);
    return index;
}

/* ---- Calls ---- */

static enum platform_kind platform_of(const struct linking *linking, size_t provider)
{
    return linking->policy->platforms[linking->policy->providers[provider].platform].kind;
}

static void check_credential(struct linking *linking, const struct call_script *call,
                             size_t provider)
{
    static const struct {
        enum platform_kind platform;
        const char *whose;
    } owners[REDIAL_CREDENTIAL_COUNT] = {
        [REDIAL_CREDENTIAL_OAUTH] = {PLATFORM_ANTHROPIC, "oauth belongs to Anthropic"},
        [REDIAL_CREDENTIAL_AWS] = {PLATFORM_BEDROCK, "aws belongs to Bedrock"},
        [REDIAL_CREDENTIAL_GOOGLE] = {PLATFORM_VERTEX, "google belongs to Vertex"},
        [REDIAL_CREDENTIAL_AZURE] = {PLATFORM_FOUNDRY, "azure belongs to Foundry"},
    };
    const char *whose = owners[call->credential].whose;
    if (!whose || owners[call->credential].platform == platform_of(linking, provider)) return;
    linking->right = false;
    struct redial_str name = linking->policy->providers[provider].name;
    struct diag *diag = diag_error(linking->diags, "contradiction", call->span,
                                   "'%.*s' does not take this credential", REDIAL_STR_ARG(name));
    diag_cure(linking->diags, diag, "%s; leave `credential` out for the platform's own kind",
              whose);
}

static void link_call(struct linking *linking, struct call_script *call)
{
    size_t provider = linking->policy->default_provider;
    if (call->provider.len)
        provider =
            link_name(linking, providers_of(linking->policy), call->provider, call->provider_span);
    if (call->model.len)
        link_name(linking, models_of(linking->policy), call->model, call->model_span);
    if (provider < linking->policy->provider_count) check_credential(linking, call, provider);
    uint16_t named = call->wants.bits | call->requires.bits | linking->policy->call.wants.bits |
                     linking->policy->call.requires.bits;
    if (named & REDIAL_FEATURE_BIT(REDIAL_FEATURE_CLIENT_REQUEST_ID))
        linking->scenario->looks_at_headers = true; /* the story tells their ids */
}

/* ---- Replies ---- */

static void say_untypical(struct linking *linking, enum platform_kind platform,
                          const struct reply_script *reply)
{
    const char *name = platform_names.rows[platform].word;
    struct text list = TEXT_INIT;
    struct diag *diag;
    linking->right = false;
    if (reply->class) {
        typical_list_classes(platform, &list);
        diag = diag_error(linking->diags, "no-such-reply", reply->span,
                          "%s has no typical reply of class '%s'", name,
                          redial_class_name((enum redial_class)reply->class));
        diag_cure(linking->diags, diag, "it has: %s", list.failed ? "" : list.ptr);
    } else {
        typical_list_statuses(platform, &list);
        diag = diag_error(linking->diags, "no-such-reply", reply->span,
                          "%s documents no reply with status %d", name, reply->status);
        diag_cure(linking->diags, diag, "it has: %s; for another, write a `message` or the `body`",
                  list.failed ? "" : list.ptr);
    }
    text_clean_up(&list);
}

/* An error within a stream: Bedrock has exceptions of its own, all others speak as Anthropic. */
static void check_then(struct linking *linking, enum platform_kind platform,
                       const struct reply_script *then)
{
    struct text list = TEXT_INIT;
    struct redial_str type = {0};
    const struct frame *frame = frame_of(platform);
    if (!then->class || frame->typical(then->class, &type)) return;
    linking->right = false;
    struct diag *diag = diag_error(
        linking->diags, "no-such-reply", then->span, "a stream of %s has no error of class '%s'",
        platform_names.rows[platform].word, redial_class_name((enum redial_class)then->class));
    for (int class = REDIAL_CLASS_UNKNOWN + 1; class < REDIAL_CLASS_COUNT; class ++)
        if (frame->typical((uint8_t) class, &type))
            text_printf(&list, "%s%s", list.len ? ", " : "",
                        redial_class_name((enum redial_class) class));
    diag_cure(linking->diags, diag, "it has: %s", list.failed ? "" : list.ptr);
    text_clean_up(&list);
}

static void check_reply(struct linking *linking, enum platform_kind platform,
                        const struct reply_script *reply)
{
    bool by_status = !reply->class && reply->status >= 300 && !reply->body_given;
    bool typical = true;
    if (reply->class)
        typical = typical_by_class(platform, (enum redial_class)reply->class) != NULL;
    else if (by_status && !reply->message.len)
        typical = typical_by_status(platform, reply->status, false) != NULL;
    if (!typical) say_untypical(linking, platform, reply);
    if (reply->then) check_then(linking, platform, reply->then);
    if (reply->match.header_name.len) linking->scenario->looks_at_headers = true;
}

static void link_provider(struct linking *linking, struct provider_script *provider)
{
    size_t index =
        link_name(linking, providers_of(linking->policy), provider->provider, provider->span);
    if (index == SIZE_MAX) return;
    provider->index = (uint16_t)index;
    enum platform_kind platform = platform_of(linking, index);
    for (size_t i = 0; i < provider->reply_count; i++)
        check_reply(linking, platform, &provider->replies[i]);
    for (size_t i = 0; i < provider->outage_count; i++)
        check_reply(linking, platform, &provider->outages[i].reply);
    if (provider->capacity.concurrent) check_reply(linking, platform, &provider->capacity.reply);
}

/* ---- Expectations ---- */

static void link_word(struct linking *linking, struct declared declared, struct expected_word *word)
{
    if (word->text.len == 0) return;
    size_t index = link_name(linking, declared, word->text, word->span);
    if (index != SIZE_MAX) word->row = (int)index;
}

static void link_words(struct linking *linking, struct declared declared,
                       struct expected_words *words)
{
    for (size_t i = 0; i < words->count; i++) link_word(linking, declared, &words->list[i]);
}

static void link_request(struct linking *linking, struct expected_request *request)
{
    link_word(linking, providers_of(linking->policy), &request->provider);
    link_word(linking, models_of(linking->policy), &request->model);
}

static void link_expect(struct linking *linking, struct expect *expect)
{
    link_word(linking, providers_of(linking->policy), &expect->provider);
    link_word(linking, models_of(linking->policy), &expect->model);
    link_words(linking, rules_of(linking->policy), &expect->rules);
    link_words(linking, rules_of(linking->policy), &expect->never.rules);
    for (size_t i = 0; i < expect->request_count; i++) link_request(linking, &expect->requests[i]);
    if (expect->last_request) link_request(linking, expect->last_request);
}

bool scenario_link(struct scenario *scenario, struct diag_list *diags)
{
    struct linking linking = {scenario, scenario->policy, diags, true};
    for (size_t i = 0; i < scenario->call_count; i++) link_call(&linking, &scenario->calls[i]);
    for (size_t i = 0; i < scenario->provider_count; i++)
        link_provider(&linking, &scenario->providers[i]);
    link_expect(&linking, &scenario->expect);
    return linking.right;
}
