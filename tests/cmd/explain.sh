#!/bin/sh
# explain.sh - `explain` names the place of each value, of all that it won over, whichever way the values came
# together (several files, extends, include, env files, tags), and of the variables that it was made with.
. "${top_srcdir:-.}/tests/checks/lib.sh"

octocompose=${abs_top_builddir:-.}/octocompose
folder=$(mktemp -d) || exit 99
top=$folder
trap 'rm -r "$top"' EXIT
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
        TAG = "tag"  (.env:2:5)
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
    FROM_DOTENV = "dot"  (.env:1:13)
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
explains 'no such service: netwoks; did you mean "networks"?' netwoks
explains '"networks.default" has no "drivr"' networks.default.drivr
explains '"services.web" has no "nothing"' web.nothing

# --- variables, and what tags took away ---
folder=$folder/variables
mkdir "$folder" "$folder/in" "$folder/in2"
file compose.yaml <<'END'
include: [in/compose.yaml, in2/compose.yaml]
services:
  web:
    image: "x:${TAG:-1}${SUFFIX-s}"
    environment: [PASSED, "PW=${PW}"]
    env_file: [common.env]
    ports: ["${PORT}:80"]
    command: [run, "${EMPTY:-${TAG}}", "${NONE:+x}", "${TAG:+set}"]
    labels: {a: "1", b: "2"}
    build: {context: ., args: {P: "1"}}
  api:
    image: api
    environment: {HOST: api}
    env_file: [common.env]
  old: {image: old}
secrets: {pw: {environment: PW}}
END
file override.yaml <<'END'
services:
  web:
    image: !override "y:${TAG}"
    environment: !override {HOST: web}
    ports: !override ["81:81"]
    labels: !reset null
    build: {args: !reset null}
  api: !override
    image: new
  old: !reset null
END
file third.yaml <<'END'
services:
  web:
    labels: {c: "3"}
END
printf 'services:\n  twice:\n    image: a\n' | file one.yaml
printf 'services:\n  twice:\n    extends: {file: one.yaml, service: twice}\n    image: b\n' | file two.yaml
file base.yaml <<'END'
services:
  root: {image: root, labels: {k: v}}
  base:
    extends: root
    image: "base:${TAG}"
    labels: !reset null
END
echo 'services: {in1: {extends: {file: ../base.yaml, service: base}}}' | file in/compose.yaml
echo 'services: {in2: {extends: {file: ../base.yaml, service: base}}}' | file in2/compose.yaml
echo 'services: {names: {image: "${PWD}:${COMPOSE_PROJECT_NAME}"}}' | file names.yaml
echo 'services: {twice: {image: "api"}}' | file api.yaml
echo TAG=in1 | file in/.env
printf '# of in2\nTAG=${X}-2\nX=late\n' | file in2/.env
printf 'TAG=dot\nPORT=8080\nPW=old\nX=x\nEMPTY=\n' | file .env
printf 'TAG=first\nPORT=1\n' | file first.env
printf 'PORT=2\n' | file second.env
printf 'URL=http://${HOST:-nobody}\nPASSED\n' | file common.env

# explained WANTED FILES ENVIRONMENT ARGUMENT...: several of files and of environment are parted by blanks
explained() {
    wanted=$1 files=$2 variables=$3
    shift 3
    # shellcheck disable=SC2086
    got=$(cd "$folder" && env -u TAG -u PORT -u PW $variables "$octocompose" $files explain "$@" 2>/dev/null)
    problems=$(printf '%s\n' "$got" | sed "s|$folder|FOLDER|g" >"$folder/got"
               printf '%s\n' "$wanted" | diff - "$folder/got")
    report "explain $* with $variables $files" "$problems"
}
one='-f compose.yaml' two='-f compose.yaml -f override.yaml' three='-f compose.yaml -f override.yaml -f third.yaml'

explained 'services.web.image: "x:dots"  (compose.yaml:4:12)
    TAG = "dot"  (.env:1:5)
    SUFFIX = "s"  (default of the expression)' "$one" A=B web.image
explained 'services.web.image: "x:7s"  (compose.yaml:4:12)
    TAG = "7"  (environment)
        instead of "dot"  (.env:1:5)
    SUFFIX = "s"  (default of the expression)' "$one" TAG=7 web.image
explained 'services.web.ports[0].mode: "ingress"  (compose.yaml:7:13)
services.web.ports[0].target: 80  (compose.yaml:7:13)
services.web.ports[0].published: "3"  (compose.yaml:7:13)
    PORT = "3"  (environment)
        instead of "2"  (second.env:1:6)
        instead of "1"  (first.env:2:6)
