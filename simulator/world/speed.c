#include "simulator/world/speed.h"

#include "base/duration.h"

static int64_t shorter(int64_t span, double factor)
{
    if (span <= 0 || span == DURATION_MAX) return span; /* none, and for ever */
    double divided = (double)span / factor;
    return divided < 1 ? 1 : divided >= 9e18 ? DURATION_MAX : (int64_t)divided;
}

static int64_t whole_seconds(int64_t span)
{
    if (span <= 0) return span;
    return (span + NS_PER_SECOND - 1) / NS_PER_SECOND * NS_PER_SECOND;
}

static void hurry_reply(struct reply_script *reply, double factor)
{
    reply->at = shorter(reply->at, factor);
    reply->after = shorter(reply->after, factor);
    reply->retry_after = whole_seconds(shorter(reply->retry_after, factor));
    reply->fault_for = shorter(reply->fault_for, factor);
    reply->stream.pace = shorter(reply->stream.pace, factor);
    for (size_t i = 0; i < reply->stream.event_count; i++)
        reply->stream.events[i].after = shorter(reply->stream.events[i].after, factor);
    if (reply->slow > 0) {
        double faster = (double)reply->slow * factor;
        reply->slow = faster >= 9e18 ? INT64_MAX : faster < 1 ? 1 : (int64_t)faster;
    }
    if (reply->then) hurry_reply(reply->then, factor);
}

static void hurry_conditions(struct provider_script *script, double factor)
{
    for (size_t i = 0; i < RATE_KIND_COUNT; i++)
        script->rates[i].period = shorter(script->rates[i].period, factor);
    for (size_t i = 0; i < script->outage_count; i++) {
        script->outages[i].from = shorter(script->outages[i].from, factor);
        script->outages[i].to = shorter(script->outages[i].to, factor);
        hurry_reply(&script->outages[i].reply, factor);
    }
    for (size_t i = 0; i < script->token_reply_count; i++)
        script->token_replies[i].after = shorter(script->token_replies[i].after, factor);
    script->idle_close = shorter(script->idle_close, factor);
    script->expire_after = shorter(script->expire_after, factor);
}

void scripts_hurry(struct provider_script *scripts, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < scripts[i].reply_count; k++)
            hurry_reply(&scripts[i].replies[k], factor);
        hurry_conditions(&scripts[i], factor);
    }
}
