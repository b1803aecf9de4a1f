/* The one JSON bridge, over cJSON, so that the parser can be exchanged. Reads bodies that come from
 * outside: depth and size are bounded, nothing here trusts what it reads. */
#ifndef REDIAL_DOCUMENT_JSON_H
#define REDIAL_DOCUMENT_JSON_H

#include "base/str.h"

#define JSON_BYTES_MAX (16u << 20) /* a reply's body; more is no error message and no answer */
#define JSON_DEPTH_MAX 128u

struct json; /* a parsed value; owned by the root */

/* NULL: not one well-formed JSON text, beyond the bounds, or memory is out. As lenient as cJSON is
 * with bytes that are not UTF-8 and with leading zeros. */
struct json *json_parse(struct redial_str text);
void json_free(struct json *root); /* NULL is fine */
/* Walks a path of member names and array indices, "error.details.0.reason"; NULL when any part is
 * missing. NULL `value` gives NULL, an empty path the value itself. */
const struct json *json_at(const struct json *value, const char *path);
bool json_is_array(const struct json *value);
bool json_is_object(const struct json *value);
/* Text of a string value, valid as long as the root, up to its first U+0000; empty for NULL and for
 * other types. */
struct redial_str json_text(const struct json *value);
/* A number as a whole number (truncated, saturated), or a string of digits; `otherwise` for
 * anything else. */
int64_t json_int(const struct json *value, int64_t otherwise);
bool json_true(const struct json *value);
size_t json_count(const struct json *value); /* items of an array or members of an object, else 0 */

/* Walking a value of unknown shape. */
enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};
enum json_kind json_kind(const struct json *value);
double json_number(const struct json *value);            /* of a NUMBER */
const struct json *json_first(const struct json *value); /* child of an ARRAY or OBJECT */
const struct json *json_next(const struct json *child);  /* NULL after the last */
struct redial_str json_name(const struct json *child);   /* of an OBJECT's child */

#endif
