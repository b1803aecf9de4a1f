/* A socket of our own, so that what keeps it from being opened can be told. */
#include "simulator/endpoints/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int bound_socket(const struct sockaddr_in *address)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, kept;

    if (listener < 0) return -1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (const struct sockaddr *)address, sizeof *address) == 0) return listener;
    kept = errno;
    close(listener);
    errno = kept;
    return -1;
}

static uint16_t port_of(int listener)
{
    struct sockaddr_in bound = {0};
    socklen_t len = sizeof bound;

    (void)getsockname(listener, (struct sockaddr *)&bound, &len);
    return ntohs(bound.sin_port);
}

/* A socket keeps its port while nobody listens only if it was asked for by number: what the kernel
 * picked is asked for again. Between the two, the first holds it. */
static int insist_on_port(int first, struct sockaddr_in *address)
{
    int second;

    address->sin_port = htons(port_of(first));
    second = bound_socket(address);
    close(first);
    return second;
}

static struct redial_str explain(void)
{
    return errno == EADDRINUSE      ? REDIAL_STR("the port is in use")
           : errno == EACCES        ? REDIAL_STR("this user may not listen on that port")
           : errno == EADDRNOTAVAIL ? REDIAL_STR("the address is not one of this machine")
                                    : REDIAL_STR("the system does not allow to listen there");
}

int listener_open(const struct endpoint_options *options, uint16_t *port, struct redial_str *why)
{
    const char *name = options->address ? options->address : "127.0.0.1";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    int listener;

    *why = REDIAL_STR("the address is no IPv4 address: 127.0.0.1, or 0.0.0.0 for all, is one");
    if (inet_pton(AF_INET, name, &address.sin_addr) != 1) return -1;
    listener = bound_socket(&address);
    if (listener >= 0 && options->port == 0) listener = insist_on_port(listener, &address);
    if (listener >= 0 && listen(listener, SOMAXCONN) == 0) {
        *port = port_of(listener);
        return listener;
    }
    *why = explain();
    if (listener >= 0) close(listener);
    return -1;
}

bool listener_close_door(int listener)
{
    return shutdown(listener, SHUT_RDWR) == 0;
}

bool listener_open_door(int listener)
{
    return listen(listener, SOMAXCONN) == 0;
}

int listener_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
