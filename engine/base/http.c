#include "base/http.h"

#include "base/str.h"

size_t http_body_len(const struct http_request *request)
{
    size_t len = 0;

    for (size_t i = 0; i < request->piece_count; i++) len += request->pieces[i].len;
    return len;
}

const struct redial_header *http_find_header(const struct redial_header *headers, size_t count,
                                             struct redial_str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(headers[i].name, name)) return &headers[i];
    return NULL;
}
