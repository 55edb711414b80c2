"""maker.py - makes random projects from the schema table (tests/compose/table) and from the attributes of
the case files: several files, documents, extends, include, interpolation, !reset and !override, anchors,
profiles, env files, flags; valid and nearly valid. Used by tests/compose/random; judges nothing.
"""
import json
import os
import random
import re

import cases

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("attributes", "forms", "merge", "wrong", "yaml")
SECTIONS = ("networks", "volumes", "secrets", "configs", "models")
TAIL = {"networks": "{n: , m: {driver: d}}", "volumes": "{v: , w: , data: }",
        "models": "{m: {model: q}, l: {model: r}}"}
# Where the content of a file object may come from; one of them is chosen for a project.
CONTENT = {"configs": ("file", "environment", "content"), "secrets": ("file", "environment")}
CONTENT_VALUES = {"file": ("./f", "/abs/f", "~/f", "T"), "environment": ("T", "A"), "content": ("x", "a\nb\n")}
# The row of what has none.
ANYTHING = {"kinds": ["text"], "cast": "none", "bind": "text", "unique": False, "rows": []}
# Attributes that name what only their own case declares.
NAMING = {"extends", "pid", "depends_on", "links", "networks", "models", "secrets", "configs", "volumes_from"}
NAMES = {"networks": ("n", "m", "default"), "volumes": ("v", "w", "data"), "configs": ("c", "d"),
         "secrets": ("s", "t"), "models": ("m", "l")}
SERVICES = ("a", "b", "c")

