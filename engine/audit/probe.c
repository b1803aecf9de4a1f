/* Writing probes, and judging their replies. */
#include "audit/probe.h"

#include <inttypes.h>

#include "base/base64.h"
#include "model/policy.h"

static const struct name verdict_rows[] = {
    [PROBE_WORKS] = {"works", "the reply shows its effect"},
    [PROBE_ACCEPTED] = {"accepted", "the platform took it; no reply could show an effect"},
    [PROBE_IGNORED] = {"ignored", "the platform took it, and the reply shows no effect"},
    [PROBE_REFUSED] = {"refused", "the platform does not take such a request"},
    [PROBE_UNCLEAR] = {"unclear", "something else went wrong"},
};
const struct names probe_verdict_names = {"verdict", verdict_rows, PROBE_VERDICT_COUNT};

static const struct name accord_rows[] = {
    [ACCORD_AGREES] = {"agrees", "as documented"},
    [ACCORD_CONTRADICTS] = {"contradicts", "not as documented"},
    [ACCORD_NEW] = {"new", "the documents leave it open"},
    [ACCORD_OPEN] = {"open", "nothing was learnt"},
};
const struct names probe_accord_names = {"accord", accord_rows, ACCORD_COUNT};

/* ---- Writing */

/* Some models cache no prompt below 4096 tokens. */
#define TEXT_WORDS 4600

static void write_text(uint64_t nonce, struct text *out)
{
    text_printf(out, "Probe %" PRIu64 ".", nonce);
    for (int i = 0; i < TEXT_WORDS; i++) text_append(out, REDIAL_STR(" so"));
}

