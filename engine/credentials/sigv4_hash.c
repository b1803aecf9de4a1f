#include "credentials/sigv4_hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static EVP_MAC_CTX *mac_new(void)
{
    char sha256[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context keeps its own reference */
    if (mac && EVP_MAC_CTX_set_params(mac, parameters)) return mac;
    EVP_MAC_CTX_free(mac);
    return NULL;
}

bool hasher_init(struct hasher *hasher)
{
    hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->digest = EVP_MD_CTX_new();
    hasher->mac = mac_new();
    return hasher->sha256 && hasher->digest && hasher->mac;
}

void hasher_clean_up(struct hasher *hasher)
{
    EVP_MAC_CTX_free(hasher->mac);
    EVP_MD_CTX_free(hasher->digest);
    EVP_MD_free(hasher->sha256);
    *hasher = (struct hasher){0};
}

bool hasher_hash(struct hasher *hasher, const struct redial_str *pieces, size_t count,
                 struct hash *hash)
{
    if (!EVP_DigestInit_ex(hasher->digest, hasher->sha256, NULL)) return false;
    for (size_t i = 0; i < count; i++)
        if (!EVP_DigestUpdate(hasher->digest, pieces[i].ptr, pieces[i].len)) return false;
    return EVP_DigestFinal_ex(hasher->digest, hash->bytes, NULL);
}

bool hasher_hmac(struct hasher *hasher, struct redial_str key, struct redial_str data,
                 struct hash *hash)
{
    size_t len = 0;
    return EVP_MAC_init(hasher->mac, (const unsigned char *)key.ptr, key.len, NULL) &&
           EVP_MAC_update(hasher->mac, (const unsigned char *)data.ptr, data.len) &&
           EVP_MAC_final(hasher->mac, hash->bytes, &len, sizeof hash->bytes) &&
           len == sizeof hash->bytes;
}
