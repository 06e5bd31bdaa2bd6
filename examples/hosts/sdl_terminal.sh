#!/usr/bin/env bash
# A person at examples/c/sdl_terminal.c: looks, lets rows move, scrolls back, makes the window larger, types.
#
#     DISPLAY=:N examples/hosts/sdl_terminal.sh PROGRAM DIRECTORY      DIRECTORY: for what it writes
#
# Nothing waits for a time: the program in the terminal says when its output has been read (the terminal has replied to
# a query behind it), and the terminal writes a picture when there is nothing left to draw.
set -euo pipefail
program=$1
work=$2
mkfifo "$work/ready" "$work/picture"
export work

cat >"$work/script" <<'END'
for i in $(seq 1 60); do printf '\033[41mred line %d\033[K\033[0m\n' "$i"; done
printf '\033[H\033[2J\033[1mbold\033[0m \033[3mitalic\033[0m \033[4munderline\033[0m \033[7minverse\033[0m\n'
printf '\033[48;2;0;128;0mgreen\033[K\033[0m\n\033]0;a title\007'
say_when_shown() {
    stty raw -echo
    printf '\033[6n'
    IFS= read -rsd R reply
    stty -raw echo
    echo "$reply" >"$work/ready"
}
say_when_shown
read -r line
printf '\033[999;1H\n'
say_when_shown
read -r line
read -r rows cols < <(stty size)
echo "$line, $((rows < 24)), $((cols > 80))" >"$work/answer"
exit 7
END

expect() { # what, expected, got
    [ "$2" = "$3" ] || { echo "$1: expected '$2', got '$3'" >&2 && exit 1; }
}

# How large the picture is, of how many pixels of a colour there are thousands, and where the last colour begins.
# Whoever calls this waits for its end: as long as the program that reads the picture has the fifo open, the next one
# would begin to be written to it.
look() { # thousands of red, of green
    xdotool key Print
    python3 -c '
import sys
data = sys.stdin.buffer.read()
kind, width, height, depth = data.split(None, 4)[:4]
pixels = data[-3 * int(width) * int(height):]
colors = [pixels[i:i + 3] for i in range(0, len(pixels), 3)]
wanted = [bytes.fromhex(color) for color in sys.argv[1:]]
place = colors.index(wanted[-1]) // int(width) if wanted[-1] in colors else -1
print(int(width), int(height), *(colors.count(color) // 1000 for color in wanted), place)
' d75f5f 008000 <"$work/picture"
}

"$program" -p "$work/picture" bash "$work/script" &
terminal=$!
trap 'kill $terminal 2>/dev/null || :' EXIT
read -r _ <"$work/ready"
window=$(xdotool search --sync --onlyvisible --name 'a title')
xdotool windowfocus --sync "$window"

read -r width height red green place <<<"$(look)"
expect "no red on the screen" 0 "$red"
expect "a green row" 1 "$((green > 5))"

xdotool key Return
read -r _ <"$work/ready"
read -r _ _ _ green higher <<<"$(look)"
expect "the green row has moved up" 1 "$((green > 5 && higher < place))"

for _ in 1 2 3; do xdotool click 4; done
read -r _ _ red green _ <<<"$(look)"
expect "nine rows further up there is red" 1 "$((red > 40))"
expect "and the green row still" 1 "$((green > 5))"

xdotool windowsize --sync "$window" $((width + 250)) $((height - 100))
xdotool type 'hello'
read -r larger smaller red _ <<<"$(look)"
expect "the picture is as large as the window" "$((width + 250)) $((height - 100))" "$larger $smaller"
expect "typing shows the end again" 0 "$red"

xdotool key Return
status=0
wait "$terminal" || status=$?
trap - EXIT
expect "the exit code of the program" 7 "$status"
expect "what was typed, and fewer rows and more columns" "hello, 1, 1" "$(cat "$work/answer")"
