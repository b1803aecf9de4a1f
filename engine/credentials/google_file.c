#include "credentials/google_file.h"

#include <stddef.h>

#include "base/redact.h"
#include "document/json.h"

#define TOKEN_URL        "https://oauth2.googleapis.com/token"
#define STS_URL          "https://sts.googleapis.com/v1/token"
#define STS_USER_URL     "https://sts.googleapis.com/v1/oauthtoken"
#define LIFETIME_DEFAULT 3600 /* s, as Google's libraries ask for */
#define LIFETIME_MAX     43200

static const struct name type_rows[] = {
    [GOOGLE_SERVICE_ACCOUNT] = {"service_account", "a key of a service account"},
    [GOOGLE_AUTHORIZED_USER] = {"authorized_user", "a person's refresh token"},
    [GOOGLE_IMPERSONATED] = {"impersonated_service_account",
                             "another credential that may act as a service account"},
    [GOOGLE_EXTERNAL] = {"external_account", "a token of another cloud or identity provider"},
    [GOOGLE_EXTERNAL_USER] = {"external_account_authorized_user",
                              "a refresh token of a person of another identity provider"},
    [GOOGLE_GDCH] = {"gdch_service_account", "a key of Google Distributed Cloud"},
};
const struct names google_type_names = {"credential type", type_rows, REDIAL_COUNT_OF(type_rows)};

/* One text of a file: which types need it, which may have it, where it goes. */
struct key {
    const char *path;
    unsigned needed_by, known_to; /* bit per type */
    size_t offset;
};

#define OF(type) (1u << GOOGLE_##type)
#define USERS    (OF(AUTHORIZED_USER) | OF(EXTERNAL_USER))
#define BOUGHT   (OF(SERVICE_ACCOUNT) | OF(AUTHORIZED_USER))
#define EXTERN   (OF(EXTERNAL) | OF(EXTERNAL_USER))
#define ANY      (OF(TYPE_COUNT) - 1)
#define AT(name) offsetof(struct google_file, name)

static const struct key keys[] = {
    {"project_id", 0, ANY, AT(project)},
    {"quota_project_id", 0, ANY, AT(quota_project)},
    {"client_email", OF(SERVICE_ACCOUNT), 0, AT(email)},
    {"private_key", OF(SERVICE_ACCOUNT), 0, AT(private_key)},
    {"token_uri", 0, BOUGHT, AT(token_url)},
    {"token_url", 0, EXTERN, AT(token_url)},
    {"client_id", USERS, 0, AT(client_id)},
    {"client_secret", USERS, OF(EXTERNAL), AT(client_secret)},
    {"client_id", 0, OF(EXTERNAL), AT(client_id)},
    {"refresh_token", USERS, 0, AT(refresh_token)},
    {"service_account_impersonation_url", OF(IMPERSONATED), OF(EXTERNAL), AT(impersonation_url)},
    {"audience", OF(EXTERNAL), 0, AT(audience)},
    {"subject_token_type", OF(EXTERNAL), 0, AT(subject_token_type)},
    {"workforce_pool_user_project", 0, OF(EXTERNAL), AT(user_project)},
    {"credential_source.file", 0, OF(EXTERNAL), AT(source_path)},
    {"credential_source.url", 0, OF(EXTERNAL), AT(source_url)},
    {"credential_source.environment_id", 0, OF(EXTERNAL), AT(source_environment)},
    {"credential_source.region_url", 0, OF(EXTERNAL), AT(source_region_url)},
    {"credential_source.imdsv2_session_token_url", 0, OF(EXTERNAL), AT(source_session_url)},
    {"credential_source.regional_cred_verification_url", 0, OF(EXTERNAL), AT(source_verify_url)},
    {"credential_source.format.subject_token_field_name", 0, OF(EXTERNAL), AT(source_field)},
};

struct reading {
    struct arena *arena;
    struct google_file *file;
    struct redial_str *why;
};

static bool refuse(struct reading *reading, const char *why)
{
    *reading->why = str_of(why);
    return false;
}

