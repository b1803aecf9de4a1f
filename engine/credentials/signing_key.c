#include "credentials/signing_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

#define RSA_BITS_MIN 2048 /* RFC 7518 §3.3 */
#define CERTIFICATES_MAX                                                                           \
    16 /* a chain is three or four; a bundle of all authorities is no identity */
#define PEM_BYTES_MAX (1u << 20)

struct signing_key {
    EVP_PKEY *key;
    unsigned char sha256[32], sha1[20];
    bool certified;
    int64_t ends_at;
};

/* What can be wrong with a file, in the order in which it is looked for. */
static const struct redial_str
    no_pem = REDIAL_STR_INIT("is no PEM: no line of it says BEGIN PRIVATE KEY"),
    no_private_key =
        REDIAL_STR_INIT("holds no private key, only something else: no line of it says "
                        "BEGIN PRIVATE KEY"),
    cut_off = REDIAL_STR_INIT("is cut off: a part that begins has no line that says END"),
    damaged = REDIAL_STR_INIT("is damaged: what stands between its BEGIN and END lines is no key"),
    locked = REDIAL_STR_INIT("is protected by a password; store it without one"),
    locked_out = REDIAL_STR_INIT("is protected by a password; set "
                                 "AZURE_CLIENT_CERTIFICATE_PASSWORD, or store it without one"),
    wrong_password =
        REDIAL_STR_INIT("does not open with the password of AZURE_CLIENT_CERTIFICATE_PASSWORD"),
    wrong_type = REDIAL_STR_INIT("holds a key that is no RSA key, and RS256 signs with RSA alone"),
    too_short = REDIAL_STR_INIT("holds an RSA key of less than 2048 bits, which RS256 refuses"),
    no_certificate =
        REDIAL_STR_INIT("holds no certificate beside its private key: put both into it"),
    strange_certificate =
        REDIAL_STR_INIT("holds a private key and certificates, but none that belongs to the key"),
    old_cipher = REDIAL_STR_INIT("is encrypted in a way that OpenSSL 3 no longer opens (RC2 or the "
                                 "like): export it again, or store it as PEM"),
    out_of_memory = REDIAL_STR_INIT("could not be read: memory is out");

void signing_key_destroy(struct signing_key *key)
{
    if (!key) return;
    EVP_PKEY_free(key->key); /* wipes */
    free(key);
}

static struct signing_key *key_new(struct redial_str *why)
{
    struct signing_key *key = calloc(1, sizeof *key);
    if (key)
        key->ends_at = INT64_MAX;
    else
        *why = out_of_memory;
    return key;
}

/* ---- PEM */

/* OpenSSL would ask the terminal if nobody answered. */
static int give_password(char *buffer, int size, int writing, void *context)
{
    const struct redial_str *password = context;
    (void)writing;
    if (size < 0 || password->len > (size_t)size) return -1;
    memcpy(buffer, password->ptr, password->len);
    return (int)password->len;
}

static bool holds(struct redial_str file, const char *words)
{
    return str_find(file, str_of(words)) != SIZE_MAX;
}

static size_t count_of(struct redial_str file, const char *words)
{
    size_t count = 0, at;
    for (; (at = str_find(file, str_of(words))) != SIZE_MAX; count++)
        file = str_skip(file, at + strlen(words));
    return count;
}

/* What the text itself tells, before OpenSSL sees it: its own errors are no help to people. */
static bool pem_is_whole(struct redial_str pem, struct redial_str *why)
{
    size_t begins = count_of(pem, "-----BEGIN ");
    if (begins == 0 || pem.len > PEM_BYTES_MAX)
        *why = no_pem;
    else if (begins > count_of(pem, "-----END "))
        *why = cut_off;
    else if (!holds(pem, "PRIVATE KEY-----"))
        *why = no_private_key;
    else
        return true;
    return false;
}

static struct redial_str why_unreadable(struct redial_str pem, struct redial_str password)
{
    bool is_locked = holds(pem, "ENCRYPTED");
    if (is_locked && password.len > 0) return wrong_password;
    return is_locked ? locked : damaged;
}

static BIO *reader_of(struct redial_str bytes)
{
    return BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
}

static EVP_PKEY *read_pem_key(struct redial_str pem, struct redial_str password,
                              struct redial_str *why)
{
    if (!pem_is_whole(pem, why)) return NULL;
    BIO *in = reader_of(pem);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, give_password, &password) : NULL;
    if (!key) *why = in ? why_unreadable(pem, password) : out_of_memory;
    BIO_free(in);
    ERR_clear_error();
    return key;
}

static bool fits_rs256(EVP_PKEY *key, struct redial_str *why)
{
    if (!EVP_PKEY_is_a(key, "RSA"))
        *why = wrong_type;
    else if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
        *why = too_short;
    else
        return true;
    return false;
}

struct signing_key *signing_key_read(struct redial_str pem, struct redial_str *why)
{
    struct signing_key *key = key_new(why);
    if (!key) return NULL;
    key->key = read_pem_key(pem, REDIAL_STR(""), why);
    if (key->key && fits_rs256(key->key, why)) return key;
    signing_key_destroy(key);
    return NULL;
}