services.web.ports[0].protocol: "tcp"  (compose.yaml:7:13)' \
    "--env-file first.env --env-file second.env $one" PORT=3 web.ports
explained 'services.web.command[0]: "run"  (compose.yaml:8:15)
services.web.command[1]: "dot"  (compose.yaml:8:20)
    TAG = "dot"  (.env:1:5)
    EMPTY = "dot"  (default of the expression)
        instead of ""  (.env:5:7)
services.web.command[2]: ""  (compose.yaml:8:40)
    NONE = null  (not set)
services.web.command[3]: "set"  (compose.yaml:8:54)
    TAG = "set"  (replacement of the expression)
        instead of "dot"  (.env:1:5)' "$one" A=B web.command
explained 'services.web.environment.PASSED: "p"  (compose.yaml:5:19)
    PASSED = "p"  (environment)
    instead of "p"  (common.env:2:1)
        PASSED = "p"  (environment)' "$one" PASSED=p env web PASSED
explained 'services.web.environment.URL: "http://nobody"  (common.env:1:5)
    HOST = "nobody"  (default of the expression)
services.api.environment.URL: "http://api"  (common.env:1:5)
    HOST = "api"  (compose.yaml:13:25)' "$one" A=B web.environment.URL api.environment.URL
explained 'services.web.environment.PW: "hunter"  (compose.yaml:5:27)
    PW = "********"  (environment)
        instead of "********"  (.env:3:4)' "$one" PW=hunter env web PW
explained '{"path":"services.web.environment.PW","value":"hunter","at":"compose.yaml:5:27","variables":[{"name":"PW","value":"********","at":"environment","overrode":[{"value":"********","at":".env:3:4"}]}],"overrode":[]}' \
    "$one" PW=hunter --format json env web PW
# One file, read with the variables of two projects.
explained 'services.in1.image: "base:in1"  (base.yaml:5:12)
    TAG = "in1"  (in/.env:1:5)
    instead of "root"  (base.yaml:2:17)
services.in1.labels: !reset  (base.yaml:6:13)
    instead of {"k":"v"}  (base.yaml:2:31)
services.in2.image: "base:late-2"  (base.yaml:5:12)
    TAG = "late-2"  (in2/.env:2:5)
        X = "late"  (environment)
    instead of "root"  (base.yaml:2:17)' '--env-file second.env -f compose.yaml' X=late in1.image in1.labels in2.image
explained 'services.in2.image: "base:dot"  (base.yaml:5:12)
    TAG = "dot"  (.env:1:5)
        instead of "x-2"  (in2/.env:2:5)
            X = "x"  (.env:4:3)
    instead of "root"  (base.yaml:2:17)' "$one" A=B in2.image

explained 'services.web.image: "y:dot"  (override.yaml:3:12)
    TAG = "dot"  (.env:1:5)
    instead of "x:dots"  (compose.yaml:4:12)
        TAG = "dot"  (.env:1:5)
        SUFFIX = "s"  (default of the expression)' "$two" A=B web.image
explained 'services.web.ports: [{"mode":"ingress","target":81,"published":"81","protocol":"tcp"}]  (override.yaml:5:12)
    instead of [{"mode":"ingress","target":80,"published":"8080","protocol":"tcp"}]  (compose.yaml:7:12)
        PORT = "8080"  (.env:2:6)
services.web.ports[0].mode: "ingress"  (override.yaml:5:23)
services.web.ports[0].target: 81  (override.yaml:5:23)
services.web.ports[0].published: "81"  (override.yaml:5:23)
services.web.ports[0].protocol: "tcp"  (override.yaml:5:23)' "$two" A=B web.ports
explained 'services.web.environment.PW: !override  (override.yaml:4:18)
    instead of "old"  (compose.yaml:5:27)
        PW = "********"  (.env:3:4)' "$two" A=B env web PW
explained 'services.api.environment.HOST: !override  (override.yaml:8:8)
    instead of "api"  (compose.yaml:13:25)' "$two" A=B env api HOST
explained 'services.web.build.context: "FOLDER"  (compose.yaml:10:22)
services.web.build.dockerfile: "Dockerfile"  (compose.yaml:10:12)
services.web.build.args: !reset  (override.yaml:7:19)
    instead of {"P":"1"}  (compose.yaml:10:31)' "$two" A=B web.build
explained 'services.old: !reset  (override.yaml:10:8)
    instead of {"image":"old"}  (compose.yaml:15:8)' "$two" A=B old.image