static bool read_key(struct reading *reading, const struct json *root, const struct key *key,
                     unsigned type)
{
    struct redial_str value = json_text(json_at(root, key->path));
    if (!((key->needed_by | key->known_to) & type)) return true;
    if (value.len == 0 && (key->needed_by & type)) {
        if (!arena_printf(reading->arena, reading->why, "has no \"%s\"", key->path))
            return refuse(reading, "");
        return false;
    }
    if (value.len == 0) return true;
    void *target = (char *)reading->file + key->offset;
    return arena_copy(reading->arena, value, target);
}

static bool read_keys(struct reading *reading, const struct json *root)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(keys); i++)
        if (!read_key(reading, root, &keys[i], 1u << reading->file->type)) return false;
    return true;
}

/* ---- What a type is */

static bool unknown_type(struct reading *reading, struct redial_str word)
{
    struct text why = TEXT_INIT;
    int closest = names_closest(&google_type_names, word);
    text_append(&why, REDIAL_STR("is of the unknown type '"));
    redact(str_take(word, 80), NULL, &why);
    text_append_char(&why, '\'');
    if (closest >= 0) {
        text_printf(&why, "; did you mean '%s'?", type_rows[closest].word);
    } else {
        text_append(&why, REDIAL_STR(": expected "));
        names_list(&google_type_names, &why);
    }
    if (why.failed || !arena_copy(reading->arena, text_str(&why), reading->why))
        (void)refuse(reading, "");
    text_clean_up(&why);
    return false;
}

static bool read_type(struct reading *reading, const struct json *root)
{
    struct redial_str word = json_text(json_at(root, "type"));
    int type = names_find(&google_type_names, word);
    if (!json_is_object(root)) return refuse(reading, "holds JSON that is no object");
    if (word.len == 0) {
        if (json_is_object(json_at(root, "installed")) || json_is_object(json_at(root, "web")))
            return refuse(reading, "is the description of an OAuth client, not a credential: run "
                                   "`gcloud auth application-default login`");
        return refuse(reading, "has no \"type\"");
    }
    if (type < 0) return unknown_type(reading, word);
    reading->file->type = (enum google_type)type;
    if (type == GOOGLE_GDCH)
        return refuse(reading,
                      "is of type 'gdch_service_account', which belongs to Google Distributed "
                      "Cloud, where no Vertex AI is");
    return true;
}

/* ---- The parts that are no plain texts */

static bool read_delegates(struct reading *reading, const struct json *root)
{
    const struct json *list = json_at(root, "delegates");
    struct google_file *file = reading->file;
    if (!json_is_array(list)) return true;
    if (json_count(list) > GOOGLE_DELEGATES_MAX)
        return refuse(reading, "has more than 8 \"delegates\"");
    for (const struct json *item = json_first(list); item; item = json_next(item))
        if (!arena_copy(reading->arena, json_text(item), &file->delegates[file->delegate_count++]))
            return false;
    return true;
}

static bool read_source_headers(struct reading *reading, const struct json *root)
{
    const struct json *list = json_at(root, "credential_source.headers");
    struct google_file *file = reading->file;
    if (!json_is_object(list)) return true;
    if (json_count(list) > GOOGLE_HEADERS_MAX)
        return refuse(reading, "has more than 8 \"credential_source.headers\"");
    for (const struct json *item = json_first(list); item; item = json_next(item)) {
        struct google_pair *pair = &file->source_headers[file->source_header_count++];
        if (!arena_copy(reading->arena, json_name(item), &pair->name) ||
            !arena_copy(reading->arena, json_text(item), &pair->value))
            return false;
    }
    return true;
}

static bool check_aws_source(struct reading *reading)
{
    if (!str_is(reading->file->source_environment, "aws1"))
        return refuse(reading, "has a \"credential_source.environment_id\" other than \"aws1\", "
                               "which is not known here");
    if (reading->file->source_verify_url.len == 0)
        return refuse(reading, "has no \"credential_source.regional_cred_verification_url\"");
    return true;
}

