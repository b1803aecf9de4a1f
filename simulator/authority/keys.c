#include "simulator/authority/keys.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define BITS          2048u
#define YEARS_SECONDS (INT64_C(5) * 365 * 24 * 3600)

struct rsa_key {
    EVP_PKEY *pair;
};

struct rsa_key *rsa_key_new(void)
{
    struct rsa_key *key = malloc(sizeof *key);

    if (!key) return NULL;
    key->pair = EVP_RSA_gen(BITS);
    if (key->pair) return key;
    free(key);
    return NULL;
}

void rsa_key_destroy(struct rsa_key *key)
{
    if (!key) return;
    EVP_PKEY_free(key->pair);
    free(key);
}

bool rsa_key_verifies(const struct rsa_key *key, bool pss, struct redial_str text,
                      struct redial_str signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL; /* owned by the context */
    bool good =
        context && EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL, key->pair) == 1;

    if (good && pss)
        good = EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                                    (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* What stands in `bio` goes to `out`; frees it. */
static bool take_out(BIO *bio, bool written, struct text *out)
{
    char *bytes = NULL;
    long len = written ? BIO_get_mem_data(bio, &bytes) : 0;

    if (len > 0) text_append(out, (struct redial_str){bytes, (size_t)len});
    BIO_free(bio);
    return len > 0 && !out->failed;
}

bool rsa_key_write(const struct rsa_key *key, struct text *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool written = bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pair, NULL, NULL, 0, NULL, NULL);

    return take_out(bio, written, out);
}

static bool fill(X509 *certificate, EVP_PKEY *pair, time_t now)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_set_version(certificate, 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -YEARS_SECONDS, &now) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), 0, YEARS_SECONDS, &now) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"redial-canary", -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, pair) == 1 &&
           X509_sign(certificate, pair, EVP_sha256()) > 0;
}

bool rsa_key_write_certificate(const struct rsa_key *key, int64_t now, struct text *out)
{
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    bool written = certificate && bio &&
                   fill(certificate, key->pair, (time_t)(now / INT64_C(1000000000))) &&
                   PEM_write_bio_X509(bio, certificate) == 1;

    X509_free(certificate);
    return take_out(bio, written, out);
}
