#include "document/json.h"

#include <cJSON.h>
#include <string.h>

/* A struct json is a cJSON; nobody else knows. */
static struct json *of_cjson(cJSON *item)
{
    return (struct json *)item;
}

static const cJSON *cjson_of(const struct json *value)
{
    return (const cJSON *)value;
}

/* cJSON recurses, so depth is judged before it begins. What is not well-formed is left for it to
 * find. */
static bool is_shallow(struct redial_str text)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '[' || c == '{')) {
            if (++depth > JSON_DEPTH_MAX) return false;
        } else if (!quoted && (c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}

struct json *json_parse(struct redial_str text)
{
    if (text.len == 0 || text.len > JSON_BYTES_MAX || !is_shallow(text)) return NULL;
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    if (root && str_trim(str_skip(text, (size_t)(end - text.ptr))).len > 0) {
        cJSON_Delete(root);
        return NULL;
    }
    return of_cjson(root);
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)root);
}

static const cJSON *member(const cJSON *object, struct redial_str name)
{
    const cJSON *item = object->child;
    while (item && !str_is(name, item->string)) item = item->next;
    return item;
}

static const cJSON *element(const cJSON *array, struct redial_str digits)
{
    int64_t index = -1;
    if (!str_to_int64(digits, &index) || index < 0) return NULL;
    const cJSON *item = array->child;
    while (item && index-- > 0) item = item->next;
    return item;
}

const struct json *json_at(const struct json *value, const char *path)
{
    const cJSON *item = cjson_of(value);
    struct redial_str rest = str_of(path), step;
    while (item && str_split(&rest, '.', &step)) {
        if (cJSON_IsObject(item)) {
            item = member(item, step);
        } else {
            item = cJSON_IsArray(item) ? element(item, step) : NULL;
        }
    }
    return (const struct json *)item;
}

bool json_is_array(const struct json *value)
{
    return cJSON_IsArray(cjson_of(value));
}

bool json_is_object(const struct json *value)
{
    return cJSON_IsObject(cjson_of(value));
}

struct redial_str json_text(const struct json *value)
{
    return cJSON_IsString(cjson_of(value)) ? str_of(cjson_of(value)->valuestring) : REDIAL_STR("");
}

static int64_t saturate(double number)
{
    /* 2^63 as a double is exact; INT64_MAX is not */
    if (number >= 9223372036854775808.0) return INT64_MAX;
    if (number < -9223372036854775808.0) return INT64_MIN;
    return (int64_t)number;
}

int64_t json_int(const struct json *value, int64_t otherwise)
{
    int64_t number = 0;
    if (cJSON_IsNumber(cjson_of(value))) {
        double given = cjson_of(value)->valuedouble;
        return given == given ? saturate(given) : otherwise; /* NaN differs from itself */
    }
    return str_to_int64(json_text(value), &number) ? number : otherwise;
}

bool json_true(const struct json *value)
{
    return cJSON_IsTrue(cjson_of(value));
}

size_t json_count(const struct json *value)
{
    if (!json_is_array(value) && !json_is_object(value)) return 0;
    size_t count = 0;
    for (const cJSON *item = cjson_of(value)->child; item; item = item->next) count++;
    return count;
}

/* ---- Walking */

enum json_kind json_kind(const struct json *value)
{
    const cJSON *item = cjson_of(value);
    if (cJSON_IsObject(item)) return JSON_OBJECT;
    if (cJSON_IsArray(item)) return JSON_ARRAY;
    if (cJSON_IsString(item)) return JSON_STRING;
    if (cJSON_IsNumber(item)) return JSON_NUMBER;
    if (cJSON_IsTrue(item)) return JSON_TRUE;
    return cJSON_IsFalse(item) ? JSON_FALSE : JSON_NULL;
}

double json_number(const struct json *value)
{
    return cjson_of(value)->valuedouble;
}

const struct json *json_first(const struct json *value)
{
    return (const struct json *)cjson_of(value)->child;
}

const struct json *json_next(const struct json *child)
{
    return (const struct json *)cjson_of(child)->next;
}

struct redial_str json_name(const struct json *child)
{
    return str_of(cjson_of(child)->string);
}
