#compdef orchflow-demo
# Completion of zsh for orchflow-demo.
# Generated from its help texts; `make manual` writes it.

_orchflow-demo() {
    local -a subcommands
    subcommands=(
        'run:run a program, or your shell, in a terminal of the engine'
        'replay:play a recording of `run --record`'
        'watch:report changes of files, or run a command after them'
        'serve:serve a page with terminals and the files of a directory'
        'attach:show a terminal of a server in this terminal'
        'state:print the state of a server'
        'doctor:look for limits of this system that are too low'
        'help:print the help of a command'
    )
    if ((CURRENT == 2)); then
        _describe command subcommands
        _arguments '(-h --help)'{-h,--help}'[print help]' '(-V --version)'{-V,--version}'[print the version]'
        return
    fi
    local subcommand=$words[2]
    shift words
    ((CURRENT--))
    case $subcommand in
    run)
        local -i at=${words[(i)--]}
        [[ $words[at+1] == -- ]] && ((at + 1 < CURRENT)) && ((at++))
        if ((at < CURRENT)); then
            words=("${(@)words[at+1,-1]}")
            ((CURRENT -= at))
            _normal
            return
        fi
        _arguments -s : \
            '--cols[columns, 1 to 65535]:N:' \
            '--rows[rows, 1 to 65535]:N:' \
            '--snapshot-text[at the end, write the text of the screen to FILE, one line per row, without trailing blanks]:file:_files' \
            '--snapshot-ansi[at the end, write control sequences to FILE that restore the screen in a terminal of the same size]:file:_files' \
            '--record[record the output with its times in asciinema'\''s format]:file:_files' \
            '--record-input[also record the input, passwords included]' \
            '(-h --help)'{-h,--help}'[print this help]' \
            '*::program: _normal'
        ;;
    replay)
        _arguments -s : \
            '--speed[play N times as fast, such as 2 or 0.5]:N:' \
            '--idle-max[shorten pauses to SECONDS, before --speed applies]:SECONDS:' \
            '(-h --help)'{-h,--help}'[print this help]' \
            ':recording:_files'
        ;;
    watch)
        local -i at=${words[(i)--exec]}
        [[ $words[at+1] == -- ]] && ((at + 1 < CURRENT)) && ((at++))
        if ((at < CURRENT)); then
            words=("${(@)words[at+1,-1]}")
            ((CURRENT -= at))
            _normal
            return
        fi
        _arguments -s : \
            '--json[print one JSON object per line]' \
            '--snapshot[first print the files that exist]' \
            '--window[report a file once it is quiet for MS]:MS:' \
            '--max-wait[report a busy file after MS at the latest]:MS:' \
            '*--ignore[ignore matching files, as .gitignore does]:GLOB:' \
            '--no-gitignore[do not apply .gitignore files]' \
            '--summary[print counts per directory instead of a batch of more than N events]:N:' \
            '--git-wait[while git holds index.lock, delay reports by at most MS, so that a checkout is one batch]:MS:' \
            '--relative[print paths relative to PATH]' \
            '--absolute[print absolute paths]' \
            '--time[print the time of each line]' \
            '--color[print colors]:when:(auto always never)' \
            '--since[first report what has changed since FILE was saved, if it exists]:file:_files' \
            '--save[save the tree to FILE at the end, not to that of --since]:file:_files' \
            '--once[exit after the report of --since]' \
            '(-h --help)'{-h,--help}'[print this help]' \
            '--exec[run CMD after each batch instead of printing]:*::command: _normal' \
            '--on-busy[what a change does while CMD runs]:what:(queue restart signal ignore)' \
            '--restart[the same as --on-busy restart]' \
            '--signal[the signal that stops CMD, or that --on-busy signal sends]:signal:(TERM INT HUP QUIT KILL USR1 USR2)' \
            '--grace[send SIGKILL to a CMD that has not stopped after MS]:MS:' \
            '--debounce[run CMD once nothing has changed for MS, and after ten times MS at the latest]:MS:' \
            '--run-first[also run CMD at the start]' \
            '*:path:_files'
        ;;
    serve)
        _arguments -s : \
            '--listen[listen on a loopback address]:ADDRESS:' \
            '--unix[listen on a Unix socket]:file:_files' \
            '--token-file[use the token in this file, which only you can read]:file:_files' \
            '--metrics[serve the metrics on this loopback address as well, and nothing else there]:ADDRESS:' \
            '*--host[also accept requests for this host, as through a forwarded port]:NAME  PORT:' \
            '*--origin[also accept web pages of this origin, such as https//example.org8080]:ORIGIN:' \
            '--root[serve the files of this directory, start shells in it, and let clients start programs and watch files below it]:directory:_files -/' \
            '--shell[run CMD in the terminal, by /bin/sh -c "exec CMD"]:CMD:' \
            '--name[the name of the terminal]:NAME:' \
            '*--profile[also let clients start CMD, by /bin/sh -c "exec CMD", under this name]:NAME=CMD:' \
            '--clipboard[let programs in the terminals ask clients to set the clipboard]' \
            '--open[open the address in a browser, by a file that only you can read and that goes when the server ends]' \
            '--log[log as text or json, each line with a time and a level]:format:(text json)' \
            '--log-level[log what is at least this urgent]:level:(error warn info debug)' \
            '*--page-dir[serve the page from this directory, for work on it]:directory:_files -/' \
            '(-h --help)'{-h,--help}'[print this help]'
        ;;
    attach)
        _arguments -s : \
            '(-r --read-only)'{-r,--read-only}'[do not type and do not resize]' \
            '--detach-key[the keys that detach]:KEYS:' \
            '--name[with `new`]:NAME:' \
            '--send-eof[at the end of stdin, type Ctrl-D and stay attached until the program exits]' \
            '--token-file[use the token in this file, which only you can read]:file:_files' \
            '--nested[attach even from a terminal of the same server]' \
            '(-h --help)'{-h,--help}'[print this help]' \
            ':address:()' \
            ':terminal:(list new kill)' \
            '::argument:()'
        ;;
    state)
        _arguments -s : \
            '--follow[then print changes, until interrupted]' \
            '--json[print one JSON object per line, first the whole state, then changes]' \
            '--token-file[use the token in this file, which only you can read]:file:_files' \
            '(-h --help)'{-h,--help}'[print this help]' \
            ':address:()'
        ;;
    doctor)
        _arguments -s : \
            '--json[print one JSON object]' \
            '--root[look at the proc, sys and dev below this directory, for trying it out]:directory:_files -/' \
            '(-h --help)'{-h,--help}'[print this help]'
        ;;
    help)
        _arguments -s : \
            ':command:{_describe command subcommands}'
        ;;
    esac
}

_orchflow-demo "$@"