/* One page with one word. Readers want to know at which byte each object begins. */
static void write_pdf(struct text *out)
{
    static const char *const objects[] = {
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R>>",
        "<</Length 38>>stream\nBT /F1 24 Tf 50 40 Td (marigold) Tj ET\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    };
    size_t begins[REDIAL_COUNT_OF(objects)], table;

    text_append(out, REDIAL_STR("%PDF-1.4\n"));
    for (size_t i = 0; i < REDIAL_COUNT_OF(objects); i++) {
        begins[i] = out->len;
        text_printf(out, "%zu 0 obj%s\nendobj\n", i + 1, objects[i]);
    }
    table = out->len;
    text_append(out, REDIAL_STR("xref\n0 6\n0000000000 65535 f \n"));
    for (size_t i = 0; i < REDIAL_COUNT_OF(objects); i++)
        text_printf(out, "%010zu 00000 n \n", begins[i]);
    text_printf(out, "trailer<</Size 6/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", table);
}

static void write_pdf_in_base64(struct text *out)
{
    struct base64 base64 = {.rest_len = 0};
    struct text pdf = TEXT_INIT;

    write_pdf(&pdf);
    base64_append(&base64, text_str(&pdf), out);
    base64_end(&base64, out);
    if (pdf.failed) out->failed = true;
    text_clean_up(&pdf);
}

void probe_write(const struct probe *probe, uint64_t nonce, struct text *out)
{
    struct redial_str rest = str_of(probe->members), piece;

    text_printf(out, "{\"max_tokens\":%" PRId64 ",", probe->max_tokens);
    while (str_split(&rest, '@', &piece)) {
        if (str_is(piece, "TEXT"))
            write_text(nonce, out);
        else if (str_is(piece, "PDF"))
            write_pdf_in_base64(out);
        else
            text_append(out, piece);
    }
    text_append_char(out, '}');
}

/* No tokeniser makes more of such text than one of two bytes. */
#define BYTES_PER_TOKEN 2

int64_t probe_input_tokens(const struct probe *probe)
{
    struct text text = TEXT_INIT;

    probe_write(probe, UINT64_MAX, &text);
    int64_t tokens = (int64_t)text.len / BYTES_PER_TOKEN + probe->found_tokens;
    text_clean_up(&text);
    return tokens;
}

/* The policy's models go by name; a platform's rows say which of them it has. */
struct redial_str probe_model(const struct redial_policy *policy, uint16_t provider,
                              const struct probe *probe)
{
    struct redial_str closest;

    for (size_t g = 0; g < REDIAL_COUNT_OF(probe->models) && probe->models[g]; g++)
        for (size_t m = 0; m < policy->model_count; m++) {
            struct redial_str name = policy->models[m].name;
            if (glob_match(str_of(probe->models[g]), name) &&
                policy_knows_model(policy, provider, name, &closest))
                return name;
        }
    return (struct redial_str){"", 0};
}

/* ---- Judging */

struct look {
    const struct probe *probe;
    struct text path, *shown;
    bool seen;
};

static bool shows(const struct probe *probe, const struct json *value)
{
    switch (probe->effect) {
    case EFFECT_SAYS:
        return json_kind(value) == JSON_STRING &&
               glob_match(str_of(probe->value), json_text(value));
    case EFFECT_COUNTS: return json_kind(value) == JSON_NUMBER && json_number(value) > 0;
    case EFFECT_IS_THERE: return json_kind(value) != JSON_NULL;
    case EFFECT_NONE: break;
    }
    return false;
}

static void look_at(struct look *look, const struct json *value)
{
    if (look->seen || !glob_match(str_of(look->probe->path), text_str(&look->path))) return;
    if (!shows(look->probe, value)) return;
    look->seen = true;
    text_append(look->shown, text_str(&look->path));
    if (json_kind(value) == JSON_NUMBER)
        text_printf(look->shown, " is %" PRId64, json_int(value, 0));
    else if (json_kind(value) == JSON_STRING)
        text_printf(look->shown, " is %.*s", REDIAL_STR_ARG(str_take(json_text(value), 60)));
    else
        text_append(look->shown, REDIAL_STR(" is there"));
}

/* Depth is bounded by the parser. */
// NOLINTNEXTLINE(misc-no-recursion)
static void walk(struct look *look, const struct json *value)
{
    size_t number = 0;
    bool is_object = json_kind(value) == JSON_OBJECT;

    if (!is_object && json_kind(value) != JSON_ARRAY) return;
    for (const struct json *child = json_first(value); child; child = json_next(child), number++) {
        size_t before = look->path.len;
        if (before > 0) text_append_char(&look->path, '.');
        if (is_object)
            text_append(&look->path, json_name(child));
        else
            text_printf(&look->path, "%zu", number);
        look_at(look, child);
        walk(look, child);
        look->path.len = before;
    }
}

/* What a reply without the effect means. */
static enum probe_verdict judge_missing(const struct probe *probe, struct text *shown)
{
    if (probe->effect == EFFECT_NONE) {
        text_append(shown, REDIAL_STR("no reply shows its effect"));
        return PROBE_ACCEPTED;
    }
    text_printf(shown, "no %s", probe->path);
    if (probe->effect == EFFECT_SAYS) text_printf(shown, " says %s", probe->value);
    if (probe->effect == EFFECT_COUNTS) text_append(shown, REDIAL_STR(" above 0"));
    if (probe->proof == PROOF_CHOSEN)
        text_append(shown, REDIAL_STR("; unless the model chose not to: ask again"));
    if (probe->proof == PROOF_WEAK)
        text_append(shown, REDIAL_STR("; an account without it has none"));
    return probe->proof == PROOF_WEAK ? PROBE_ACCEPTED : PROBE_IGNORED;
}

static enum probe_verdict judge_success(const struct probe *probe, struct redial_str body,
                                        struct text *shown)
{
    struct look look = {.probe = probe, .path = TEXT_INIT, .shown = shown};
    struct json *message;

    if (probe->effect == EFFECT_NONE) return judge_missing(probe, shown);
    message = json_parse(body);
    if (!json_is_object(message)) {
        json_free(message);
        text_append(shown, REDIAL_STR("the reply is no message in JSON"));
        return PROBE_UNCLEAR;
    }
    walk(&look, message);
    if (look.path.failed) shown->failed = true;
    json_free(message);
    text_clean_up(&look.path);
    return look.seen ? PROBE_WORKS : judge_missing(probe, shown);
}

enum probe_verdict probe_judge(const struct probe *probe, const struct probe_reply *reply,
                               struct text *shown)
{
    if (reply->succeeded) return judge_success(probe, reply->body, shown);
    return reply->class == REDIAL_CLASS_INVALID_REQUEST ||
                   (probe->fast && reply->class == REDIAL_CLASS_FAST_UNAVAILABLE)
               ? PROBE_REFUSED
               : PROBE_UNCLEAR;
}

/* ---- Comparing */

enum probe_accord probe_compare(enum probe_verdict verdict, enum support documented)
{
    /* What a platform says it lacks, it may refuse or ignore; what it is said to ignore, it takes.
     * `limited` leaves room for both. */
    static const enum probe_accord accords[SUPPORT_COUNT][PROBE_VERDICT_COUNT] = {
        [SUPPORT_FULL] = {ACCORD_AGREES, ACCORD_AGREES, ACCORD_CONTRADICTS, ACCORD_CONTRADICTS,
                          ACCORD_OPEN},
        [SUPPORT_BETA] = {ACCORD_AGREES, ACCORD_AGREES, ACCORD_CONTRADICTS, ACCORD_CONTRADICTS,
                          ACCORD_OPEN},
        [SUPPORT_LIMITED] = {ACCORD_AGREES, ACCORD_AGREES, ACCORD_NEW, ACCORD_NEW, ACCORD_OPEN},
        [SUPPORT_NONE] = {ACCORD_CONTRADICTS, ACCORD_NEW, ACCORD_AGREES, ACCORD_AGREES,
                          ACCORD_OPEN},
        [SUPPORT_IGNORED] = {ACCORD_CONTRADICTS, ACCORD_AGREES, ACCORD_AGREES, ACCORD_CONTRADICTS,
                             ACCORD_OPEN},
        [SUPPORT_DISABLED] = {ACCORD_CONTRADICTS, ACCORD_NEW, ACCORD_AGREES, ACCORD_AGREES,
                              ACCORD_OPEN},
        [SUPPORT_UNKNOWN] = {ACCORD_NEW, ACCORD_NEW, ACCORD_NEW, ACCORD_NEW, ACCORD_OPEN},
        [SUPPORT_DISPUTED] = {ACCORD_NEW, ACCORD_NEW, ACCORD_NEW, ACCORD_NEW, ACCORD_OPEN},
    };

    return accords[documented][verdict];
}
