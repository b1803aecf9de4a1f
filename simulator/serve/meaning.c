/* What a reply means to a client: it is read as a client reads it, and the policy's tables say. */
#include "core/match.h"
#include "platforms/reader.h"
#include "simulator/serve/serve_parts.h"
#include "simulator/world/typical.h"

/* A scenario's own policy; else the one that was given to read by. NULL: neither. */
static const struct redial_policy *policy_of(struct fakes *fakes)
{
    const struct script *script = fakes->script;

    if (script && script->is_scenario) return script->policy;
    if (!fakes->policy_asked && fakes->options.policy)
        fakes->policy = fakes->options.policy(fakes->options.context);
    fakes->policy_asked = true;
    return fakes->policy;
}

static uint16_t platform_in(const struct redial_policy *policy, enum platform_kind kind)
{
    for (size_t i = 0; policy && i < policy->platform_count; i++)
        if (policy->platforms[i].kind == kind) return (uint16_t)i;
    return REDIAL_NO_INDEX;
}

static void read_reply(struct reply_reader *reader, const struct exchange *exchange,
                       enum platform_kind kind, struct redial_event *event)
{
    reply_reader_begin(reader, kind, false);
    reply_reader_head(reader, exchange->status, exchange->headers, exchange->header_count);
    for (size_t i = 0; i < exchange->act_count; i++)
        if (exchange->acts[i].kind == ACT_BODY)
            (void)reply_reader_body(reader, exchange->acts[i].bytes);
    reply_reader_end(reader, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, event);
}

static enum redial_class classify_reply(const struct redial_policy *policy, uint16_t platform,
                                        struct redial_event *event)
{
    const struct redial_call call = {.policy = policy, .platform = platform};
    const struct classify_row *row;
    struct facts facts;

    redial_event_prepare(policy, event);
    facts_init(&facts, &call, event, 0);
    return classify(&facts, &row);
}

/* UNKNOWN: there is no policy to ask, or none of its rows says. */
static enum redial_class read_class(struct fakes *fakes, const struct exchange *exchange,
                                    enum platform_kind kind)
{
    const struct redial_policy *policy = policy_of(fakes);
    uint16_t platform = platform_in(policy, kind);
    struct reply_reader *reader = platform == REDIAL_NO_INDEX ? NULL : reply_reader_new();
    struct redial_event event;
    enum redial_class class;

    if (!reader) return REDIAL_CLASS_UNKNOWN;
    read_reply(reader, exchange, kind, &event);
    class = classify_reply(policy, platform, &event);
    reply_reader_destroy(reader);
    return class;
}

/* What is refused without a script is no token that grew old. */
static enum redial_class class_by_status(const struct exchange *exchange, enum platform_kind kind,
                                         bool refused)
{
    const struct typical_reply *typical = typical_by_status(kind, exchange->status, refused);

    return typical ? typical->class : REDIAL_CLASS_NONE;
}

enum redial_class meaning_of(struct fakes *fakes, const struct exchange *exchange,
                             enum platform_kind kind, bool refused)
{
    enum redial_class class;

    if (exchange->script && exchange->script->class != REDIAL_CLASS_NONE)
        return (enum redial_class)exchange->script->class;
    if (exchange->status < 300) return REDIAL_CLASS_NONE;
    class = read_class(fakes, exchange, kind);
    return class == REDIAL_CLASS_UNKNOWN ? class_by_status(exchange, kind, refused) : class;
}