/* ---- With a certificate */

/* False when the certificate is not the key's, or OpenSSL failed. */
static bool certify(struct signing_key *key, X509 *certificate)
{
    unsigned int length = 0;
    struct tm ends;
    if (X509_check_private_key(certificate, key->key) != 1) return false;
    key->certified = X509_digest(certificate, EVP_sha256(), key->sha256, &length) == 1 &&
                     X509_digest(certificate, EVP_sha1(), key->sha1, &length) == 1 &&
                     ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &ends) == 1;
    if (key->certified) {
        int64_t seconds = (int64_t)timegm(&ends);
        key->ends_at = seconds < INT64_MAX / NS_PER_SECOND ? seconds * NS_PER_SECOND : INT64_MAX;
    }
    return key->certified;
}

static bool certify_from_pem(struct signing_key *key, struct redial_str pem, struct redial_str *why)
{
    BIO *in = reader_of(pem);
    X509 *certificate = NULL;
    size_t seen = 0;

    *why = in ? no_certificate : out_of_memory;
    while (in && !key->certified && seen++ < CERTIFICATES_MAX &&
           (certificate = PEM_read_bio_X509(in, NULL, give_password, &(struct redial_str){0}))) {
        if (!certify(key, certificate)) *why = strange_certificate;
        X509_free(certificate);
    }
    BIO_free(in);
    return key->certified;
}

static bool read_certified_pem(struct signing_key *key, struct redial_str pem,
                               struct redial_str password, struct redial_str *why)
{
    key->key = read_pem_key(pem, password, why);
    if (!key->key && why->ptr == locked.ptr) *why = locked_out;
    return key->key && fits_rs256(key->key, why) && certify_from_pem(key, pem, why);
}

/* DER's SEQUENCE, which no PEM begins with. */
static bool is_pkcs12(struct redial_str file)
{
    return file.len > 1 && file.ptr[0] == 0x30 && (unsigned char)file.ptr[1] >= 0x80;
}

static bool password_opens(PKCS12 *store, const char *password)
{
    return PKCS12_verify_mac(store, password, (int)strlen(password)) == 1 ||
           (!*password && PKCS12_verify_mac(store, NULL, 0) == 1);
}

static bool take_pkcs12(struct signing_key *key, PKCS12 *store, const char *password,
                        struct redial_str *why)
{
    X509 *certificate = NULL;
    if (!password_opens(store, password))
        *why = *password ? wrong_password : locked_out;
    else if (PKCS12_parse(store, password, &key->key, &certificate, NULL) != 1)
        *why = old_cipher;
    else if (!key->key)
        *why = no_private_key;
    else if (!certificate)
        *why = no_certificate;
    else if (fits_rs256(key->key, why) && !certify(key, certificate))
        *why = strange_certificate;
    X509_free(certificate);
    return key->certified;
}

static bool read_pkcs12(struct signing_key *key, struct redial_str file, struct redial_str password,
                        struct redial_str *why)
{
    const unsigned char *at = (const unsigned char *)file.ptr;
    struct text terminated = TEXT_INIT;
    PKCS12 *store = d2i_PKCS12(NULL, &at, (long)file.len);

    text_append(&terminated, password);
    text_append_char(&terminated, '\0');
    *why = terminated.failed ? out_of_memory : damaged;
    bool right = store && !terminated.failed && take_pkcs12(key, store, terminated.ptr, why);
    if (terminated.ptr) OPENSSL_cleanse(terminated.ptr, terminated.len);
    text_clean_up(&terminated);
    PKCS12_free(store);
    return right;
}

struct signing_key *signing_key_read_certified(struct redial_str file, struct redial_str password,
                                               struct redial_str *why)
{
    struct signing_key *key = key_new(why);
    if (!key) return NULL;
    bool right = is_pkcs12(file) ? read_pkcs12(key, file, password, why)
                                 : read_certified_pem(key, file, password, why);
    ERR_clear_error();
    if (right) return key;
    signing_key_destroy(key);
    return NULL;
}

struct redial_str signing_key_sha256(const struct signing_key *key)
{
    return (struct redial_str){(const char *)key->sha256, key->certified ? sizeof key->sha256 : 0};
}

struct redial_str signing_key_sha1(const struct signing_key *key)
{
    return (struct redial_str){(const char *)key->sha1, key->certified ? sizeof key->sha1 : 0};
}

int64_t signing_key_ends_at(const struct signing_key *key)
{
    return key->ends_at;
}

/* ---- Signing */

static bool sign_into(EVP_MD_CTX *context, const struct signing_key *key, struct redial_str message,
                      struct text *signature)
{
    unsigned char bytes[1024]; /* of a key of 8192 bits, as long as any that is used */
    size_t length = sizeof bytes;
    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) != 1 ||
        EVP_DigestSign(context, bytes, &length, (const unsigned char *)message.ptr, message.len) !=
            1)
        return false;
    text_append(signature, (struct redial_str){(const char *)bytes, length});
    return !signature->failed;
}

bool signing_key_sign(const struct signing_key *key, struct redial_str message,
                      struct text *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = context && sign_into(context, key, message, signature);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}
