#include "credentials/anthropic_file.h"

#include "base/duration.h"
#include "base/names.h"
#include "base/redact.h"
#include "document/json.h"

#define FILE_VERSION "1.0" /* of credentials/NAME.json */

enum { USER_OAUTH, OIDC_FEDERATION };
static const struct name type_rows[] = {
    [USER_OAUTH] = {"user_oauth", "a person who has logged in"},
    [OIDC_FEDERATION] = {"oidc_federation", "a token of another identity provider"},
};
static const struct names type_names = {"authentication type", type_rows,
                                        REDIAL_COUNT_OF(type_rows)};

static bool refuse(struct redial_str *why, const char *words)
{
    *why = str_of(words);
    return false;
}

static bool copy_at(struct arena *arena, const struct json *root, const char *path,
                    struct redial_str *copy)
{
    return arena_copy(arena, json_text(json_at(root, path)), copy);
}

static bool unknown(struct arena *arena, const char *key, struct redial_str word,
                    const struct names *names, struct redial_str *why)
{
    struct text out = TEXT_INIT;
    int closest = names_closest(names, word);
    text_printf(&out, "says %s '", key);
    redact(str_take(word, 80), NULL, &out);
    if (closest >= 0) {
        text_printf(&out, "'; did you mean '%s'?", names->rows[closest].word);
    } else {
        text_append(&out, REDIAL_STR("': expected "));
        names_list(names, &out);
    }
    if (out.failed || !arena_copy(arena, text_str(&out), why)) *why = (struct redial_str){0};
    text_clean_up(&out);
    return false;
}

/* ---- configs/NAME.json */

static bool read_type(const struct json *root, struct arena *arena,
                      struct anthropic_profile *profile, struct redial_str *why)
{
    struct redial_str word = json_text(json_at(root, "authentication.type"));
    int type = names_find(&type_names, word);
    if (!json_is_object(root)) return refuse(why, "holds JSON that is no object");
    if (word.len == 0) return refuse(why, "has no \"authentication\" with a \"type\"");
    if (type < 0) return unknown(arena, "authentication.type", word, &type_names, why);
    profile->federated = type == OIDC_FEDERATION;
    return true;
}

static bool read_identity(const struct json *root, struct arena *arena,
                          struct anthropic_profile *profile, struct redial_str *why)
{
    const struct json *token = json_at(root, "authentication.identity_token");
    if (!json_is_object(token)) return true;
    if (!str_is(json_text(json_at(token, "source")), "file"))
        return refuse(why, "has an \"identity_token\" whose \"source\" is not \"file\"");
    if (json_text(json_at(token, "path")).len == 0)
        return refuse(why, "has an \"identity_token\" without a \"path\"");
    return copy_at(arena, token, "path", &profile->identity_path);
}

static bool read_profile(const struct json *root, struct arena *arena,
                         struct anthropic_profile *profile, struct redial_str *why)
{
    return read_type(root, arena, profile, why) &&
           copy_at(arena, root, "base_url", &profile->base_url) &&
           copy_at(arena, root, "organization_id", &profile->organization) &&
           copy_at(arena, root, "workspace_id", &profile->workspace) &&
           copy_at(arena, root, "authentication.credentials_path", &profile->credentials_path) &&
           copy_at(arena, root, "authentication.client_id", &profile->client_id) &&
           copy_at(arena, root, "authentication.federation_rule_id", &profile->rule) &&
           copy_at(arena, root, "authentication.service_account_id", &profile->service_account) &&
           read_identity(root, arena, profile, why);
}

bool anthropic_profile_read(struct redial_str text, struct arena *arena,
                            struct anthropic_profile *profile, struct redial_str *why)
{
    *profile = (struct anthropic_profile){0};
    *why = (struct redial_str){0};
    struct json *root = json_parse(text);
    if (!root) return refuse(why, str_trim(text).len == 0 ? "is empty" : "is no JSON");
    bool right = read_profile(root, arena, profile, why);
    json_free(root);
    return right;
}

bool anthropic_profile_name_fits(struct redial_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '.' || c == '-'))
            return false;
    }
    return name.len > 0 && !str_is(name, ".") && !str_is(name, "..");
}

/* ---- credentials/NAME.json */

static const struct name token_type_rows[] = {{"oauth_token", "an OAuth token"}};
static const struct names token_type_names = {"type", token_type_rows, 1};

