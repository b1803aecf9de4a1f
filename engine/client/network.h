/* What stands between the client and a server: where a request may go in plain text, the proxies
 * and the certificate authorities that the environment names. */
#ifndef REDIAL_CLIENT_NETWORK_H
#define REDIAL_CLIENT_NETWORK_H

#include "base/str.h"

struct redial_env;

/* Copies, so that the environment is read once. All zero: no proxy, the system's authorities. */
struct network {
    char *proxy;               /* of https requests, NULL none */
    char *no_proxy;            /* hosts that are asked directly */
    char *ca_file, *ca_folder; /* in place of the system's authorities */
    char *ca_extra;            /* besides them: NODE_EXTRA_CA_CERTS */
};

/* Reads `environment` (NULL: the process's): HTTPS_PROXY, ALL_PROXY and NO_PROXY in lower or upper
 * case; SSL_CERT_FILE, else CURL_CA_BUNDLE; SSL_CERT_DIR; NODE_EXTRA_CA_CERTS. False when memory is
 * out; then, too, network_clean_up. */
bool network_read(struct network *network, const struct redial_env *environment) REDIAL_MUST_USE;
void network_clean_up(struct network *network);

/* How far plain http may go. */
enum network_reach {
    NETWORK_LOOPBACK, /* this machine */
    NETWORK_METADATA, /* and the metadata servers of clouds, at addresses no router passes on */
};
struct network_place {
    bool allowed, plain;
    bool local; /* by its name, this machine or link-local: no proxy leads there */
};
/* Where a URL leads. Names are not looked up: localhost is this machine by its name (RFC 6761). */
struct network_place network_judge(const char *url, enum network_reach reach);

/* Sets proxy and authorities on a libcurl easy handle. False when memory is out. */
bool network_apply(const struct network *network, const struct network_place *place,
                   void *easy) REDIAL_MUST_USE;

#endif
