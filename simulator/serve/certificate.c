/* A certificate authority that lives as long as the fakes do, and the certificate that it gives
 * them: for localhost, 127.0.0.1 and ::1. Nothing of it is kept but in the fakes' own folder. */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "simulator/serve/serve_parts.h"

#define VALID_DAYS 7

struct issuing {
    EVP_PKEY *key;
    X509 *certificate;
};

static void issuing_clean_up(struct issuing *issuing)
{
    EVP_PKEY_free(issuing->key);
    X509_free(issuing->certificate);
}

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_name(X509_NAME *name, const char *common)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1,
                                      -1, 0) == 1;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[8];
    uint64_t number;

    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    memcpy(&number, bytes, sizeof number);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1) == 1;
}

/* A day of grace for clocks that differ. */
static bool set_times(X509 *certificate, int64_t now)
{
    time_t at = (time_t)(now / NS_PER_SECOND);

    return X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &at) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, &at);
}

/* `by` NULL: signed by itself. */
static bool issue(struct issuing *issuing, const struct issuing *by, const char *common,
                  int64_t now)
{
    const struct issuing *signer = by ? by : issuing;
    X509 *certificate = issuing->certificate = X509_new();

    issuing->key = EVP_EC_gen("P-256");
    if (!certificate || !issuing->key || X509_set_version(certificate, 2) != 1) return false;
    if (!set_serial(certificate) || !set_times(certificate, now)) return false;
    if (!set_name(X509_get_subject_name(certificate), common)) return false;
    return X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate)) == 1 &&
           X509_set_pubkey(certificate, issuing->key) == 1;
}

static bool sign(const struct issuing *issuing, const struct issuing *by)
{
    return X509_sign(issuing->certificate, by->key, EVP_sha256()) > 0;
}

/* ---- PEM */

static char *take(BIO *bio)
{
    char *bytes, *text = NULL;
    long len = bio ? BIO_get_mem_data(bio, &bytes) : 0;

    if (len > 0) text = strndup(bytes, (size_t)len);
    BIO_free(bio);
    return text;
}

static char *pem_certificate(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio && PEM_write_bio_X509(bio, certificate) == 1) return take(bio);
    BIO_free(bio);
    return NULL;
}

static char *pem_key(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) return take(bio);
    BIO_free(bio);
    return NULL;
}

void certificate_clean_up(struct certificate *certificate)
{
    free(certificate->authority);
    free(certificate->certificate);
    free(certificate->key);
    *certificate = (struct certificate){0};
}

static bool make(struct issuing *authority, struct issuing *own, int64_t now)
{
    return issue(authority, NULL, "redial fake: throw-away authority", now) &&
           add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
                         "critical,CA:TRUE") &&
           add_extension(authority->certificate, authority->certificate, NID_key_usage,
                         "critical,keyCertSign,cRLSign") &&
           add_extension(authority->certificate, authority->certificate, NID_subject_key_identifier,
                         "hash") &&
           sign(authority, authority) && issue(own, authority, "localhost", now) &&
           add_extension(own->certificate, authority->certificate, NID_subject_alt_name,
                         "DNS:localhost,IP:127.0.0.1,IP:::1") &&
           add_extension(own->certificate, authority->certificate, NID_ext_key_usage,
                         "serverAuth") &&
           sign(own, authority);
}

bool certificate_make(struct certificate *certificate, int64_t now)
{
    struct issuing authority = {0}, own = {0};

    if (make(&authority, &own, now)) {
        certificate->authority = pem_certificate(authority.certificate);
        certificate->certificate = pem_certificate(own.certificate);
        certificate->key = pem_key(own.key);
    }
    issuing_clean_up(&own);
    issuing_clean_up(&authority);
    if (certificate->authority && certificate->certificate && certificate->key) return true;
    certificate_clean_up(certificate);
    return false;
}
