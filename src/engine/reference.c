/*
 * reference.c - image references as docker reads them: "redis", "ghcr.io/a/b:1@sha256:...". Text only;
 * whether the image exists is not its business.
 */
#include "base/base.h"

#include <ctype.h>

#include "base/mem.h"
#include "engine/engine.h"

#define PATH_MAX_LEN 255
#define TAG_MAX_LEN 128
#define DIGEST_MIN_HEX 32
#define SHA256_HEX_LEN 64

static const char default_domain[] = "docker.io";
static const char legacy_domain[] = "index.docker.io";
static const char official_prefix[] = "library/";

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool has_upper(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] >= 'A' && s.at[i] <= 'Z')
            return true;
    }
    return false;
}

/* ------------------------------------------------------------ the grammar of the parts */

/* Letters, digits and inner '-'. */
static bool is_domain_label(struct slice s)
{
    if (s.len == 0 || s.at[0] == '-' || s.at[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.at[i]) && s.at[i] != '-')
            return false;
    }
    return true;
}

static bool is_port(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    }
    return s.len > 0;
}

static bool is_domain(struct slice s)
{
    struct slice host = s;
    size_t colon = s.len;
    while (colon > 0 && s.at[colon - 1] != ':' && s.at[colon - 1] != ']')
        colon--;
    if (colon > 0 && s.at[colon - 1] == ':') {
        host.len = colon - 1;
        if (!is_port((struct slice){ s.at + colon, s.len - colon }))
            return false;
    }
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        for (size_t i = 1; i + 1 < host.len; i++) {
            if (!isxdigit((unsigned char)host.at[i]) && host.at[i] != ':')
                return false;
        }
        return true;
    }
    struct slice label;
    bool is_more = true;
    while (is_more) {
        is_more = slice_split(&host, '.', &label);
        if (!is_domain_label(label))
            return false;
    }
    return true;
}

/* The length of a separator within a path component at s[i]: '.', '_', "__" or any number of '-'. */
static size_t separator_len(struct slice s, size_t i)
{
    size_t n = 0;
    if (s.at[i] == '.')
        return 1;
    if (s.at[i] == '_')
        return i + 1 < s.len && s.at[i + 1] == '_' ? 2 : 1;
    while (i + n < s.len && s.at[i + n] == '-')
        n++;
    return n;
}

static bool is_component(struct slice s)
{
    if (s.len == 0 || !is_lower_alnum(s.at[0]))
        return false;
    for (size_t i = 0; i < s.len;) {
        if (is_lower_alnum(s.at[i])) {
            i++;
            continue;
        }
        size_t n = separator_len(s, i);
        i += n;
        if (n == 0 || i >= s.len || !is_lower_alnum(s.at[i]))
            return false;
    }
    return true;
}

static bool is_path(struct slice s)
{
    struct slice component;
    bool is_more = true;
    while (is_more) {
        is_more = slice_split(&s, '/', &component);
        if (!is_component(component))
            return false;
    }
    return true;
}

static bool is_tag(struct slice s)
{
    if (s.len == 0 || s.len > TAG_MAX_LEN || s.at[0] == '.' || s.at[0] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.at[i]) && !strchr("_.-", s.at[i]))
            return false;
    }
    return memchr(s.at, '\0', s.len) == NULL;
}

static bool is_algorithm(struct slice s)
{
    bool starts = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (starts ? !isalpha((unsigned char)c) : !is_alnum(c) && !strchr("-_+.", c))
            return false;
        starts = !is_alnum(c);
    }
    return s.len > 0 && !starts;
}

static bool is_digest(struct slice s)
{
    struct slice algorithm;
    if (!slice_split(&s, ':', &algorithm) || !is_algorithm(algorithm) || s.len < DIGEST_MIN_HEX)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!isxdigit((unsigned char)s.at[i]))
            return false;
    }
    if (slice_is(algorithm, "sha256"))
        return s.len == SHA256_HEX_LEN && !has_upper(s);
    return (slice_is(algorithm, "sha384") && s.len == 96 && !has_upper(s)) ||
           (slice_is(algorithm, "sha512") && s.len == 128 && !has_upper(s));
}

static bool is_hex_id(const char *text)
{
    return strlen(text) == SHA256_HEX_LEN && strspn(text, "0123456789abcdef") == SHA256_HEX_LEN;
}

/* ------------------------------------------------------------ taking it apart */

struct parts {
    struct slice domain, path, tag, digest;
    bool is_official; /* "library/" goes before the path */
};

/* docker's rule: what stands before the first '/' is a registry when it has a '.', a ':' or an upper-case
   letter, or is "localhost". */
