#!/bin/sh
# findings.sh - everything that is wrong, at once, sorted by place; as text and as one JSON document.
. "${top_srcdir:-.}/tests/checks/lib.sh"

octocompose=${abs_top_builddir:-.}/octocompose
folder=$(mktemp -d) || exit 99
trap 'rm -r "$folder"' EXIT
cat >"$folder/compose.yaml" <<'END'
services:
  web:
    imge: x
    ports: 80
    environment: {A: "${NOPE:?set it}", B: "${GONE}"}
  db: {image: y, restrat: always}
END
cat >"$folder/more.yaml" <<'END'
services:
  web: {image: x, ports: [80:x]}
END

# run STATUS WANTED ARGUMENT...: stderr is WANTED; nothing is written to standard output.
run() {
    wanted_status=$1 wanted=$2
    shift 2
    out=$(cd "$folder" && env -u NOPE -u GONE -u OCTOCOMPOSE_FINDINGS "$octocompose" "$@" 2>err)
    status=$?
    problems=$(printf '%s\n' "$wanted" | diff - "$folder/err")
    test "$status" = "$wanted_status" || problems="status $status, wanted $wanted_status
$problems"
    test -z "$out" || problems="standard output: $out
$problems"
    report "$*" "$problems"
}

run 1 'compose.yaml:3:5: services.web.imge: unknown key "imge"
        imge: x
        ^
    hint: did you mean "image"?
compose.yaml:4:12: services.web.ports: must be a list, not an integer
        ports: 80
               ^
    hint: write a list
compose.yaml:5:22: services.web.environment.A: required variable "NOPE" is not set or empty: set it
        environment: {A: "${NOPE:?set it}", B: "${GONE}"}
                         ^
    hint: set it in the environment, in .env or in a file given by --env-file
compose.yaml:5:44: services.web.environment.B: the variable "GONE" is not set, it is replaced by nothing
        environment: {A: "${NOPE:?set it}", B: "${GONE}"}
                                               ^
    hint: set it in the environment or in .env, or write ${GONE:-DEFAULT}
compose.yaml:6:18: services.db.restrat: unknown key "restrat"
      db: {image: y, restrat: always}
                     ^
    hint: did you mean "restart"?' -f compose.yaml config --format json
run 1 '{
  "findings": [
    {
      "severity": "error",
      "file": "more.yaml",
      "line": 2,
      "column": 27,
      "path": "services.web.ports[0]",
      "message": "the port \"80:x\" is wrong: the container port is no port or range of ports: \"x\"",
      "hint": "write [[IP:]PUBLISHED:]TARGET[/PROTOCOL]"
    }
  ]
}' --findings json -f more.yaml config --format json
run 1 '{
  "findings": [
    {
      "severity": "error",
      "file": null,
      "line": null,
      "column": null,
      "path": null,
      "message": "unknown flag: --nonsense",
      "hint": null
    }
  ]
}' --findings json -f more.yaml config --nonsense
# Every stage finds what is its to find, whatever others found; nothing follows from what is wrong already.
mkdir "$folder/all" "$folder/all/parts"
cat >"$folder/all/compose.yaml" <<'END'
include: [parts/compose.yaml, {path: parts/two.yaml, env_file: two.env}]
services:
  web:
    imge: x
    ports: ["80:99999", "8080:80"]
    mem_limit: 3q
    deploy: {resources: {limits: {memory: 1g}}}
    networks: [front, frnt]
    depends_on: [db, ghost, ext]
    volumes: [data:/d, gone:/g, {type: volume, source: gone, target: 5}]
  db:
    image: "x:${NOPE:?set it}"
    restart: 5
    healthcheck: {interval: 3 parsecs, test: [FOO]}
    secrets: [s1, s2]
  odd: 5
  ext: {extends: {service: nobase}}
  circle: {image: x, depends_on: {round: {condition: service_helthy}}}
  round: {image: x, depends_on: [circle, odd]}
  off: {image: x, profiles: 5, networks: [unknown]}
networks: {front: {driver: 5}}
volumes: {data: {externl: true}}
secrets: {s1: {fil: ./x}}
END
cat >"$folder/all/parts/compose.yaml" <<'END'
services:
  part: {image: z, cpus: lots, networks: [nope], env_file: none.env}
END
cat >"$folder/all/parts/two.yaml" <<'END'
services:
  two: {image: "${WHO:?set}", ports: ["${PORT}:80"], cpus: q}
END
printf 'A=1\nB="x\n' >"$folder/all/two.env"
cat >"$folder/all/over.yaml" <<'END'
services:
  web: {cpus: lots, environment: {A: [1]}}
  db: {stop_grace_period: 5x, mem_limit: 1x}