explained 'services.web.labels: {"c":"3"}  (third.yaml:3:13)
    instead of !reset  (override.yaml:6:13)
    instead of {"a":"1","b":"2"}  (compose.yaml:9:13)
services.web.labels.c: "3"  (third.yaml:3:17)' "$three" A=B web.labels
explained 'services.names.image: "FOLDER:variables"  (names.yaml:1:27)
    PWD = "FOLDER"  (current folder)
    COMPOSE_PROJECT_NAME = "variables"  (project'"'s"' name)' '-f names.yaml' '-u PWD' names.image
explained 'services.names.image: "FOLDER:given"  (names.yaml:1:27)
    PWD = "FOLDER"  (environment)
    COMPOSE_PROJECT_NAME = "given"  (environment)' '-f names.yaml' COMPOSE_PROJECT_NAME=given names.image
# What a service extends is nearer than the files before.
explained 'services.twice.image: "b"  (two.yaml:4:12)
    instead of "a"  (one.yaml:3:12)
    instead of "api"  (api.yaml:1:27)' '-f api.yaml -f two.yaml' A=B twice.image
explained '{"path":"services.web.labels","value":null,"tag":"!reset","at":"override.yaml:6:13","overrode":[{"value":{"a":"1","b":"2"},"at":"compose.yaml:9:13"}]}' \
    "$two" A=B --format json web.labels

# From the top; a service outweighs a section of its name, but for what only the section has.
file top.yaml <<'END'
name: ${PN:-demo}
include: [top-in.yaml]
services:
  web: {image: x, networks: [front], ports: ["${P:-80}:80", "443:443"]}
  volumes: {image: y}
networks: {front: {driver: "${DRV:-bridge}", labels: {a: one}}, unused: {}}
volumes: {data: {driver: local}}
secrets: {key: {file: ./key}}
x-own: {b: 1}
END
echo 'networks: {front: {internal: true, labels: {a: two}}}' | file top-in.yaml
file top-over.yaml <<'END'
name: other
networks: {front: {driver: overlay, labels: [a=three]}}
END
tops='-f top.yaml -f top-over.yaml'
explained 'networks.front.name: "other_front"  (top-in.yaml:1:19)
networks.front.driver: "overlay"  (top-over.yaml:2:28)
    instead of "bridge"  (top.yaml:6:28)
        DRV = "bridge"  (default of the expression)
networks.front.internal: true  (top-in.yaml:1:30)
networks.front.labels.a: "three"  (top-over.yaml:2:46)
    instead of "one"  (top.yaml:6:58)
    instead of "two"  (top-in.yaml:1:48)
networks.unused.name: "other_unused"  (top.yaml:6:73)' "$tops" A=B networks.front networks.unused
explained 'name: "other"  (top-over.yaml:1:7)
    instead of "demo"  (top.yaml:1:7)
        PN = "demo"  (default of the expression)' "$tops" A=B name
explained 'name: "given"  (-p)
    instead of "set"  (top.yaml:1:7)
        PN = "set"  (environment)' '-f top.yaml -p given' PN=set name
explained 'name: "given"  (environment)
    instead of "demo"  (top.yaml:1:7)
        PN = "demo"  (default of the expression)' '-f top.yaml' COMPOSE_PROJECT_NAME=given name
explained 'services.volumes.image: "y"  (top.yaml:5:20)
volumes.data.name: "other_data"  (top.yaml:7:17)
volumes.data.driver: "local"  (top.yaml:7:26)
secrets.key.file: "FOLDER/key"  (top.yaml:8:23)
x-own.b: 1  (top.yaml:9:12)' "$tops" A=B volumes.image volumes.data secrets.key.file x-own
explained 'services.web.ports[1].published: "443"  (top.yaml:4:61)
services.web.ports[0].published: "77"  (top.yaml:4:46)
    P = "77"  (environment)' "$tops" P=77 'web.ports[1].published' 'services.web.ports[0].published'
# Settings of an OctoCompose configuration.
file settings.yaml <<'END'
name: x
include: [{url: vendor.yaml}]
configs: {web: {log: {level: debug}}}
END
file vendor.yaml <<'END'
globals: {a: {log: {level: info, color: true}}}
configs: {web: {log: {level: warn}, port: 80}}
services: {web: {image: x, octocompose: {config: {globals: a}}}}
END
explained 'configs.web.log.level: "debug"  (settings.yaml:3:30)
    instead of "warn"  (vendor.yaml:2:30)
    instead of "info"  (vendor.yaml:1:28)
configs.web.log.color: true  (vendor.yaml:1:41)
configs.web.port: 80  (vendor.yaml:2:43)' '-c settings.yaml' A=B configs.web
finish
