#!/bin/sh
# kill.sh - the program kills itself at each step of an up, of a changing up and of a down, before and
# after the step's effect, and with an effect that comes late, on the in-memory operator: the next command
# converges, with the same data. (What comes late enough to be in the way of the next command is put right
# by the one after it.)
program=${abs_top_builddir:-$PWD}/octocompose
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT INT TERM
cd "$dir" || exit 99

OCTOCOMPOSE_OPERATOR=memory OCTOCOMPOSE_MEMORY_STATE=$dir/state XDG_RUNTIME_DIR=$dir
export OCTOCOMPOSE_OPERATOR OCTOCOMPOSE_MEMORY_STATE XDG_RUNTIME_DIR
project=kill$$
n=0 failed=0

compose() {
    # FOO, the rest of the definition
    cat >compose.yaml <<EOF
services:
  web:
    image: nginx
    scale: 2
    environment: {FOO: $1}
    volumes: [/anonymous]
    depends_on: {db: {condition: service_healthy, restart: true}}
  db:
    image: pg
    environment: {FOO: $1}
    healthcheck: {test: "true"}
    volumes: [data:/data, /anonymous]
volumes: {data: {}}
EOF
}

octo() { "$program" -p "$project" "$@" >out 2>err; }

# The ids of all volumes, anonymous ones too: what a user would miss.
data() { grep -A1 '"id"' state | grep -B1 '"kind": "volume"' | grep '"id"' | sort; }

problem() {
    failed=$((failed + 1))
    echo "# $*"
    sed 's/^/# /' err
}

networks() { grep -c '^ \{6\}"kind": "network"' state 2>/dev/null; }

check_up() {
    octo up -d || problem "$1: the next up fails"
    if [ "$(networks)" -gt 1 ]; then
        twins=$((twins + 1))
        octo plan && problem "$1: the plan is empty with two networks of one name"
        [ "$(grep -c '^- remove network' out)" = 1 ] || problem "$1: the plan is: $(cat out)"
        octo up -d || problem "$1: the up with two networks of one name fails"
        [ "$(networks)" = 1 ] || problem "$1: two networks of one name are left"
    fi
    octo plan || problem "$1: the plan is not empty after the next up: $(cat out)"
    octo ps -a --format json
    names=$(sed 's/.*"Name":"\([^"]*\)".*/\1/' out | sort | tr '\n' ' ')
    [ "$names" = "$project-db-1 $project-web-1 $project-web-2 " ] || problem "$1: there are: $names"
}

check_down() {
    octo down || problem "$1: the next down fails"
    octo ps -aq
    [ -s out ] && problem "$1: after the next down there are: $(cat out)"
    [ "$(networks)" = 0 ] || problem "$1: after the next down there are networks"
}

# NAME, the function that makes the state before, the words of the command, the check after, and
# another moment to kill at
torture() {
    name=$1 prepare=$2 words=$3 check=$4 step=1 failed=0 kills=0 twins=0
    while :; do
        for when in '' :after $5; do
            rm -f state
            $prepare
            data >before 2>/dev/null
            # shellcheck disable=SC2086
            OCTOCOMPOSE_MEMORY_KILL=$step$when octo $words
            status=$?
            [ $status -eq 0 ] && break
            kills=$((kills + 1))
            [ $status -eq 137 ] || problem "$name: killed at step $step$when, its status is $status"
            $check "$name, killed at step $step$when"
            data >after
            comm -23 before after | grep -q . && problem "$name: step $step$when: data is gone"
        done
        [ $status -eq 0 ] && break
        step=$((step + 1))
    done
    n=$((n + 1))
    [ $failed -eq 0 ] && [ $kills -gt 0 ] || printf 'not '
    echo "ok $n - $name: killed $kills times"
    [ "$5" ] || return
    n=$((n + 1))
    [ $twins -eq 1 ] || printf 'not '
    echo "ok $n - $name: two networks of one name $twins times"
}

fresh() { compose a; }
changed() { compose a && octo up -d && compose b; }
running() { compose a && octo up -d; }

# As after an up that was killed when it made the network, and another up.
twins() {
    at=0
    while [ "$(networks)" != 2 ] && [ $at -lt 20 ]; do
        at=$((at + 1))
        rm -f state
        compose a
        OCTOCOMPOSE_MEMORY_KILL=$at:late octo up -d
        octo up -d
    done
}

torture "first up" fresh "up -d" check_up :late
torture "changing up" changed "up -d" check_up
torture "down" running "down" check_down
torture "down with two networks of one name" twins "down" check_down
echo "1..$n"
