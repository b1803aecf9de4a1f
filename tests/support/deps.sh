#!/usr/bin/env bash
# Finds the libraries that Redial needs and installs the missing ones with the system's package manager.
#   deps.sh          what building and testing need
#   deps.sh --ci     also what the checks need: clang, clang-format, clang-tidy, cppcheck, valgrind, Chromium, shells
#   deps.sh --print  only says what is missing and how it would be installed
# apt was tried on a fresh Debian 12; dnf, apk and brew follow their own package names.
set -euo pipefail

want_ci=0 only_print=0
for flag in "$@"; do
    case $flag in
    --ci) want_ci=1 ;;
    --print) only_print=1 ;;
    *) echo "deps.sh: unknown flag '$flag' (known: --ci, --print)" >&2; exit 2 ;;
    esac
done

if   command -v apt-get >/dev/null; then manager=apt
elif command -v dnf     >/dev/null; then manager=dnf
elif command -v apk     >/dev/null; then manager=apk
elif command -v brew    >/dev/null; then manager=brew
else manager=none; fi

# what            how it is found              apt                    dnf               apk              brew
table="
compiler          cmd:gcc                      gcc                    gcc               gcc              gcc
C_headers         file:/usr/include/stdlib.h   libc6-dev              glibc-headers     musl-dev         -
binutils          cmd:objcopy                  binutils               binutils          binutils         binutils
pkg-config        cmd:pkg-config               pkg-config             pkgconf           pkgconf          pkgconf
Python_3          cmd:python3                  python3                python3           python3          python3
git               cmd:git                      git                    git               git              git
libcurl           pc:libcurl                   libcurl4-openssl-dev   libcurl-devel     curl-dev         curl
OpenSSL           pc:openssl                   libssl-dev             openssl-devel     openssl-dev      openssl@3
zlib              pc:zlib                      zlib1g-dev             zlib-devel        zlib-dev         zlib
libyaml           pc:yaml-0.1                  libyaml-dev            libyaml-devel     yaml-dev         libyaml
cJSON             pc:libcjson                  libcjson-dev           cjson-devel       cjson-dev        cjson
Lua_5.4           pc:lua5.4|lua-5.4|lua54|lua  liblua5.4-dev   lua-devel         lua5.4-dev       lua@5.4
PCRE2             pc:libpcre2-8               libpcre2-dev           pcre2-devel       pcre2-dev        pcre2
libmicrohttpd     pc:libmicrohttpd             libmicrohttpd-dev      libmicrohttpd-devel libmicrohttpd-dev libmicrohttpd
Criterion         pc:criterion                 libcriterion-dev       criterion-devel   criterion-dev    criterion
"
ci_table="
Node.js           cmd:node                     nodejs                 nodejs            nodejs           node
npm               cmd:npm                      npm                    npm               npm              node
clang             cmd:clang                    clang                  clang             clang            llvm
clang_runtime     file:/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a libclang-rt-14-dev compiler-rt compiler-rt -
clang-format      cmd:clang-format             clang-format           clang-tools-extra clang-extra-tools clang-format
clang-tidy        cmd:clang-tidy               clang-tidy             clang-tools-extra clang-extra-tools llvm
cppcheck          cmd:cppcheck                 cppcheck               cppcheck          cppcheck         cppcheck
nginx             cmd:nginx                    nginx-light            nginx             nginx            nginx
wrk               cmd:wrk                      wrk                    wrk               wrk              wrk
valgrind          cmd:valgrind                 valgrind               valgrind          valgrind         -
mandoc            cmd:mandoc                   mandoc                 mandoc            mandoc           mandoc
groff             cmd:groff                    groff-base             groff-base        groff            groff
zsh               cmd:zsh                      zsh                    zsh               zsh              zsh
fish              cmd:fish                     fish                   fish              fish             fish
Chromium          cmd:chromium                 chromium               chromium          chromium         -
openssl           cmd:openssl                  openssl                openssl           openssl          openssl@3
nghttpx           cmd:nghttpx                  nghttp2-proxy          nghttp2           nghttp2          nghttp2
xmllint           cmd:xmllint                  libxml2-utils          libxml2           libxml2-utils    libxml2
"
[ "$want_ci" = 1 ] && table="$table$ci_table"

# Lua 5.4 has a name of its own on every system: the first that exists will do.
has_package() {
    local name names
    IFS='|' read -ra names <<<"$1"
    for name in "${names[@]}"; do pkg-config --exists "$name" && return 0; done
    return 1
}

found() {
    case $1 in
    cmd:*)  command -v "${1#cmd:}" >/dev/null ;;
    file:*) [ -e "${1#file:}" ] || [ "$manager" != apt ] ;;
    pc:*)   command -v pkg-config >/dev/null && has_package "${1#pc:}" ;;
    esac
}

missing="" packages=""
while read -r what how apt dnf apk brew; do
    [ -n "$what" ] || continue
    found "$how" && continue
    missing="$missing $what"
    case $manager in
    apt) package=$apt ;; dnf) package=$dnf ;; apk) package=$apk ;; brew) package=$brew ;; *) package=- ;;
    esac
    [ "$package" = - ] || packages="$packages $package"
done <<<"$table"

[ -n "$missing" ] || { echo "deps: everything is there"; exit 0; }
echo "deps: missing:$missing"
if [ "$manager" = none ]; then
    echo "deps: no package manager that this script knows (apt, dnf, apk, brew); install them by hand" >&2
    exit 1
fi

as_root=""
if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "deps: not root and no sudo; as root, install:$packages" >&2; exit 1; }
    as_root=sudo
fi
case $manager in
apt)  commands="$as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends$packages" ;;
dnf)  commands="$as_root dnf install -y$packages" ;;
apk)  commands="$as_root apk add$packages" ;;
brew) commands="brew install$packages" ;;
esac
echo "deps: $commands"
[ "$only_print" = 1 ] || eval "$commands"
