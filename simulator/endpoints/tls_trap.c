/* The trap over OpenSSL, with memory between it and the socket: a client that has closed must show
 * as an error of send, not as a signal. */
#include "simulator/endpoints/tls_trap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/endpoints/arrival.h"

#define CERTIFICATE_LIFE (24L * 60 * 60) /* s, to both sides of now */
#define PIECE            4096

struct tls_trap {
    int listener, connection; /* -1: none */
    enum tls_trap_kind kind;
    SSL_CTX *context;
    SSL *ssl;      /* of `connection` */
    BIO *in, *out; /* its own: what came, what is to be sent */
};

/* ---- A certificate of nobody */

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return added;
}

static bool name_it(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"a fake platform", -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
}

static X509 *certificate_new(EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    if (certificate && X509_set_version(certificate, 2) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -CERTIFICATE_LIFE) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_LIFE) &&
        X509_set_pubkey(certificate, key) == 1 && name_it(certificate) &&
        X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? certificate_new(key) : NULL;
    bool made = context && certificate && SSL_CTX_use_certificate(context, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context, key) == 1;

    X509_free(certificate);
    EVP_PKEY_free(key);
    if (made) return context;
    SSL_CTX_free(context);
    return NULL;
}

/* ---- The trap */

static int listen_on_loopback(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&loopback, sizeof loopback) == 0 &&
        listen(listener, 16) == 0)
        return listener;
    close(listener);
    return -1;
}

struct tls_trap *tls_trap_new(struct redial_str *why)
{
    struct tls_trap *trap = calloc(1, sizeof *trap);

    *why = REDIAL_STR("memory is out");
    if (!trap) return NULL;
    trap->connection = -1;
    trap->listener = listen_on_loopback();
    trap->context = context_new();
    if (trap->listener >= 0 && trap->context) return trap;
    *why = trap->listener < 0 ? REDIAL_STR("no socket on 127.0.0.1 could be opened for TLS")
                              : REDIAL_STR("OpenSSL made no certificate for a fake platform");
    tls_trap_destroy(trap);
    return NULL;
}

static void hang_up(struct tls_trap *trap)
{
    SSL_free(trap->ssl); /* and its memory */
    trap->ssl = NULL;
    if (trap->connection >= 0) close(trap->connection);
    trap->connection = -1;
}

void tls_trap_destroy(struct tls_trap *trap)
{
    if (!trap) return;
    hang_up(trap);
    if (trap->listener >= 0) close(trap->listener);
    SSL_CTX_free(trap->context);
    free(trap);
}

uint16_t tls_trap_port(const struct tls_trap *trap)
{
    struct sockaddr_in bound = {0};
    socklen_t len = sizeof bound;

    getsockname(trap->listener, (struct sockaddr *)&bound, &len);
    return ntohs(bound.sin_port);
}

int tls_trap_fd(const struct tls_trap *trap)
{
    return trap->connection >= 0 ? trap->connection : trap->listener;
}

void tls_trap_set(struct tls_trap *trap, enum tls_trap_kind kind)
{
    trap->kind = kind;
}

/* ---- Handshakes */

static void begin_handshake(struct tls_trap *trap)
{
    trap->ssl = SSL_new(trap->context);
    trap->in = BIO_new(BIO_s_mem());
    trap->out = BIO_new(BIO_s_mem());
    if (trap->ssl && trap->in && trap->out) {
        SSL_set_bio(trap->ssl, trap->in, trap->out);
        SSL_set_accept_state(trap->ssl);
        return;
    }
    BIO_free(trap->in);
    BIO_free(trap->out);
    hang_up(trap);
}

static void accept_next(struct tls_trap *trap)
{
    trap->connection = accept4(trap->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (trap->connection >= 0 && trap->kind == TLS_TRAP_BAD_CERTIFICATE) begin_handshake(trap);
}

struct tls_trap *tls_trap_adopt(int connection, enum tls_trap_kind kind)
{
    struct tls_trap *trap = calloc(1, sizeof *trap);

    if (!trap) {
        close(connection);
        return NULL;
    }
    *trap = (struct tls_trap){.listener = -1, .connection = connection, .kind = kind};
    if (kind == TLS_TRAP_RESET) return trap;
    trap->context = context_new();
    if (trap->context) begin_handshake(trap);
    if (trap->ssl) return trap;
    tls_trap_destroy(trap);
    return NULL;
}

static void send_flight(struct tls_trap *trap)
{
    char bytes[PIECE];
    int len;

    while ((len = BIO_read(trap->out, bytes, sizeof bytes)) > 0)
        if (send(trap->connection, bytes, (size_t)len, MSG_NOSIGNAL) != len) return;
}

/* The client ends it, as soon as it has seen the certificate. */
static void shake_hands(struct tls_trap *trap, const char *bytes, size_t len)
{
    if (BIO_write(trap->in, bytes, (int)len) != (int)len) {
        hang_up(trap);
        return;
    }
    int done = SSL_do_handshake(trap->ssl);
    send_flight(trap);
    if (done != 1 && SSL_get_error(trap->ssl, done) != SSL_ERROR_WANT_READ) hang_up(trap);
}

void tls_trap_move(struct tls_trap *trap)
{
    char bytes[PIECE];

    if (trap->connection < 0 && trap->listener >= 0) accept_next(trap);
    if (trap->connection < 0) return;
    ssize_t len = recv(trap->connection, bytes, sizeof bytes, 0);
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (len <= 0) {
        hang_up(trap);
    } else if (trap->kind == TLS_TRAP_RESET) {
        socket_reset(trap->connection);
        hang_up(trap);
    } else {
        shake_hands(trap, bytes, (size_t)len);
    }
}
