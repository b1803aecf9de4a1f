# bash completion of redial
_redial_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}
_redial() {
    local current=${COMP_WORDS[COMP_CWORD]} flags='' words=''
    case $COMP_CWORD in
    1) words='check explain replay call fake run audit schema help version' ;;
    *) case ${COMP_WORDS[1]} in
    check) flags='--help --strict --scenarios --json' words='' ;;
    explain) flags='--help --full --compare --outer --json' words='' ;;
    replay) flags='--help --wire --realtime --seed --update --story --quiet --json --junit --github --jobs' words='' ;;
    call) flags='--help --policy --provider --model --fallback --background --unattended --file --json --system --max-tokens --header --stream --no-stream --raw --deadline --seed --verbose --record' words='' ;;
    fake) flags='--help --port --listen --one-port --tls --env --credentials --seed --speed --pace --for --requests --record --upstream --quiet' words='' ;;
    run) flags='--help --suite --limit --speed --credentials --exact --seed --story --quiet --json --junit --github' words='' ;;
    audit) flags='--help --format --require --request --fallbacks --config --probe --provider --model --live --diff --stale --max-unknown --max-disputed --wide --matrix --junit --sarif --github --today' words='' ;;
    schema) flags='--help --markdown --man' words='policy scenario' ;;
    help) words='check explain replay call fake run audit schema help version' ;;
    *) return ;;
    esac ;;
    esac
    case "${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD - 1]}" in
    'check --scenarios') _redial_files -d; return ;;
    'explain --outer') return ;;
    'replay --seed') return ;;
    'replay --junit') _redial_files -f; return ;;
    'replay --jobs') return ;;
    'call --policy') _redial_files -f; return ;;
    'call --provider') return ;;
    'call --model') return ;;
    'call --fallback') return ;;
    'call --file') _redial_files -f; return ;;
    'call --json') _redial_files -f; return ;;
    'call --system') return ;;
    'call --max-tokens') return ;;
    'call --header') return ;;
    'call --deadline') return ;;
    'call --seed') return ;;
    'call --record') _redial_files -f; return ;;
    'fake --port') return ;;
    'fake --listen') return ;;
    'fake --env') return ;;
    'fake --credentials') return ;;
    'fake --seed') return ;;
    'fake --speed') return ;;
    'fake --pace') return ;;
    'fake --for') return ;;
    'fake --requests') return ;;
    'fake --record') _redial_files -f; return ;;
    'fake --upstream') return ;;
    'run --suite') return ;;
    'run --limit') return ;;
    'run --speed') return ;;
    'run --credentials') return ;;
    'run --seed') return ;;
    'run --junit') _redial_files -f; return ;;
    'audit --format') words='text markdown csv json html' flags='' ;;
    'audit --require') return ;;
    'audit --request') _redial_files -f; return ;;
    'audit --probe') return ;;
    'audit --provider') return ;;
    'audit --model') return ;;
    'audit --diff') _redial_files -f; return ;;
    'audit --stale') return ;;
    'audit --max-unknown') return ;;
    'audit --max-disputed') return ;;
    'audit --matrix') _redial_files -f; return ;;
    'audit --junit') _redial_files -f; return ;;
    'audit --sarif') _redial_files -f; return ;;
    'audit --today') return ;;
    esac
    case $current in -*) words=$flags ;; esac
    if [ -n "$words" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    else
        _redial_files -f
    fi
}
complete -F _redial redial