# What a text may be: by the end of its path, else by what it is bound to.
BY_PATH = {
    "ports.[]": ["80", "8080:80", "127.0.0.1:80:80/udp", "3000-3002:80-82", "[::1]:80:80", ":80",
                 "80/tcp", "80-81", "::1:81:81", "8000-8010:80", "0.0.0.0::80", "80:80/sctp"],
    "ports.[].target": ["80", "443"], "ports.[].published": ["80", "8080", "8000-8002", ""],
    "ports.[].protocol": ["tcp", "udp"], "ports.[].mode": ["host", "ingress"],
    "ports.[].host_ip": ["127.0.0.1", "::1"],
    "services.*.volumes.[]": ["v:/x", "/h:/c:ro", "./rel:/c", "~/x:/c", "/anon", "w:/y:rw,nocopy",
                              "data:/d:z", "../up:/u:cached", ".:/src", "v:/x:volume-nocopy",
                              "/a:/b:rshared", "v:/sub/", "C:\\x:/w:ro", "c:/y"],
    "volumes.[].type": ["bind", "volume", "tmpfs", "image"],
    "volumes.[].source": ["v", "w", "/h", "./rel", "~/x", "data"],
    "volumes.[].target": ["/x", "/y", "/d/", "relative"],
    "devices.[]": ["/dev/a", "/dev/a:/dev/b", "/dev/a:/dev/b:r", "vendor.tld/class=name", "/dev/c:rw"],
    "secrets.[]": ["s", "t"], "configs.[]": ["c", "d"], "secrets.[].source": ["s", "t"],
    "configs.[].source": ["c", "d"], "volumes_from.[]": ["b", "c:ro", "container:x", "b:rw"],
    "links.[]": ["b", "c:alias", "b:b"], "depends_on.[]": ["b", "c"],
    "services.*.networks.[]": ["n", "m", "default"], "services.*.models.[]": ["m", "l"],
    "external_links.[]": ["x", "x:y"], "network_mode": ["host", "none", "bridge", "service:b",
                                                        "container:x"],
    "ipc": ["host", "shareable", "service:b", "container:x"], "pid": ["host", "service:c"],
    "extends.service": ["b", "c"], "extends.file": ["sub/base.yaml"], "extends": ["b", "c"],
    "env_file": ["a.env", "./b.env"], "env_file.[]": ["a.env", "b.env"],
    "env_file.[].path": ["a.env", "b.env", "missing.env"], "env_file.[].format": ["raw"],
    "label_file": ["l.env"], "label_file.[]": ["l.env", "a.env"],
    "image": ["x", "nginx:1.27", "localhost:5000/x:y", "q@sha256:" + "0" * 64],
    "restart": ["no", "always", "on-failure", "on-failure:3", "unless-stopped"],
    "pull_policy": ["always", "never", "missing", "build", "daily", "every_12h", "if_not_present"],
    "container_name": ["one", "n-1", "x.y_z"], "mac_address": ["02:42:ac:11:65:43"],
    "ipv4_address": ["10.0.0.5"], "ipv6_address": ["fe80::1"], "user": ["1000", "a:b", "0:0"],
    "test": ["CMD true", "curl -f 'a b'"], "test.[]": ["CMD", "CMD-SHELL", "NONE", "x", "y"],
    "condition": ["any", "none", "on-failure"], "platform": ["linux/amd64", "linux/arm/v7"],
    "platforms.[]": ["linux/amd64", "linux/arm64"], "dns.[]": ["1.1.1.1", "::1", ""],
    "context": [".", "./d", "../up", "https://x.y/z.git#main:sub", "service:b"],
    "build": [".", "./d", "https://x.y/z.git"], "dockerfile": ["Dockerfile", "./D/x"],
    "build.tags.[]": ["x:1", "y", "x:2"], "extra_hosts.[]": ["h=1.2.3.4", "h:5.6.7.8", "k=[::1]",
                                                             "h=host-gateway", "j=1.1.1.1,2.2.2.2"],
    "extra_hosts.*": ["1.2.3.4", "::1", "host-gateway"], "expose.[]": ["80", "81-83", "80/udp"],
    "tmpfs.[]": ["/t", "/t:mode=755", "/u"], "group_add.[]": ["wheel", "100"],
    "subnet": ["10.0.0.0/24", "fd00::/64"], "gateway": ["10.0.0.1"], "ip_range": ["10.0.0.0/25"],
    "ssh.[]": ["default"], "additional_contexts.[]": ["x=./y", "z=service:b", "q=https://x.y"],
    "profiles.[]": ["p", "q", "r"], "stop_signal": ["SIGINT", "9"], "entrypoint": ["sh -c 'a b'", ""],
    "command": ["echo \"a b\" c", "x y", ""], "command.[]": ["a", "b c", "$$HOME", "<&>"],
    "driver": ["local", "json-file", "d"], "type": ["local", "volume", "w"],
    "environment": ["T", "A"], "file": ["./f", "/abs/f", "~/f"], "content": ["x", "a\nb\n", "$$x"],
    "watch.[].path": [".", "./src", "/abs"], "use_api_socket": ["true"],
    "driver_opts.type": ["none"], "driver_opts.o": ["bind"], "driver_opts.device": ["./dev", "/dev/x"],
    "cpuset": ["0,1", "0-3"], "cpu_percent": ["1", "50", "0"], "version": ["3.8", "2", "x"], "service": ["b"], "project_directory": ["sub"],
}
BY_BIND = {
    "text": ["x", "some text", "a-b_c", "é", "yes", "it's", "a: b", "#x", "1.5", "0x10", "null", "on",
             "x\ty", "two\nlines", " lead", "trail ", "100%", "{a}", "*x", "", "-", "2020-01-01", "<x>"],
    "bool": ["true", "false", "true", "yes", "off"], "int": ["1", "0", "20"],
    "float": ["0.5", "1", "2"], "cpus": ["0.5", "1", "2.25"],
    "bytes": ["64m", "1gb", "1.5g", "1024", "0", "1 kib", "2K", "10MB", "1t"],
    "rate": ["12mb", "1024k", "5"], "mode": ["0440", "444", "0777"], "count": ["all", "2"],
    "duration": ["1m30s", "10s", "1h", "0s", "1.5h", "1d", "100ms", "2w", "1m0s"],
}
BAD_TEXTS = ["", "nope", "-", "1z", "${", ":", "a:b:c:d", "99999999999999999999", "~", "é", "x y", "/", ".."]
NUMBERS = [0, 1, 2, 80, 443, 8080, 100, 64, 1024, 65535]
ODD_NUMBERS = [-1, 1.5, 1e9, 70000, 0o17, 1234567890123]
PAIR_KEYS = ["A", "FOO", "com.example.k", "k", "l", "T", "a-b", "UNSET", "n1", "n10", "n2"]
OTHER_TYPE = re.compile(r"[-+]?[0-9.][0-9a-zA-Z._]*|true|false|null|~|[0-9]{4}-[0-9]{2}-[0-9]{2}|", re.I)
# Whom a service may need without a circle.
BELOW = {"a": ("b", "c"), "b": ("c",), "q": ("b", "a"), "d": ("b", "c")}
DOTENV = ["A=env", "FOO=bar", "B='single $A'", 'C="double ${A:-x} \\n y"', "export E=1", "# comment", "",
          "D=un quoted # c", "K: v", "EMPTY=", "BARE", "F=${A}-${FOO}", "T = spaced", "M=\"a\nb\"", "Q=a#b",
          "R=$$x", "U=${NOPE:-def}", "V=\\$A"]