static bool read_expiry(const struct json *value, int64_t *expires_at)
{
    int64_t seconds = json_int(value, -1);
    *expires_at = INT64_MAX;
    if (!value || json_kind(value) == JSON_NULL) return true;
    if (seconds < 0) return false;
    if (seconds <= INT64_MAX / NS_PER_SECOND) *expires_at = seconds * NS_PER_SECOND;
    return true;
}

static bool read_tokens(const struct json *root, struct arena *arena,
                        struct anthropic_tokens *tokens, struct redial_str *why)
{
    struct redial_str type = json_text(json_at(root, "type"));
    if (!json_is_object(root)) return refuse(why, "holds JSON that is no object");
    if (type.len > 0 && !str_is(type, "oauth_token"))
        return unknown(arena, "type", type, &token_type_names, why);
    if (!read_expiry(json_at(root, "expires_at"), &tokens->expires_at))
        return refuse(why, "has an \"expires_at\" that is no moment (seconds since 1970)");
    return copy_at(arena, root, "access_token", &tokens->access_token) &&
           copy_at(arena, root, "refresh_token", &tokens->refresh_token);
}

bool anthropic_tokens_read(struct redial_str text, struct arena *arena,
                           struct anthropic_tokens *tokens, struct redial_str *why)
{
    *tokens = (struct anthropic_tokens){.expires_at = INT64_MAX};
    *why = (struct redial_str){0};
    struct json *root = json_parse(text);
    if (!root) return refuse(why, str_trim(text).len == 0 ? "is empty" : "is no JSON");
    bool right = read_tokens(root, arena, tokens, why);
    json_free(root);
    return right;
}

/* ---- Writing */

/* Seventeen digits are read back as the same number; what JSON cannot say becomes null. */
static void write_number(struct text *out, double number)
{
    if (number - number != 0.0)
        text_append(out, REDIAL_STR("null"));
    else
        text_printf(out, "%.17g", number);
}

static void write_value(struct text *out, const struct json *value);

static void write_children(struct text *out, const struct json *value, bool named)
{
    text_append_char(out, named ? '{' : '[');
    for (const struct json *child = json_first(value); child; child = json_next(child)) {
        if (child != json_first(value)) text_append_char(out, ',');
        if (named) text_append_json(out, json_name(child));
        if (named) text_append_char(out, ':');
        write_value(out, child);
    }
    text_append_char(out, named ? '}' : ']');
}

/* As deep as the bridge reads, JSON_DEPTH_MAX. */
static void write_value(struct text *out, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL: text_append(out, REDIAL_STR("null")); break;
    case JSON_FALSE: text_append(out, REDIAL_STR("false")); break;
    case JSON_TRUE: text_append(out, REDIAL_STR("true")); break;
    case JSON_NUMBER: write_number(out, json_number(value)); break;
    case JSON_STRING: text_append_json(out, json_text(value)); break;
    case JSON_ARRAY: write_children(out, value, false); break;
    case JSON_OBJECT: write_children(out, value, true); break;
    }
}

static bool is_ours(struct redial_str name)
{
    static const char *const ours[] = {"version", "type", "access_token", "expires_at",
                                       "refresh_token"};
    for (size_t i = 0; i < REDIAL_COUNT_OF(ours); i++)
        if (str_is(name, ours[i])) return true;
    return false;
}

static void keep_the_rest(struct text *out, const struct json *root)
{
    if (!json_is_object(root)) return;
    for (const struct json *child = json_first(root); child; child = json_next(child)) {
        if (is_ours(json_name(child))) continue;
        text_append(out, REDIAL_STR(",\n  "));
        text_append_json(out, json_name(child));
        text_append(out, REDIAL_STR(": "));
        write_value(out, child);
    }
}

static void write_member(struct text *out, const char *name, struct redial_str value)
{
    if (value.len == 0) return;
    text_printf(out, ",\n  \"%s\": ", name);
    text_append_json(out, value);
}

void anthropic_tokens_write(struct text *out, struct redial_str text,
                            const struct anthropic_tokens *tokens)
{
    struct json *root = json_parse(text);
    text_append(out,
                REDIAL_STR("{\n  \"version\": \"" FILE_VERSION "\",\n  \"type\": \"oauth_token\""));
    write_member(out, "access_token", tokens->access_token);
    if (tokens->expires_at != INT64_MAX)
        text_printf(out, ",\n  \"expires_at\": %lld",
                    (long long)(tokens->expires_at / NS_PER_SECOND));
    write_member(out, "refresh_token", tokens->refresh_token);
    keep_the_rest(out, root);
    text_append(out, REDIAL_STR("\n}\n"));
    json_free(root);
}
