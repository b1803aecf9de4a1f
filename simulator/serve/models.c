/* Lists of models: those that the scenario's policy knows by the platform's ids, or without a
 * scenario the usual ones. */
#include "simulator/serve/serve_parts.h"

static const char *const usual[] = {"claude-opus-5",     "claude-sonnet-5",
                                    "claude-opus-4-7",   "claude-opus-4-6",
                                    "claude-sonnet-4-6", "claude-haiku-4-5-20251001"};

struct listing {
    enum platform_kind platform;
    struct redial_str wanted; /* one id; empty: all */
    struct text *out;
    size_t count;
    struct redial_str first, last;
};

static void list_model(struct listing *listing, struct redial_str id)
{
    struct text *out = listing->out;

    if (listing->wanted.len > 0 && !str_eq(listing->wanted, id)) return;
    if (listing->count++ == 0)
        listing->first = id;
    else
        text_append_char(out, ',');
    listing->last = id;
    if (listing->platform == PLATFORM_BEDROCK) {
        text_append(out, REDIAL_STR("{\"status\":\"ACTIVE\",\"type\":\"SYSTEM_DEFINED\","
                                    "\"inferenceProfileId\":"));
        text_append_json(out, id);
        text_append_char(out, '}');
        return;
    }
    text_append(out, REDIAL_STR("{\"type\":\"model\",\"id\":"));
    text_append_json(out, id);
    text_append(out, REDIAL_STR(",\"display_name\":"));
    text_append_json(out, id);
    text_append(out, REDIAL_STR(",\"created_at\":\"2026-01-01T00:00:00Z\"}"));
}

static void list_models(const struct redial_policy *policy, struct listing *listing)
{
    size_t known = 0;

    for (size_t i = 0; i < policy->platform_count; i++) {
        const struct platform *platform = &policy->platforms[i];
        if (platform->kind != listing->platform) continue;
        for (size_t k = 0; k < platform->model_count; k++, known++)
            list_model(listing, platform->models[k].id);
    }
    for (size_t i = 0; known == 0 && i < REDIAL_COUNT_OF(usual); i++)
        list_model(listing, str_of(usual[i]));
}

static void write_list(struct listing *listing, struct redial_str rows, struct text *out)
{
    if (listing->platform == PLATFORM_BEDROCK) {
        text_printf(out, "{\"inferenceProfileSummaries\":[%.*s]}", REDIAL_STR_ARG(rows));
        return;
    }
    text_printf(out, "{\"data\":[%.*s],\"has_more\":false,\"first_id\":", REDIAL_STR_ARG(rows));
    text_append_json(out, listing->first);
    text_append(out, REDIAL_STR(",\"last_id\":"));
    text_append_json(out, listing->last);
    text_append_char(out, '}');
}

static const struct exchange *say(struct fakes *fakes, struct arena *arena,
                                  enum platform_kind platform, struct text *text)
{
    struct redial_str body;

    if (text->failed || !arena_copy(arena, text_str(text), &body)) return NULL;
    return answer_with_json(arena, platform, 200, body, serve_next_id(fakes));
}

static const struct exchange *refuse_model(struct fakes *fakes, const struct route *route,
                                           struct arena *arena)
{
    struct objection objection = {.status = 404};

    if (!arena_printf(arena, &objection.message, "model: %.*s", REDIAL_STR_ARG(route->captured)))
        return NULL;
    return answer_objection(arena, route->platform, &objection, serve_next_id(fakes));
}

const struct exchange *models_answer(struct fakes *fakes, const struct route *route,
                                     struct redial_str target, struct arena *arena)
{
    struct text rows = TEXT_INIT, body = TEXT_INIT;
    struct listing listing = {.platform = route->platform, .wanted = route->captured, .out = &rows};
    const struct exchange *exchange;

    (void)target;
    list_models(fakes->script->policy, &listing);
    if (route->captured.len > 0 && listing.count == 0) {
        exchange = refuse_model(fakes, route, arena);
    } else if (route->captured.len > 0) {
        exchange = say(fakes, arena, route->platform, &rows);
    } else {
        write_list(&listing, text_str(&rows), &body);
        if (rows.failed) body.failed = true;
        exchange = say(fakes, arena, route->platform, &body);
    }
    text_clean_up(&rows);
    text_clean_up(&body);
    return exchange;
}
