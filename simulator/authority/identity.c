#include "simulator/authority/identity.h"

#include "simulator/authority/jwt.h"

static enum identity_fault judge(const struct answer *answer, const struct jwt *jwt,
                                 const char *audience)
{
    int64_t now = answer->now / SECOND, begins = jwt_moment(jwt, "nbf");

    if (!str_is(jwt_claim(jwt, "iss"), IDENTITY_ISSUER)) return IDENTITY_FOREIGN;
    if (!jwt_signed_by_secret(jwt, answer->authority->given[GIVEN_NOTHING])) return IDENTITY_FORGED;
    if (now >= jwt_moment(jwt, "exp") || begins > now) return IDENTITY_EXPIRED;
    return jwt_is_for(jwt, str_of(audience)) ? IDENTITY_GOOD : IDENTITY_FOR_OTHERS;
}

enum identity_fault identity_check(struct answer *answer, struct redial_str token,
                                   const char *audience)
{
    enum identity_fault fault;
    struct jwt jwt;

    token = str_trim(token);
    if (token.len == 0) return IDENTITY_MALFORMED;
    if (!jwt_like(token)) return IDENTITY_GOOD;
    fault =
        jwt_read(answer->arena, token, &jwt) ? judge(answer, &jwt, audience) : IDENTITY_MALFORMED;
    jwt_clean_up(&jwt);
    return fault;
}