/* Where the subject token of an external account comes from: a file, a URL, or AWS. */
static bool read_source(struct reading *reading, const struct json *root)
{
    const struct json *source = json_at(root, "credential_source");
    struct redial_str format = json_text(json_at(source, "format.type"));
    struct google_file *file = reading->file;
    if (file->source_environment.len > 0) return check_aws_source(reading);
    if (json_at(source, "executable") || json_at(source, "certificate"))
        return refuse(reading,
                      "takes its subject token from a program or a certificate, which is not "
                      "supported: use a \"file\" or a \"url\"");
    if (file->source_path.len == 0 && file->source_url.len == 0)
        return refuse(reading,
                      "has neither \"credential_source.file\" nor \"credential_source.url\"");
    if (str_is(format, "json") && file->source_field.len == 0)
        return refuse(reading, "has no \"credential_source.format.subject_token_field_name\"");
    if (!str_is(format, "json")) file->source_field = (struct redial_str){0};
    return read_source_headers(reading, root);
}

static void read_lifetime(struct google_file *file, const struct json *value)
{
    int64_t seconds = json_int(value, LIFETIME_DEFAULT);
    file->lifetime = seconds > 0 && seconds <= LIFETIME_MAX ? seconds : LIFETIME_DEFAULT;
}

static void default_token_url(struct google_file *file)
{
    static const struct redial_str urls[GOOGLE_TYPE_COUNT] = {
        [GOOGLE_SERVICE_ACCOUNT] = REDIAL_STR_INIT(TOKEN_URL),
        [GOOGLE_AUTHORIZED_USER] = REDIAL_STR_INIT(TOKEN_URL),
        [GOOGLE_EXTERNAL] = REDIAL_STR_INIT(STS_URL),
        [GOOGLE_EXTERNAL_USER] = REDIAL_STR_INIT(STS_USER_URL),
    };
    if (file->token_url.len == 0) file->token_url = urls[file->type];
}

static bool read_inside(struct reading *reading, const struct json *root)
{
    struct google_file outer = *reading->file, *file = reading->file;
    const struct json *inside = json_at(root, "source_credentials");
    if (!inside) return refuse(reading, "has no \"source_credentials\"");
    if (!read_type(reading, inside)) return false;
    if (file->type == GOOGLE_IMPERSONATED)
        return refuse(reading,
                      "impersonates by a credential that impersonates again: name the others "
                      "in \"delegates\"");
    if (!read_keys(reading, inside)) return false;
    if (file->type == GOOGLE_EXTERNAL && !read_source(reading, inside)) return false;
    if (file->type == GOOGLE_EXTERNAL && !str_eq(file->impersonation_url, outer.impersonation_url))
        return refuse(reading,
                      "impersonates by a credential that impersonates again: name the others "
                      "in \"delegates\"");
    file->project = outer.project;
    if (outer.quota_project.len > 0) file->quota_project = outer.quota_project;
    default_token_url(file);
    return true;
}

static bool read_root(struct reading *reading, const struct json *root)
{
    struct google_file *file = reading->file;
    if (!read_type(reading, root) || !read_keys(reading, root)) return false;
    read_lifetime(file, json_at(root, "lifetime"));
    if (file->type == GOOGLE_EXTERNAL) {
        read_lifetime(file, json_at(root, "service_account_impersonation.token_lifetime_seconds"));
        if (!read_source(reading, root)) return false;
    }
    if (file->type == GOOGLE_IMPERSONATED)
        return read_delegates(reading, root) && read_inside(reading, root);
    default_token_url(file);
    return true;
}

bool google_file_read(struct redial_str text, struct arena *arena, struct google_file *file,
                      struct redial_str *why)
{
    struct reading reading = {arena, file, why};
    *file = (struct google_file){0};
    *why = (struct redial_str){0};
    struct json *root = json_parse(text);
    if (!root) return refuse(&reading, str_trim(text).len == 0 ? "is empty" : "is no JSON");
    bool right = read_root(&reading, root);
    json_free(root);
    return right;
}
