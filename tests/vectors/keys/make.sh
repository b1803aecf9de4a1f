#!/usr/bin/env bash
# Makes the throwaway keys of this folder anew. The files are committed, so that tests start at once and always see the same.
set -euo pipefail
cd "$(dirname "$0")"
password=not-a-secret-12

certificate() { # key, name, days, more
    openssl req -new -x509 -sha256 -key "$1" -subj "/CN=redial test $2" -days "$3" -out "$2.crt"
}
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa-1024.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl rsa -in rsa.pem -traditional -out rsa-pkcs1.pem 2>/dev/null
openssl pkcs8 -topk8 -in rsa.pem -v2 aes-256-cbc -passout "pass:$password" -out rsa-locked.pem
openssl rsa -in rsa.pem -pubout -out rsa-public.pem 2>/dev/null
certificate rsa.pem good 36500
certificate other.key other 36500
cat rsa.pem good.crt > certified.pem
cat rsa.pem other.crt > certified-other.pem
cat other.crt good.crt rsa-locked.pem > certified-locked.pem
openssl pkcs12 -export -inkey rsa.pem -in good.crt -passout pass: -out certified.p12
openssl pkcs12 -export -inkey rsa.pem -in good.crt -passout "pass:$password" -out certified-locked.p12
head -c 600 rsa.pem > rsa-cut-off.pem
rm -f other.key other.crt good.crt