END
cat >"$folder/all/missing.yaml" <<'END'
include: [parts/gone.yaml]
services:
  web: {image: x, networks: [of-gone], depends_on: [of-gone], mem_limit: 1x}
END
printf 'services: {q: {image: x\n' >"$folder/all/broken.yaml"
cat >"$folder/all/extends.yaml" <<'END'
services:
  web: {extends: {file: broken.yaml, service: q}, networks: [unknown]}
END

# heads WANTED ARGUMENT...: the first lines of what `config` finds.
heads() {
    wanted=$1
    shift
    out=$(cd "$folder/all" && env -u NOPE -u WHO -u PORT "$octocompose" "$@" config -q 2>&1)
    status=$?
    problems=$(printf '%s\n' "$out" | sed -n "s|$folder|FOLDER|; /^[a-z/.]*:[0-9]*:[0-9]*: /p" >"$folder/heads"
        printf '%s\n' "$wanted" | diff - "$folder/heads")
    test "$status" = 1 || problems="status $status
$problems"
    report "$*" "$problems"
}

heads 'compose.yaml:4:5: services.web.imge: unknown key "imge"
compose.yaml:5:13: services.web.ports[0]: the port "80:99999" is wrong: the container port is no port or range of ports: "99999"
compose.yaml:6:16: services.web.mem_limit: the size "3q" is wrong: its unit is none of b, k, m, g, t, p
compose.yaml:8:23: services.web.networks: the network "frnt" is not declared
compose.yaml:9:22: service "web" depends on "ghost", which does not exist
compose.yaml:10:24: service "web" uses the volume "gone", which is not declared
compose.yaml:10:70: services.web.volumes[2].target: must be a string, not an integer
compose.yaml:12:12: services.db.image: required variable "NOPE" is not set or empty: set it
compose.yaml:13:14: services.db.restart: must be a string, not an integer
compose.yaml:14:29: services.db.healthcheck.interval: the duration "3 parsecs" is wrong: its unit is none of ns, us, ms, s, m, h, d, w
compose.yaml:14:46: services.db.healthcheck.test: the test starts with "FOO"
compose.yaml:15:19: service "db" uses the secret "s2", which is not declared
compose.yaml:16:8: services.odd: must be a mapping, not an integer
compose.yaml:17:18: services.ext.extends: the service "nobase" is not in "FOLDER/all/compose.yaml"
compose.yaml:18:54: services.circle.depends_on.round.condition: "service_helthy" is not a value that is known here
compose.yaml:19:34: services depend on each other in a circle: circle -> round -> circle
compose.yaml:20:29: services.off.profiles: must be a list, not an integer
compose.yaml:21:28: networks.front.driver: must be a string, not an integer
compose.yaml:22:18: volumes.data.externl: unknown key "externl"
compose.yaml:23:16: secrets.s1.fil: unknown key "fil"
over.yaml:2:15: services.web.cpus: "lots" is no number
over.yaml:2:38: services.web.environment.A: must be a string, a number, a boolean or null, not a list
over.yaml:3:27: services.db.stop_grace_period: the duration "5x" is wrong: its unit is none of ns, us, ms, s, m, h, d, w
over.yaml:3:42: services.db.mem_limit: the size "1x" is wrong: its unit is none of b, k, m, g, t, p
parts/compose.yaml:2:26: services.part.cpus: "lots" is no number
parts/compose.yaml:2:43: services.part.networks: the network "nope" is not declared
parts/compose.yaml:2:60: services.part.env_file: env file "FOLDER/all/parts/none.env" not found
two.env:2:3: B: unterminated quoted value
parts/two.yaml:2:60: services.two.cpus: "q" is no number' -f compose.yaml -f over.yaml
heads 'missing.yaml:1:11: include[0]: no such file: "FOLDER/all/parts/gone.yaml"
missing.yaml:3:74: services.web.mem_limit: the size "1x" is wrong: its unit is none of b, k, m, g, t, p' -f missing.yaml
heads 'extends.yaml:2:62: services.web.networks: the network "unknown" is not declared
broken.yaml:2:1: did not find expected '\'','\'' or '\''}'\'' while parsing a flow mapping that begins at line 1' -f extends.yaml
heads 'two.env:2:3: B: unterminated quoted value
parts/two.yaml:2:60: services.two.cpus: "q" is no number' --env-file two.env -f parts/two.yaml
run 1 'unknown form of findings "xml" (text, json)' --findings xml -f more.yaml config
finish
