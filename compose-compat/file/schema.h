/*
 * schema.h - the one table of the Compose specification: every attribute in every form, and what each
 * stage of the loader does with it. Validation, casts, merging, uniqueness, canonical forms, paths,
 * binding, the order of `config` output and of hashed text, and the documentation all read it; none of
 * them knows an attribute by itself. It holds no code of these stages, only what they look up.
 *
 * A *type* says what a value may be (kinds, nested keys, items). A *row* is one attribute: its key, its
 * type and a column for each stage. Items of lists and values of user-named keys are rows too, without
 * a key, so that they can have columns of their own.
 *
 * To walk a tree: start with schema_root(), go down with schema_row_of() for each pair of a map and with
 * type->item for each item of a list. A NULL row means that nothing is known: x-*, an unknown key.
 */
#ifndef OCTO_COMPOSE_FILE_SCHEMA_H
#define OCTO_COMPOSE_FILE_SCHEMA_H

#include "data/node.h"

enum schema_kind { /* bits; JSON's types, as the specification counts them */
    KIND_NULL = 1,
    KIND_BOOL = 2,
    KIND_INT = 4,     /* an integer, or a float without fraction */
    KIND_NUMBER = 8,  /* any number */
    KIND_TEXT = 16,
    KIND_LIST = 32,
    KIND_MAP = 64,
};

/* Which keys a map takes. */
enum schema_keys {
    KEYS_EXTENSIBLE, /* the rows and x-* */
    KEYS_CLOSED,     /* the rows only, not even x-* */
    KEYS_OPEN,       /* the rows, and anything else is left alone */
    KEYS_NAMES,      /* names that the user gives: [a-zA-Z0-9._-]+, each with type->value */
    KEYS_NAMES_OPEN, /* the same, but what has a name of another form is not checked */
    KEYS_WORDS_OPEN, /* the same with [a-z]+ */
    KEYS_ANY,        /* any text but "", each with type->value */
    KEYS_ANY_OPEN,   /* any text; what has the name "" is not checked */
};

enum schema_pattern { PATTERN_NONE, PATTERN_CONTAINER_NAME, PATTERN_PULL_POLICY };

/* What a text becomes right after interpolation (compose-file.md 5.2). */
enum schema_cast { CAST_NONE, CAST_BOOL, CAST_INT, CAST_FLOAT };

/* How a later value joins an earlier one (4.2). */
enum schema_merge {
    MERGE_DEFAULT,     /* maps recursively, lists append, else the later one; a later null is ignored */
    MERGE_REPLACE,     /* the later value as it is, null too */
    MERGE_SEQUENCE,    /* both to lists first: text to [text], map to ["key=value", ...] */
    MERGE_EXTRA_HOSTS, /* both to lists of "host=ip", exact duplicates dropped */
    MERGE_DEPENDS_ON,  /* a list to a map with default conditions, then recursively */
    MERGE_NAMES,       /* a list to a map with null values, then recursively */
    MERGE_BUILD,       /* a text to {context: text}, then recursively */
    MERGE_LOGGING,     /* recursively when the drivers agree or one is missing, else the later one */
    MERGE_POOLS,       /* ipam.config: by subnet */
};

/* Which items of a list are the same one; the later stays, at the place of the earlier (4.3). */
enum schema_unique {
    UNIQUE_NONE,
    UNIQUE_PAIR,   /* the text before '=' */
    UNIQUE_TEXT,   /* the text of the item */
    UNIQUE_MOUNT,  /* the target */
    UNIQUE_DEVICE, /* the target */
    UNIQUE_CONFIG, /* the target, or /source */
    UNIQUE_SECRET, /* the target, or /run/secrets/source */
    UNIQUE_PATH,   /* the path (env_file) */
    UNIQUE_PORT,   /* host_ip:published:target/protocol */
};

/* The canonical form that a short form becomes (section 9). */
enum schema_canonical {
    CANON_NONE,
    CANON_BUILD,         /* text -> {context} */
    CANON_DEPENDS_ON,    /* list -> map of {condition, required} */
    CANON_NAMES,         /* list -> map with null values (networks, models) */
    CANON_ENV_FILE,      /* text or list -> list of {path, required} */
    CANON_TEXT,          /* boolean -> its text */
    CANON_LIST,          /* text -> [text] */
    CANON_PAIRS,         /* list of "k=v" -> map */
    CANON_EXTENDS,       /* text -> {service} */
    CANON_GPUS,          /* "all" -> [{count: all}] */
    CANON_MOUNT,         /* an item: text -> mount */
    CANON_DEVICE,        /* an item: text -> {source, target, permissions} */
    CANON_FILE_REF,      /* an item: text -> {source} (secrets, configs) */
    CANON_PORTS,         /* the list: text and numbers -> maps, ranges expanded */
    CANON_ULIMIT,        /* a value: text -> number; a mapping stays */
    CANON_SSH,           /* list or map -> map of id: path */
    CANON_EXTRA_HOSTS,   /* list or map -> host: [ip, ...] */
    CANON_EXTERNAL,      /* the object: external: {name} -> external: true, name */
    CANON_INCLUDE,       /* text -> {path: [text]} */
    CANON_WORDS,         /* text -> shell words */
    CANON_TEST,          /* text -> [CMD-SHELL, text] */
};

