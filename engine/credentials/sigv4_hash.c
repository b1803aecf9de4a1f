#include "credentials/sigv4_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK_BYTES 64u /* of SHA-256 */

bool hasher_init(struct hasher *hasher)
{
    hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->digest = EVP_MD_CTX_new();
    return hasher->sha256 && hasher->digest;
}

void hasher_clean_up(struct hasher *hasher)
{
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

/* H(pad, text), where pad is the key's block with every byte turned by `turn`. */
static bool hash_padded(struct hasher *hasher, const unsigned char block[BLOCK_BYTES],
                        unsigned char turn, struct redial_str text, struct hash *hash)
{
    unsigned char pad[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++) pad[i] = block[i] ^ turn;
    const struct redial_str pieces[] = {{(const char *)pad, sizeof pad}, text};
    bool good = hasher_hash(hasher, pieces, 2, hash);
    OPENSSL_cleanse(pad, sizeof pad);
    return good;
}

bool hasher_hmac(struct hasher *hasher, struct redial_str key, struct redial_str data,
                 struct hash *hash)
{
    unsigned char block[BLOCK_BYTES] = {0};
    struct hash inner, hashed;
    if (key.len > BLOCK_BYTES) {
        if (!hasher_hash(hasher, &key, 1, &hashed)) return false;
        key = (struct redial_str){(const char *)hashed.bytes, sizeof hashed.bytes};
    }
    if (key.len > 0) memcpy(block, key.ptr, key.len);
    const struct redial_str inside = {(const char *)inner.bytes, sizeof inner.bytes};
    bool good = hash_padded(hasher, block, 0x36, data, &inner) &&
                hash_padded(hasher, block, 0x5c, inside, hash);
    OPENSSL_cleanse(block, sizeof block);
    return good;
}
