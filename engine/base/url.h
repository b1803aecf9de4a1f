/* URLs: taken apart, put together, and where plain http may go. */
#ifndef REDIAL_BASE_URL_H
#define REDIAL_BASE_URL_H

#include "base/str.h"

struct url {
    struct redial_str scheme;    /* "http" or "https" */
    struct redial_str authority; /* host and port as written: what Host says */
    struct redial_str host;      /* without the brackets of an IPv6 address */
    struct redial_str port;      /* digits; may be empty */
    struct redial_str path;      /* begins with '/', or empty */
    struct redial_str query;     /* without '?' */
};

/* False unless it is an absolute http or https URL with a host, without user information. A
 * fragment is cut off. The parts point into `text`. */
bool url_split(struct redial_str text, struct url *url) REDIAL_MUST_USE;
bool url_is_plain(const struct url *url); /* http */
bool url_is_loopback(const struct url *url);
/* Of a host without brackets: localhost, 127.0.0.0/8, ::1. Names are not looked up: localhost is
 * this machine by its name (RFC 6761). */
bool host_is_loopback(struct redial_str host);
/* Addresses that never leave the machine's own host: IPv4 and IPv6 link-local, the fixed addresses
 * of AWS's IPv6 endpoints, metadata.google.internal. */
bool url_is_metadata(const struct url *url);

/* RFC 3986 percent-encoding: letters, digits and -._~ stay, hex in capitals. */
void url_encode(struct text *out, struct redial_str raw);
/* The same, and the characters of `kept` stay too: a segment of a path may have more. */
void url_encode_all_but(struct text *out, struct redial_str raw, const char *kept);
/* Appends name=value to an x-www-form-urlencoded text, with '&' before all but the first. */
void form_append(struct text *out, const char *name, struct redial_str value);

#endif
