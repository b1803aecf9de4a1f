#include "tests/support/keys.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

struct redial_str key_file(const char *name, char bytes[KEY_FILE_MAX])
{
    char path[128];
    snprintf(path, sizeof path, "tests/vectors/keys/%s", name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t length = fread(bytes, 1, KEY_FILE_MAX, file);
    fclose(file);
    return (struct redial_str){bytes, length};
}

bool key_verifies(struct redial_str message, struct redial_str signature)
{
    FILE *file = fopen("tests/vectors/keys/rsa-public.pem", "r");
    cr_assert_not_null(file);
    EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert(key && context);
    cr_assert_eq(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
    bool right = EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                                  (const unsigned char *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    fclose(file);
    return right;
}