static void split_domain(struct slice s, struct parts *ret, struct slice *ret_rest)
{
    ptrdiff_t slash = slice_find(s, '/', 0);
    struct slice head = { s.at, slash < 0 ? 0 : (size_t)slash };
    *ret_rest = s;
    ret->domain = slice_from(default_domain);
    if (slash >= 0 && (slice_find(head, '.', 0) >= 0 || slice_find(head, ':', 0) >= 0 ||
                       has_upper(head) || slice_is(head, "localhost"))) {
        ret->domain = head;
        *ret_rest = (struct slice){ s.at + slash + 1, s.len - (size_t)slash - 1 };
        if (slice_is(head, legacy_domain))
            ret->domain = slice_from(default_domain);
    }
}

static void split_rest(struct slice rest, struct parts *ret, bool *ret_has_tag,
                       bool *ret_has_digest)
{
    struct slice name;
    *ret_has_digest = slice_split(&rest, '@', &name);
    ret->digest = rest;
    *ret_has_tag = slice_split(&name, ':', &ret->path);
    ret->tag = name;
    ret->is_official = slice_is(ret->domain, default_domain) && slice_find(ret->path, '/', 0) < 0;
}

static int check_parts(const char *text, const struct parts *parts, bool has_tag, bool has_digest,
                       struct err *err)
{
    size_t path_len = parts->path.len + (parts->is_official ? strlen(official_prefix) : 0);
    if (parts->path.len > 0 && has_upper(parts->path))
        return err_set(err, ERR_FAILED,
                       "invalid reference format: repository name (%.*s) must be lowercase",
                       (int)MIN(parts->path.len, 255u), parts->path.at);
    if (!is_domain(parts->domain) || !is_path(parts->path) || (has_tag && !is_tag(parts->tag)) ||
        (has_digest && !is_digest(parts->digest)))
        return err_set(err, ERR_FAILED, "invalid reference format: \"%.300s\"", text);
    if (path_len > PATH_MAX_LEN)
        return err_set(err, ERR_FAILED,
                       "repository name must not be more than %d characters: \"%.300s\"",
                       PATH_MAX_LEN, text);
    return 0;
}

static char *dup_slice(struct slice s)
{
    return mem_dup_len(s.at, s.len);
}

/* Does the path without docker's own registry before it read as one of another registry? */
static bool reads_as_domain(struct slice path)
{
    struct parts parts;
    struct slice rest;
    split_domain(path, &parts, &rest);
    return rest.len != path.len;
}

static char *familiar_text(const struct parts *parts, bool has_tag, bool has_digest)
{
    STR_AUTO(text);
    struct slice path = parts->path;
    if (!slice_is(parts->domain, default_domain) || reads_as_domain(path)) {
        str_add_len(&text, parts->domain.at, parts->domain.len);
        str_add_char(&text, '/');
    } else if (slice_starts(path, official_prefix)) {
        struct slice name = { path.at + strlen(official_prefix),
                              path.len - strlen(official_prefix) };
        if (slice_find(name, '/', 0) < 0)
            path = name;
    }
    str_add_len(&text, path.at, path.len);
    if (has_tag)
        str_printf(&text, ":%.*s", (int)parts->tag.len, parts->tag.at);
    if (has_digest)
        str_printf(&text, "@%.*s", (int)parts->digest.len, parts->digest.at);
    return str_steal(&text);
}

int image_reference_parse(const char *text, struct image_reference *ret, struct err *err)
{
    struct parts parts;
    struct slice rest;
    bool has_tag, has_digest;
    if (*text == '\0')
        return err_set(err, ERR_FAILED, "invalid reference format: an image reference is empty");
    if (is_hex_id(text))
        return err_set(err, ERR_FAILED,
                       "invalid repository name (%s), cannot specify 64-byte hexadecimal "
                       "strings",
                       text);
    split_domain(slice_from(text), &parts, &rest);
    split_rest(rest, &parts, &has_tag, &has_digest);
    if (check_parts(text, &parts, has_tag, has_digest, err) != 0)
        return -1;
    STR_AUTO(path);
    str_add(&path, parts.is_official ? official_prefix : "");
    str_add_len(&path, parts.path.at, parts.path.len);
    ret->domain = dup_slice(parts.domain);
    ret->path = str_steal(&path);
    ret->tag = has_tag ? dup_slice(parts.tag) : has_digest ? NULL : mem_dup("latest");
    ret->digest = has_digest ? dup_slice(parts.digest) : NULL;
    ret->familiar = familiar_text(&parts, has_tag, has_digest);
    return 0;
}

void image_reference_release(struct image_reference *reference)
{
    mem_free(reference->domain);
    mem_free(reference->path);
    mem_free(reference->tag);
    mem_free(reference->digest);
    mem_free(reference->familiar);
    memset(reference, 0, sizeof(*reference));
}