class Tagged:
    """A value with a YAML tag, an anchor, or an alias without a value."""

    def __init__(self, prefix, value=None, is_alone=False):
        self.prefix, self.value, self.is_alone = prefix, value, is_alone


def attributes_of(lines):
    """The attributes of the service a in a file: lists of lines."""
    found, current, is_inside = [], None, False
    for line in lines:
        if line.rstrip() == "  a:":
            is_inside = True
        elif is_inside and line.startswith("    ") and line[4:5].isalpha() and ":" in line:
            current = [line]
            found.append(current)
        elif is_inside and line.startswith("     ") and current:
            current.append(line)
        elif line.strip():
            is_inside, current = False, None
    return found


def collect():
    """The attributes of the case files: those of cases that docker compose accepts, and of those that it
    refuses."""
    right, wrong = [], []
    for name in SOURCES:
        path = os.path.join(HERE, "cases", name)
        golden = cases.read_golden(path + ".golden")
        for case in cases.read_cases(path + ".cases"):
            if case.config or case.env:
                continue
            found = [attribute for lines in case.files.values() for attribute in attributes_of(lines)
                     if not re.search(r"[:-] [*&]\w|<<:", "\n".join(attribute))]
            (wrong if golden[case.name].status else right).extend(found)
    return right, wrong


class Writer:
    """Values as YAML, in forms chosen at random."""

    def __init__(self, rng):
        self.rng = rng
        self.share_odd = 0  # of texts that are written so that they are something else

    def scalar(self, value):
        if value is None:
            return self.rng.choice(("null", "~", "null"))
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            return repr(value)
        if OTHER_TYPE.fullmatch(value) and not self.chance_odd():
            return json.dumps(value)
        is_plain = re.fullmatch(r"[A-Za-z0-9/._$~](?:[A-Za-z0-9/._=@$+*-]|:(?=[^ ]))*", value)
        if is_plain and not value.endswith(":") and self.rng.random() < 0.7:
            return value
        if "\n" not in value and "\t" not in value and self.rng.random() < 0.3:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)

    def chance_odd(self):
        return self.rng.random() < self.share_odd

    def flow(self, value):
        if isinstance(value, Tagged):
            return value.prefix if value.is_alone else f"{value.prefix} {self.flow(value.value)}"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(key)}: {self.flow(item)}"
                                   for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(item) for item in value) + "]"
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        return self.scalar(value)

    def key(self, key):
        return key if re.fullmatch(r"[A-Za-z0-9._-]+|<<", key) and not key.startswith("-") \
            else json.dumps(key)

    def lines(self, value, indent):
        """What comes after "key:" or "-": the rest of the line and more lines."""
        pad = " " * indent
        prefix = ""
        if isinstance(value, Tagged):
            if value.is_alone:
                return " " + value.prefix, []
            prefix, value = " " + value.prefix, value.value
        if isinstance(value, (dict, list)) and value and self.rng.random() < 0.75:
            more = []
            entries = value.items() if isinstance(value, dict) else [(None, item) for item in value]
            for key, item in entries:
                rest, deeper = self.lines(item, indent + 2)
                more.append(f"{pad}{'-' if key is None else self.key(key) + ':'}{rest}")
                more += deeper
            return prefix, more
        if isinstance(value, (dict, list)):
            return f"{prefix} {self.flow(value)}", []
        if value is None and not prefix and self.rng.random() < 0.5:
            return "", []
        if isinstance(value, str) and re.fullmatch(r"[a-z]+( [a-z]+)+", value) and self.rng.random() < 0.3:
            words = value.split(" ")
            return f"{prefix} {self.rng.choice(('>', '>-', '>+'))}", \
                [pad + words[0], pad + " ".join(words[1:])]
        if isinstance(value, str) and value.count("\n") > 0 and "\t" not in value and \
                value[:1] not in (" ", "\n") and self.rng.random() < 0.5:
            return f"{prefix} {'|' if value.endswith(chr(10)) else '|-'}", \
                [pad + line for line in value.rstrip("\n").split("\n")]
        return f"{prefix} {self.scalar(value)}", []