/* Which paths are made absolute (9.1). */
enum schema_path {
    PATH_NONE,
    PATH_FILE,          /* joined with the project's folder */
    PATH_MAYBE_WINDOWS, /* the same, but a Windows path is absolute too */
    PATH_CONTEXT,       /* unless it is a URL or service:... (build.context) */
    PATH_CONTEXTS,      /* each value of a map or list of contexts */
    PATH_MOUNT,         /* the source of a mount of type bind */
    PATH_WATCH,         /* and its first symbolic link is followed */
    PATH_DRIVER_OPTS,   /* device of a local bind volume */
    PATH_EXTENDS,       /* extends.file: handled by extends */
    PATH_INCLUDE,       /* handled by include */
};

/* What a scalar is bound to at the end, and so how it prints. */
enum schema_bind {
    BIND_NODE,     /* stays as it is: structures, x-*, free maps */
    BIND_TEXT,     /* a number or boolean is an error unless the kinds allow it, then its text */
    BIND_BOOL,
    BIND_INT,
    BIND_UINT,     /* texts are not converted */
    BIND_UINT16,   /* the same, and what is larger wraps, as it does in docker compose */
    BIND_UINT32,
    BIND_FLOAT,    /* 32 bits */
    BIND_BYTES,    /* a size, printed as a quoted number */
    BIND_DURATION, /* printed as Go does: "1m30s" */
    BIND_MODE,     /* a file mode, printed "0440" */
    BIND_COUNT,    /* a number or "all" (-1) */
    BIND_RATE,     /* blkio: size or number, printed as BIND_BYTES */
    BIND_WORDS,    /* list of texts; null, [] and absent differ */
    BIND_TEXTS,    /* list of texts */
    BIND_PAIRS,    /* map of texts; a null is "" */
    BIND_TEXT_PAIRS, /* map of texts and integers; a null is "" */
    BIND_ENV,      /* map of texts; a null stays null */
    BIND_CPUS,     /* BIND_FLOAT that takes texts too */
};

/* When `config` and the hash leave it out. */
enum schema_omit {
    OMIT_EMPTY,  /* zero, false, "", [] and {} are left out */
    OMIT_UNSET,  /* printed even when zero or false; only absence leaves it out */
    OMIT_NEVER,  /* always printed, a zero when absent; words (command) are null then, in JSON only */
    OMIT_STRUCT, /* JSON always has it: {} when absent (ipam, resources, placement) */
    OMIT_TRUE,   /* only false is printed (create_host_path, env_file required) */
    OMIT_ALWAYS, /* accepted and dropped */
};

struct schema_row;

struct schema_type {
    uint8_t kinds;          /* enum schema_kind */
    uint8_t keys;           /* enum schema_keys, for maps */
    uint8_t pattern;        /* enum schema_pattern, for texts */
    bool unique_items;      /* equal items of a list are an error */
    bool drops_extensions;  /* x-* is accepted in maps, but neither printed nor hashed */
    bool has_range;         /* of integers */
    int16_t minimum, maximum; /* maximum INT16_MAX: none */
    uint16_t n_rows;
    const struct schema_row *rows;   /* known keys, sorted bytewise */
    const struct schema_row *item;   /* of a list; NULL: anything */
    const struct schema_row *value;  /* of user-named keys; NULL: anything */
    const char *const *words;        /* the texts that are allowed, NULL-terminated, or NULL: any */
    const char *const *required;     /* keys that must be there, NULL-terminated, or NULL */
    const char *forms;               /* expected forms for a hint: "KEY=VALUE or a mapping", or NULL */
};

struct schema_row {
    const char *key; /* NULL for items and values of user-named keys */
    const struct schema_type *type;
    uint8_t order;     /* place in output, from 1; 0: sorted by key (user-named), or not printed */
    uint8_t cast;      /* enum schema_cast */
    uint8_t merge;     /* enum schema_merge */
    uint8_t unique;    /* enum schema_unique */
    uint8_t canonical; /* enum schema_canonical */
    uint8_t path;      /* enum schema_path */
    uint8_t bind;      /* enum schema_bind */
    uint8_t omit;      /* enum schema_omit */
    const char *json_name;  /* the key in JSON output when it is another one (Path, Rate), else NULL */
    const char *deprecated; /* what to use instead, or why it has no effect; NULL: current */
};

/* The row of the whole document. */
const struct schema_row *schema_root(void);
/* The row of services.<name>, networks.<name>, ...; section is "services", "networks", ... */
const struct schema_row *schema_section(const char *section);
/* The row of a known key of type, or NULL. */
const struct schema_row *schema_find(const struct schema_type *type, const char *key);
/* The row that the value under key has in a map of row's type: a known key's, the user-named keys' one,
   or NULL (x-*, unknown, row is NULL). */
const struct schema_row *schema_row_of(const struct schema_row *row, const char *key);
/* The row of a list's items, or NULL. */
const struct schema_row *schema_item(const struct schema_row *row);
/* The row at a dotted pattern with "*" for names and items ("services.*.ports.*.target"), or NULL. */
const struct schema_row *schema_at(const char *pattern);
/* True when keys of the map are the user's names, so that "x-a" is an ordinary one. */
bool schema_is_user_map(const struct schema_type *type);
/* The kinds that a node counts as (an integer is KIND_INT | KIND_NUMBER). */
unsigned schema_kinds_of(const struct node *node);
/* Appends "a string, a list or a mapping". */
void schema_print_kinds(unsigned kinds, struct str *out);
/* Calls fn for every row of the table with its pattern, each path once. */
typedef void (*schema_each_fn)(void *arg, const char *pattern, const struct schema_row *row);
void schema_each(schema_each_fn fn, void *arg);

#endif
