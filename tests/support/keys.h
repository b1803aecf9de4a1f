/* The throwaway keys of tests/vectors/keys, and a second opinion on what was signed with them. */
#ifndef REDIAL_TESTS_KEYS_H
#define REDIAL_TESTS_KEYS_H

#include "base/str.h"

#define KEY_FILE_MAX 8192

/* Reads a file of the folder; fails the test when there is none. */
struct redial_str key_file(const char *name, char bytes[KEY_FILE_MAX]);
/* Whether `signature` is RS256 over `message` by the key of rsa.pem, asked of OpenSSL directly. */
bool key_verifies(struct redial_str message, struct redial_str signature);

#endif
