# lib.sh - what the source checks share. A check collects lines "file:line: what is wrong" and hands
# them to report(); it needs a POSIX shell, awk and nm only.
cd "${top_srcdir:-.}" || exit 99
: "${AWK:=awk}"
n_reports=0

# report NAME PROBLEMS: one TAP line, good when there are no problems.
report() {
    n_reports=$((n_reports + 1))
    if [ -z "$2" ]; then
        echo "ok $n_reports - $1"
    else
        echo "not ok $n_reports - $1"
        echo "$2" | sed 's/^/# /'
    fi
}

# Ends the check.
finish() {
    echo "1..$n_reports"
}

# Our C files, one a line: sources NAME-PATTERN FOLDER...
sources() {
    pattern=$1
    shift
    find "$@" -name "$pattern" -type f | LC_ALL=C sort
}
