# Completion of bash for orchflow-demo.
# Generated from its help texts; `make manual` writes it.

_orchflow_demo() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options= words= word
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'run replay watch serve attach state doctor help -h --help -V --version' -- "$cur")
        return
    fi
    case ${COMP_WORDS[1]} in
    run)
        options='--cols --rows --snapshot-text --snapshot-ansi --record --record-input -h --help'
        for word in "${COMP_WORDS[@]:2:COMP_CWORD - 2}"; do
            if [[ $word == -- ]]; then
                mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
                return
            fi
        done
        case $prev in
        --cols) return ;;
        --rows) return ;;
        --snapshot-text) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --snapshot-ansi) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --record) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        *) [[ $cur != -* ]] && mapfile -t COMPREPLY < <(compgen -c -f -- "$cur") ;;
        esac
        ;;
    replay)
        options='--speed --idle-max -h --help'
        case $prev in
        --speed) return ;;
        --idle-max) return ;;
        *) [[ $cur != -* ]] && mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        esac
        ;;
    watch)
        options='--json --snapshot --window --max-wait --ignore --no-gitignore --summary --git-wait --relative --absolute --time --color --since --save --once -h --help --exec --on-busy --restart --signal --grace --debounce --run-first'
        for word in "${COMP_WORDS[@]:2:COMP_CWORD - 2}"; do
            if [[ $word == --exec ]]; then
                mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
                return
            fi
        done
        case $prev in
        --window) return ;;
        --max-wait) return ;;
        --ignore) return ;;
        --summary) return ;;
        --git-wait) return ;;
        --color) words='auto always never' ;;
        --since) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --save) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --exec) return ;;
        --on-busy) words='queue restart signal ignore' ;;
        --signal) words='TERM INT HUP QUIT KILL USR1 USR2' ;;
        --grace) return ;;
        --debounce) return ;;
        *) [[ $cur != -* ]] && mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        esac
        ;;
    serve)
        options='--listen --unix --token-file --metrics --host --origin --root --shell --name --profile --clipboard --open --log --log-level --page-dir -h --help'
        case $prev in
        --listen) return ;;
        --unix) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --token-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --metrics) return ;;
        --host) return ;;
        --origin) return ;;
        --root) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --shell) mapfile -t COMPREPLY < <(compgen -c -- "$cur"); return ;;
        --name) return ;;
        --profile) return ;;
        --log) words='text json' ;;
        --log-level) words='error warn info debug' ;;
        --page-dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        esac
        ;;
    attach)
        options='-r --read-only --detach-key --name --send-eof --token-file --nested -h --help'
        ((COMP_CWORD > 2)) && words='list new kill'
        case $prev in
        --detach-key) return ;;
        --name) return ;;
        --token-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        esac
        ;;
    state)
        options='--follow --json --token-file -h --help'
        case $prev in
        --token-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        esac
        ;;
    doctor)
        options='--json --root -h --help'
        case $prev in
        --root) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        esac
        ;;
    help)
        options=''
        words='run replay watch serve attach state doctor help'
        case $prev in
        esac
        ;;
    esac
    if [[ $cur == -* ]]; then words=$options; fi
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}

complete -o filenames -F _orchflow_demo orchflow-demo