class Maker:
    def __init__(self, table, seed):
        self.random = random.Random(seed)
        self.table = {row["key"]: row for row in table["rows"]}
        self.right, self.wrong = collect()
        self.writer = Writer(self.random)

    def chance(self, share):
        return self.random.random() < share

    # --- values ---------------------------------------------------------------------------------

    def text(self, row, path):
        if row.get("words") and not self.chance(self.share_wrong):
            return self.random.choice(row["words"])
        if self.chance(self.share_wrong):
            return self.random.choice(BAD_TEXTS)
        parts = path.split(".")
        for length in (4, 3, 2, 1):
            pool = BY_PATH.get(".".join(parts[-length:]))
            if pool:
                return self.renamed(self.random.choice(pool), parts[1:3])
        if parts[-1] == "[]" and "map" in self.parent_kinds:
            return f"{self.random.choice(PAIR_KEYS)}{self.random.choice(('=x', '=', '', '=a=b', '=1'))}"
        bind = row["cast"] if row["cast"] != "none" else row["bind"]
        return self.random.choice(BY_BIND.get(bind, BY_BIND["text"]))

    def renamed(self, text, place):
        """A text that names the service b or c, with one that makes no circle."""
        last = place[-1] if place else ""
        if not re.fullmatch(r"(service:)?[bc](:.*)?", text) or last not in (
                "links", "depends_on", "volumes_from", "network_mode", "ipc", "pid", "build"):
            return text
        below = BELOW.get(self.current, ())
        name = text.split(":")[1 if text.startswith("service:") else 0]
        if name in below or self.chance(self.share_wrong):
            return text
        return {"links": "b", "depends_on": "b"}.get(last, "host") if not below else \
            text.replace(name, below[0], 1)

    def interpolated(self, text):
        """The text through variables: A and T are set, U and NOPE are not."""
        rng = self.random
        forms = ["${U:-%s}", "${U-%s}", "${A:+%s}", "${A+%s}", "${E+%s}", "${U:-${NOPE:-%s}}", "${E:-%s}",
                 "${A:+${U-%s}}", "${U+x}%s", "${E:+x}%s"]
        if text in self.variables.values() or not re.fullmatch(r"[A-Za-z0-9/._:-]*", text):
            forms = ["%s"]
        form = rng.choice(forms) % text if forms != ["%s"] else text
        if self.chance(0.4):
            name = f"V{len(self.variables)}"
            self.variables[name] = text
            form = rng.choice(("$%s", "${%s}", "${%s:?needed}", "${%s?needed}", "${%s:-other}", "${%s-}",
                               "${%s:?${U}}")) % name
        if self.chance(self.share_wrong * 2):
            form = rng.choice(("${U:?needed}", "${", "${U?}", "$", "${A!x}", "${1}", "$$" + text, "${A}${"))
        return form

    def scalar(self, kind, row, path):
        rng = self.random
        if kind == "null":
            return None
        if kind == "bool":
            value = rng.random() < 0.5
        elif kind in ("int", "number"):
            pool = NUMBERS if not self.chance(self.share_wrong) else ODD_NUMBERS
            if "maximum" in row and not self.chance(self.share_wrong):
                pool = [number for number in NUMBERS if number <= row["maximum"]]
            value = rng.choice(pool)
            is_whole = row["cast"] == "int" or path.endswith(".[]") or path.startswith("secrets.")
            if kind == "number" and self.chance(self.share_wrong if is_whole else 0.2):
                value = rng.choice((0.5, 1.5, 2.25))
        else:
            value = self.text(row, path)
        can_be_text = "text" in row["kinds"] or self.chance(self.share_wrong)
        if can_be_text and self.chance(self.share_interpolated):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return self.interpolated(text)
        return value

    def value(self, row, path, depth=0):
        """A value for a row; None stands for nothing to say."""
        rng = self.random
        kinds = list(row["kinds"])
        if "map" in kinds and "list" not in kinds and len(kinds) > 1:
            kinds += ["map"]
        kind = rng.choice(kinds)
        if path.endswith("external") and kind == "text" and not self.chance(self.share_wrong):
            return rng.choice(("true", "false", "off"))
        if row["bind"] == "uint" and row["cast"] == "none" and not self.chance(self.share_wrong):
            kind = [other for other in kinds if other != "text"][0]
        if kind == "null" and len(kinds) > 1 and self.chance(0.6):
            kind = rng.choice([other for other in kinds if other != "null"])
        if self.chance(self.share_wrong):
            kind = rng.choice(("null", "bool", "int", "number", "text", "list", "map"))
        if kind == "list":
            value = self.list(row, path, depth)
        elif kind == "map":
            value = self.map(row, path, depth)
        else:
            value = self.scalar(kind, row, path)
        if self.share_tagged and self.chance(self.share_tagged / (1 + depth)):
            tag = rng.choice(("!reset", "!override", "!override"))
            if tag == "!reset" and self.chance(0.6):
                value = rng.choice((None, [], {}, ""))
            value = Tagged(tag, value)
        return value

    def list(self, row, path, depth):
        item = row.get("item") or ANYTHING
        values = []
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            self.parent_kinds = row["kinds"]
            value = self.value(item, path + ".[]", depth + 1)
            can_repeat = row.get("joined") or not row["unique"] or self.chance(self.share_wrong)
            if value not in values or (can_repeat and self.chance(0.2)):
                values.append(value)
        return values

    def names_for(self, path):
        last = path.split(".")[-1]
        if last in NAMES and path.startswith("services.*."):
            return NAMES[last]
        if last == "depends_on":
            return BELOW.get(self.current) or ("none",)
        if last == "ulimits":
            return ("nofile", "nproc", "core")
        if last == "driver_opts":
            return ("type", "o", "device", "k")
        if last == "storage_opt":
            return ("size",)
        return PAIR_KEYS

    def map(self, row, path, depth):
        rng, rows = self.random, row.get("rows", [])
        values = {}
        if rows:
            required = row.get("required", [])
            for nested in rng.sample(rows, min(len(rows), rng.choice((0, 1, 1, 2, 3)))):
                if nested["key"] not in required and not self.is_odd(nested["key"], path, values):
                    values[nested["key"]] = self.nested(nested, path, depth)
            for nested in rows:
                if nested["key"] in required + ["target", "source"] and \
                        not self.chance(self.share_wrong):
                    values.setdefault(nested["key"], self.nested(nested, path, depth))
        if row.get("value"):
            for _ in range(rng.choice((0, 1, 1, 2, 3))):
                key = rng.choice(self.names_for(path))
                values[key] = self.value(row["value"], f"{path}.*", depth + 1)
        if self.chance(0.05) and row.get("keys") == "extensible" and "ipam" not in path:
            values["x-own"] = rng.choice((1, "x", [1, {"a": None}]))
        if self.chance(self.share_wrong):
            values[rng.choice(("nope", "Image", "x", ""))] = "x"
        return values

    def is_odd(self, key, path, others):
        """A key that goes with no other, or one beside it."""
        section, last = path.split(".")[0], path.split(".")[-2]
        if last in ("gpus", "devices") and not self.chance(self.share_wrong):
            return key in ("count", "device_ids") and ("count" in others or "device_ids" in others)
        if section in SECTIONS and not self.chance(self.share_wrong):
            return "external" in others or (key == "external" and (others or section == "configs"))
        return key == "mac_address" and not self.chance(0.1)

    def nested(self, row, path, depth):
        return self.value(row, f"{path}.{row['key']}", depth + 1)

    # --- services and files ---------------------------------------------------------------------

    def service(self, name, most, file_aliases):
        """Lines of up to `most` attributes of one service, each key once; the keys."""
        rng, keys, lines = self.random, set(), []
        rows = self.table["services"]["value"]["rows"]
        rows = rows + [row for row in rows for _ in range(len(row["rows"]) // 3)]
        for _ in range(rng.randint(0, most)):
            if self.chance(0.25):
                pool = self.wrong if self.chance(self.share_wrong * 3) else self.right
                attribute = rng.choice(pool)
                key = attribute[0].split(":")[0].strip()
                if key not in keys and (key not in NAMING or self.chance(self.share_wrong)):
                    keys.add(key)
                    lines += attribute
                continue
            row = rng.choice(rows)
            key = row["key"]
            if key in keys | {"extends"} or (key == "depends_on" and name not in BELOW):
                continue
            value = self.value(row, f"services.*.{key}", 0)
            is_taken = key in ("image", "build") and (value is None or isinstance(value, Tagged))
            if is_taken and not self.chance(self.share_wrong):
                continue
            keys.add(key)
            if key in file_aliases and self.chance(0.3):
                value = Tagged("*" + rng.choice(file_aliases[key]), is_alone=True)
            elif isinstance(value, (dict, list)) and self.chance(0.1):
                anchor = f"k{rng.randrange(10 ** 6)}"
                file_aliases.setdefault(key, []).append(anchor)
                value = Tagged("&" + anchor, value)
            rest, more = self.writer.lines(value, 6)
            lines += [f"    {key}:{rest}"] + more
        return lines, keys

    def section(self, name):
        """Lines of a top-level section."""
        if name in TAIL and self.chance(0.5):
            return [f"{name}: {TAIL[name]}"]
        row = self.table[name]["value"]
        lines = [f"{name}:"]
        for key in NAMES[name]:
            if key == "default" and self.chance(0.7):
                continue
            value = self.value(row, f"{name}.*", 1)
            if name in CONTENT and not self.chance(self.share_wrong):
                value = value if isinstance(value, dict) else {}
                source = self.contents.setdefault(key, self.random.choice(CONTENT[name]))
                if self.is_included and source == "environment" and name == "configs":
                    source = self.contents[key] = "file"  # docker compose refuses its own result
                text = self.random.choice(CONTENT_VALUES[source])
                value = {source: text, **{k: v for k, v in value.items() if k not in CONTENT["configs"] and
                                          k not in ("external", "driver", "template_driver")}}
                if self.chance(0.1):
                    value = {"external": self.random.choice((True, "true", {"name": "other"}))}
            rest, more = self.writer.lines(value, 4)
            lines += [f"  {key}:{rest}"] + more
        return lines

    def document(self, services, is_first, most=5, needs_image=False):
        """Lines of a document: these services, and in the first one of a project the sections."""
        rng, aliases, lines = self.random, {}, []
        if is_first and self.chance(0.03):
            lines += [f"version: {rng.choice(BY_PATH['version'])!r}"]
        if is_first and self.chance(0.2):
            lines += [f"name: {rng.choice(('proj', 'Proj_1', '${A}', 'x-${U:-y}'))}"]
        merges = []
        if is_first and self.chance(0.15):
            lines += ["x-top: &top", "  labels: {top: label}", "  environment: {TOP: 1}",
                      "x-more: &more {stop_signal: '9', labels: [more]}"]
            merges = ["*top", "{cap_drop: [ALL], tty: true}", "[*top, *more]", "[*more, {hostname: h}, *top]"]
        lines += ["services:"]
        for name in services:
            self.current = name
            attributes, keys = self.service(name, most, aliases)
            is_new = is_first or needs_image or name not in self.known
            self.known.add(name)
            if is_new and not keys & {"image", "build", "provider"} and not self.chance(self.share_wrong):
                attributes = [f"    image: {rng.choice(BY_PATH['image'])}"] + attributes
            if merges and self.chance(0.4):
                attributes = [f"    <<: {rng.choice(merges)}"] + attributes
            lines += [f"  {name}:" + ("" if attributes else " {}")] + attributes
        for section in SECTIONS:
            if is_first or self.chance(0.05):
                lines += self.section(section)
        return lines

    def dotenv(self):
        return [self.random.choice(DOTENV) for _ in range(self.random.randint(0, 6))] + [""]

    def flags(self, case):
        rng = self.random
        if self.chance(0.15):
            case.args += ["--profile", rng.choice(("p", "q", "*"))]
        if self.chance(0.1):
            case.env["COMPOSE_PROFILES"] = rng.choice(("p", "q,r", "*"))
        if self.chance(0.1):
            case.args += ["-p", rng.choice(("other", "x-1", "Bad Name" if self.share_wrong else "y_2"))]
        if self.chance(0.05):
            case.args += ["--project-directory", rng.choice(("sub", "."))]
        if self.chance(0.1):
            case.args += ["--env-file", rng.choice(("a.env", "b.env"))]
        if self.chance(0.04):
            case.args += ["--all-resources"]
        for name, value in (("COMPOSE_PROJECT_NAME", "fromenv"), ("COMPOSE_ENV_FILES", "a.env,b.env")):
            if self.chance(0.04):
                case.env[name] = value
        if self.chance(0.04):
            case.config.append(rng.choice(("a", "b")))
        for flag in ("--no-interpolate", "--no-normalize", "--no-path-resolution", "--no-consistency",
                     "--no-env-resolution"):
            if self.chance(0.02):
                case.config.append(flag)

    def files_otherwise(self, case):
        """The files of -f by COMPOSE_FILE, or found by their names."""
        if self.chance(0.05):
            case.env["COMPOSE_FILE"] = ":".join(case.args[1::2])
            case.args = []
        elif self.chance(0.05) and len(case.args) <= 4:
            case.args = []
            if "over0.yaml" in case.files:
                case.files["compose.override.yaml"] = case.files.pop("over0.yaml")

    def form_extends(self, case):
        """a extends a service of another file or of its own; a chain now and then."""
        target = self.random.choice(("{file: sub/base.yaml, service: a}", "{service: b}", "b",
                                     "{file: ./sub/base.yaml, service: b}"))
        lines = self.document(["a", "b", "c"], True)
        lines.insert(lines.index("services:") + 1 + 1, f"    extends: {target}")
        lines = [line.replace("  a: {}", "  a:") if line == "  a: {}" else line for line in lines]
        if self.chance(0.3) and "  b:" in lines:
            lines.insert(lines.index("  b:") + 1, "    extends: c")
        base = self.document(["a", "b"], self.chance(0.3))
        if self.chance(0.3) and "  b:" in base:
            base.insert(base.index("  b:") + 1, "    extends: {file: deep.yaml, service: a}")
            case.files["sub/deep.yaml"] = self.document(["a"], False) + [""]
        case.files["compose.yaml"] = lines + [""]
        case.files["sub/base.yaml"] = base + [""]

    def form_include(self, case):
        rng = self.random
        entry = rng.choice(("- sub/more.yaml", "- path: sub/more.yaml", "- {path: [sub/more.yaml]}",
                            "- {path: sub/more.yaml, project_directory: sub}",
                            "- {path: ./sub/more.yaml, env_file: a.env}",
                            "- {path: sub/more.yaml, env_file: [a.env, b.env, /dev/null]}",
                            "- {path: sub/more.yaml, env_file: /dev/null}",
                            "- sub/more2.yaml\n- sub/more.yaml",
                            "- {path: [sub/more.yaml, sub/over.yaml], project_directory: .}"))
        case.files["compose.yaml"] = ["include:", *entry.split("\n")] + self.document(
            rng.choice((["q"], ["a"], ["q", "r"])), self.chance(0.3), needs_image=True) + [""]
        more = self.document(["a", "b", "c"], True)
        if self.chance(0.2):
            more = ["include: [more2.yaml]"] + more
        case.files["sub/more2.yaml"] = self.document(["z"], False, needs_image=True) + [""]
        case.files["sub/more.yaml"] = more + [""]
        case.files["sub/over.yaml"] = self.document(["a"], False) + [""]
        case.files["sub/.env"] = self.dotenv()

    def case(self, number):
        rng = self.random
        self.share_wrong = rng.choice((0, 0, 0, 0.01, 0.04))
        self.share_interpolated = rng.choice((0, 0, 0.1, 0.25))
        self.share_tagged = 0
        self.writer.share_odd = self.share_wrong
        form = rng.choice(("one", "two", "two", "three", "documents", "extends", "include"))
        self.current = "a"
        self.variables = {}
        self.known = set()
        self.contents = {}
        self.is_included = form == "include"
        self.parent_kinds = []
        case = cases.Case(f"random {number}", 0)
        case.env = {"A": "aa", "T": "tt", "E": ""}
        if form == "extends":
            self.form_extends(case)
        elif form == "include":
            self.form_include(case)
        else:
            case.files["compose.yaml"] = self.document(["a", "b", "c"], True) + [""]
        self.share_tagged = rng.choice((0, 0, 0.15))
        extra = {"two": 1, "three": 2, "documents": 1}.get(form, int(self.chance(0.2)))
        for index in range(extra):
            lines = self.document(rng.choice((["a"], ["a"], ["a", "b"], ["a", "d"])), False)
            if form == "documents":
                case.files["compose.yaml"] += ["---"] + lines + [""]
            else:
                case.files[f"over{index}.yaml"] = lines + [""]
                case.args += ["-f", f"over{index}.yaml"]
        self.files_otherwise(case)
        for name in (".env", "a.env", "b.env", "l.env"):
            if name != ".env" or self.chance(0.3):
                case.files[name] = self.dotenv()
        self.flags(case)
        case.env.update(self.variables)
        return case
