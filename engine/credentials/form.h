/* Texts as forms and queries carry them (application/x-www-form-urlencoded): everything but
 * RFC 3986's unreserved characters is encoded, so that both servers of forms and parsers of queries
 * read the same. */
#ifndef REDIAL_CREDENTIALS_FORM_H
#define REDIAL_CREDENTIALS_FORM_H

#include "base/str.h"

void form_append_encoded(struct text *out, struct redial_str value);
/* Appends name=value, with '&' before it unless `out` is empty or ends in '?'. `name` is sent as it
 * is. An empty value is left out. */
void form_append(struct text *out, const char *name, struct redial_str value);

#endif
