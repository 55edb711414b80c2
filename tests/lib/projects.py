"""Small projects that between them use most attributes; for adoption and plan tests.

{name: {file: text}}; "compose.yaml" is the project.
"""

PROJECTS = {
    "plain": {"compose.yaml": """
services:
  app: {image: "stand-in:1"}
"""},
    "web-and-store": {"compose.yaml": """
services:
  web:
    image: nginx:alpine
    ports: ["18090:80", "127.0.0.1:18091:81/tcp", "18092:53/udp"]
    depends_on: [app]
    restart: unless-stopped
  app:
    image: stand-in:1
    environment:
      A: "1"
      B: two words
      EMPTY: ""
    depends_on:
      store: {condition: service_healthy}
    restart: always
  store:
    image: stand-in:healthy
    volumes: ["data:/var/lib/store"]
volumes:
  data: {}
"""},
    "volumes": {"compose.yaml": """
services:
  app:
    image: stand-in:volume
    volumes:
      - named:/named
      - ro:/ro:ro
      - /anonymous
      - ./bind:/bind
      - ./f.txt:/f.txt:ro
      - {type: bind, source: ./bind, target: /long, read_only: true}
      - {type: volume, source: named, target: /nocopy, volume: {nocopy: true}}
      - {type: tmpfs, target: /scratch, tmpfs: {size: 1048576, mode: 448}}
volumes:
  named: {labels: {kind: precious}}
  ro: {driver: local}
""", "f.txt": "hello\n", "bind/keep": "x\n"},
    "bind-no-create": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    volumes:
      - {type: bind, source: ./bind, target: /bind, bind: {create_host_path: false, propagation: rprivate}}
""", "bind/keep": "x\n"},
    "networks": {"compose.yaml": """
services:
  a:
    image: stand-in:1
    hostname: alfa
    networks:
      front: {aliases: [one, two]}
      back: {ipv4_address: 10.232.1.7}
  b:
    image: stand-in:1
    networks: [back]
  c:
    image: stand-in:1
    network_mode: "service:a"
  d:
    image: stand-in:1
    network_mode: none
  e:
    image: stand-in:1
    network_mode: bridge
networks:
  front: {driver: bridge, driver_opts: {com.docker.network.bridge.enable_icc: "true"}, labels: {x: y}}
  back:
    internal: true
    ipam: {driver: default, config: [{subnet: 10.232.1.0/24, gateway: 10.232.1.1}]}
"""},
    "limits": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    mem_limit: 64m
    mem_reservation: 32m
    memswap_limit: 128m
    cpus: 0.5
    cpu_shares: 512
    pids_limit: 100
    shm_size: 16mb
    oom_score_adj: 100
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 400}
    sysctls: {net.core.somaxconn: 512}
    tmpfs: [/t1, "/t2:size=1m,mode=1777"]
"""},
    "deploy": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    deploy:
      replicas: 2
      labels: {on: service}
      resources:
        limits: {cpus: "0.25", memory: 50M, pids: 50}
        reservations: {memory: 20M}
      restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}
      update_config: {parallelism: 2, delay: 10s, order: start-first}
  other: {image: "stand-in:1", scale: 2}
"""},
    "rights": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    user: "1000:1000"
    working_dir: /tmp
    cap_add: [NET_ADMIN, SYS_TIME]
    cap_drop: [MKNOD]
    security_opt: ["no-new-privileges:true", "seccomp=unconfined"]
    read_only: true
    init: true
    group_add: ["2000", mail]
    devices: ["/dev/null:/dev/mynull:rw"]
    ipc: private
    pid: host
  boss: {image: "stand-in:1", privileged: true, uts: host}
"""},
    "process": {"compose.yaml": """
services:
  a:
    image: busybox
    command: sh -c "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"
    stop_signal: SIGTERM
    stop_grace_period: 1m30s
    tty: true
    stdin_open: true
  b:
    image: busybox
    entrypoint: ["/bin/sh", "-c"]
    command: ["/stand-in"]
    stop_grace_period: 500ms
  c:
    image: stand-in:1
    command: []
"""},
    "health": {"compose.yaml": """
services:
  a:
    image: stand-in:1
    healthcheck:
      test: ["CMD-SHELL", "test -e /stand-in || exit 1"]
      interval: 1m30s
      timeout: 10s
      retries: 3
      start_period: 40s
  b:
    image: stand-in:healthy
    healthcheck: {disable: true}
  c:
    image: stand-in:1
    healthcheck: {test: test -e /stand-in, interval: 1s}
  d:
    image: stand-in:healthy
    healthcheck: {test: ["NONE"]}
"""},
    "names": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    container_name: adopt-special-name
    hostname: special
    domainname: example.org
    labels: ["a=1", "b.c=two words", "empty="]
    annotations: {note: text}
    extra_hosts: ["one:192.0.2.1", "two=192.0.2.2"]
    dns: [192.0.2.53, 192.0.2.54]
    dns_search: [example.org]
    dns_opt: ["ndots:2"]
    expose: ["9000", "9001/udp", "9100-9101"]
"""},
    "env": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    env_file: [one.env, {path: two.env, required: false}, {path: none.env, required: false}]
    environment:
      - LIST=form
      - QUOTED="kept"
      - DOLLAR=$$HOME
      - FROM=${WHO}
      - UNICODE=grüße <&>
      - MULTI=a b=c
""", "one.env": "X=1\nY='single'\nZ=\"dou${WHO}ble\"\n", "two.env": "X=2\n", ".env": "WHO=world\n"},
    "secrets": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    secrets: [plain, {source: plain, target: other, mode: 0400}]
    configs: [conf, {source: conf, target: /etc/x.conf}, inline]
secrets: {plain: {file: s.txt}}
configs: {conf: {file: c.txt}, inline: {content: "a: ${WHO:-nobody}\\n"}}
""", "s.txt": "secret\n", "c.txt": "config\n"},
    "logging": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
  none: {image: "stand-in:1", logging: {driver: none}}
"""},
    "shared": {"compose.yaml": """
x-common: &common
  image: stand-in:1
  environment: &env {COMMON: "yes"}
services:
  base: {<<: *common, volumes: ["data:/data", /anon]}
  user: {<<: *common, volumes_from: ["base:ro"], environment: {<<: *env, MORE: "1"}}
  linked: {<<: *common, links: ["base:alias"]}
  ns: {<<: *common, ipc: "service:base2", pid: "service:base"}
  base2: {<<: *common, ipc: shareable}
volumes: {data: {}}
"""},
    "chain": {"compose.yaml": """
services:
  init:
    image: busybox
    command: ["true"]
  db: {image: "stand-in:healthy"}
  app:
    image: stand-in:1
    depends_on:
      init: {condition: service_completed_successfully}
      db: {condition: service_healthy, restart: true}
      maybe: {condition: service_started, required: false}
  maybe: {image: "stand-in:1", profiles: [extra]}
"""},
    "override": {"compose.yaml": """
services:
  app:
    image: stand-in:1
    environment: {A: base, B: base}
    ports: ["18095:80"]
    labels: {a: base}
    command: ["/stand-in", "one", "two"]
""", "compose.override.yaml": """
services:
  app:
    environment: {B: over, C: new}
    ports: ["18096:81"]
    labels: {a: over}
    command: ["/stand-in", "three"]
"""},
}
