#include "base/http.h"

size_t http_body_len(const struct http_request *request)
{
    size_t len = 0;

    for (size_t i = 0; i < request->piece_count; i++) len += request->pieces[i].len;
    return len;
}
