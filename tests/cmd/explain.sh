#!/bin/sh
# explain.sh - `explain` names the place of each value and of all that it won over, whichever way the values
# came together: several files, extends, include, env files, interpolation.
. "${top_srcdir:-.}/tests/checks/lib.sh"

octocompose=${abs_top_builddir:-.}/octocompose
folder=$(mktemp -d) || exit 99
trap 'rm -r "$folder"' EXIT
mkdir "$folder/inner" "$folder/sub"

file() {
    cat >"$folder/$1"
}
file compose.yaml <<'END'
include: [inner/compose.yaml]
services:
  web:
    extends: {file: base.yaml, service: base}
    image: nginx:${TAG:-1}
    command: [one, two]
    build: .
    environment:
      A: main
      E: ${FROM_DOTENV}
    env_file: [sub/web.env, other.env]
    labels: {x: main}
    label_file: web.labels
    volumes: ["./a:/data"]
END
file override.yaml <<'END'
services:
  web:
    image: nginx:over
    build: {context: ./x}
    command: [three]
    environment: [A=over, G=new]
    labels: [x=over]
    volumes: ["/c:/data"]
  db:
    environment: {I: over}
END
file base.yaml <<'END'
services:
  base:
    image: basis
    user: "1"
    environment: {A: base, B: base}
    env_file: base.env
    labels: {x: base, y: base}
END
file inner/compose.yaml <<'END'
services:
  db:
    image: in
    environment: {I: inner}
    env_file: in.env
END
echo 'I=file' | file inner/in.env
printf 'A=web\nC=web\n' | file sub/web.env
printf 'C=first\nC=other\nD=other\n' | file other.env
printf 'D=base\nB=file\n' | file base.env
printf 'y=file\nz=file\n' | file web.labels
printf 'FROM_DOTENV=dot\nTAG=tag\n' | file .env

# explains WANTED ARGUMENT...
explains() {
    wanted=$1
    shift
    got=$(cd "$folder" && env -u TAG -u FROM_DOTENV "$octocompose" -f compose.yaml -f override.yaml explain "$@" 2>&1)
    # the folder itself is the computer's business
    problems=$(printf '%s\n' "$got" | sed "s|$folder|FOLDER|g" >"$folder/got"
               printf '%s\n' "$wanted" | diff - "$folder/got")
    report "explain $*" "$problems"
}

explains 'services.web.image: "nginx:over"  (override.yaml:3:12)
    instead of "nginx:tag"  (compose.yaml:5:12)
    instead of "basis"  (base.yaml:3:12)' web.image
explains 'services.web.environment.A: "over"  (override.yaml:6:19)
    instead of "main"  (compose.yaml:9:10)
    instead of "base"  (base.yaml:5:22)
    instead of "web"  (sub/web.env:1:3)
services.web.environment.B: "base"  (base.yaml:5:31)
    instead of "file"  (base.env:2:3)
services.web.environment.C: "other"  (other.env:2:3)
    instead of "first"  (other.env:1:3)
    instead of "web"  (sub/web.env:2:3)
services.web.environment.D: "other"  (other.env:3:3)
    instead of "base"  (base.env:1:3)
services.web.environment.E: "dot"  (compose.yaml:10:10)
services.web.environment.G: "new"  (override.yaml:6:27)' web.environment
explains 'services.db.environment.I: "over"  (override.yaml:10:22)
    instead of "inner"  (inner/compose.yaml:4:22)
    instead of "file"  (inner/in.env:1:3)' env db I
explains 'services.web.labels.x: "over"  (override.yaml:7:14)
    instead of "main"  (compose.yaml:12:17)
    instead of "base"  (base.yaml:7:17)
services.web.labels.y: "base"  (base.yaml:7:26)
    instead of "file"  (web.labels:1:3)
services.web.labels.z: "file"  (web.labels:2:3)' web.labels
explains 'services.web.command: ["three"]  (override.yaml:5:14)
    instead of ["one","two"]  (compose.yaml:6:14)
services.web.command[0]: "three"  (override.yaml:5:15)' web.command
explains 'services.web.build.context: "FOLDER/x"  (override.yaml:4:22)
    instead of "."  (compose.yaml:7:12)
services.web.build.dockerfile: "Dockerfile"  (compose.yaml:7:12)' web.build
explains 'services.web.volumes[0]: {"type":"bind","source":"/c","target":"/data","bind":{}}  (override.yaml:8:15)
    instead of {"type":"bind","source":"./a","target":"/data","bind":{"create_host_path":true}}  (compose.yaml:14:15)
services.web.volumes[0].type: "bind"  (override.yaml:8:15)
services.web.volumes[0].source: "/c"  (override.yaml:8:15)
services.web.volumes[0].target: "/data"  (override.yaml:8:15)
services.web.volumes[0].bind: {}  (override.yaml:8:15)' web.volumes
explains '{"path":"services.web.environment.D","value":"other","at":"other.env:3:3","overrode":[{"value":"base","at":"base.env:1:3"}]}' --format json env web D
explains 'no such service: nobody' nobody
explains '"services.web" has no "nothing"' web.nothing
finish
