/*
 * bind-scalar.c - one scalar as the type that its row asks for: sizes, durations, modes and floats
 * parsed and in their printed form. Texts are what interpolation left; most types take them.
 */
#include "base/base.h"

#include "compose-compat/file/bind.h"

#include "compose-compat/file/quantity.h"

static struct node *printed(struct binder *binder, const struct node *node, const char *text)
{
    struct node *fresh = node_text(binder->arena, node->at, text);
    fresh->overrode = node->overrode;
    fresh->flags = node->flags & NODE_SENSITIVE;
    return fresh;
}

static struct node *refuse_kind(struct binder *binder, const struct node *node, const char *wanted)
{
    bind_refuse(binder, node, "%s is not %s", node_kind_name(node->kind), wanted);
    return NULL;
}

static struct node *scalar_text(struct binder *binder, struct node *node, unsigned kinds)
{
    STR_AUTO(text);
    if (node_is(node, NODE_TEXT))
        return node;
    if (!node_is(node, NODE_INT) && !(node_is(node, NODE_BOOL) && (kinds & KIND_BOOL)))
        return refuse_kind(binder, node, "a string");
    node_scalar_text(node, &text);
    return printed(binder, node, text.buf);
}

struct node *bind_strict_text(struct binder *binder, struct node *node)
{
    return node_is(node, NODE_NULL) ? NULL : scalar_text(binder, node, KIND_TEXT);
}

static struct node *scalar_bool(struct binder *binder, struct node *node)
{
    bool value, is_old;
    if (node_is(node, NODE_BOOL))
        return node;
    if (!node_is(node, NODE_TEXT))
        return refuse_kind(binder, node, "a boolean");
    const char *text = node->u.text.bytes;
    if (quantity_bool(text, &value, &is_old) < 0) {
        bind_refuse(binder, node, "\"%s\" is no boolean", text);
        return NULL;
    }
    if (is_old)
        finding_add(binder->findings, FINDING_WARNING, node->at, binder->path.buf,
                    "\"%s\" is no boolean of YAML 1.2: write %s", text, value ? "true" : "false");
    struct node *fresh = node_bool(binder->arena, node->at, value);
    fresh->overrode = node->overrode;
    return fresh;
}

/* unsigned_bits: 0 for a signed one; what has fewer than 64 wraps. */
static struct node *scalar_int(struct binder *binder, struct node *node, unsigned unsigned_bits)
{
    bool is_unsigned = unsigned_bits > 0;
    int64_t value;
    if (node_is(node, NODE_INT))
        value = node->u.integer;
    else if (node_is(node, NODE_UINT) && is_unsigned) {
        bind_refuse(binder, node, "%llu is too large", (unsigned long long)node->u.unsigned_integer);
        return NULL;
    } else if (node_is(node, NODE_UINT))
        value = (int64_t)node->u.unsigned_integer; /* wraps, as it does in docker compose */
    else if (node_is(node, NODE_FLOAT))
        value = quantity_truncate(node->u.number);
    else if (!node_is(node, NODE_TEXT) || is_unsigned)
        return refuse_kind(binder, node, "an integer");
    else if (text_to_int(node->u.text.bytes, &value) != 0) {
        bind_refuse(binder, node, "\"%s\" is no integer", node->u.text.bytes);
        return NULL;
    }
    if (is_unsigned && value < 0) {
        bind_refuse(binder, node, "%lld is negative", (long long)value);
        return NULL;
    }
    if (is_unsigned && unsigned_bits < 64)
        value &= ((int64_t)1 << unsigned_bits) - 1;
    if (node_is(node, NODE_INT) && value == node->u.integer)
        return node;
    struct node *fresh = node_int(binder->arena, node->at, value);
    fresh->overrode = node->overrode;
    return fresh;
}

static struct node *scalar_float(struct binder *binder, struct node *node)
{
    double value = 0;
    if (node_is(node, NODE_INT))
        value = (double)node->u.integer;
    else if (node_is(node, NODE_FLOAT))
        value = node->u.number;
    else if (!node_is(node, NODE_TEXT))
        return refuse_kind(binder, node, "a number");
    else if (quantity_float(node->u.text.bytes, &value) != 0) {
        bind_refuse(binder, node, "\"%s\" is no number", node->u.text.bytes);
        return NULL;
    }
    struct node *fresh = node_float(binder->arena, node->at, quantity_round_float(value));
    fresh->overrode = node->overrode;
    return fresh;
}

static struct node *scalar_bytes(struct binder *binder, struct node *node)
{
    int64_t bytes = 0;
    const char *reason;
    STR_AUTO(text);
    if (node_is(node, NODE_INT)) {
        bytes = node->u.integer;
    } else if (node_is(node, NODE_TEXT)) {
        if (quantity_bytes(node->u.text.bytes, &bytes, &reason) != 0) {
            finding_hint(bind_refuse(binder, node, "the size \"%s\" is wrong: %s",
                                     node->u.text.bytes, reason),
                         "write a number and a unit: 512k, 64m, 1.5g");
            return NULL;
        }
    } else if (node_is(node, NODE_FLOAT)) {
        finding_add(binder->findings, FINDING_WARNING, node->at, binder->path.buf,
                    "a size with a decimal point and without a unit has no effect");
    }
    str_printf(&text, "%lld", (long long)bytes);
    return printed(binder, node, text.buf);
}

static struct node *scalar_duration(struct binder *binder, struct node *node)
{
    int64_t ns;
    const char *reason;
    STR_AUTO(text);
    node_scalar_text(node, &text);
    if (quantity_duration(text.buf, &ns, &reason) != 0) {
        finding_hint(bind_refuse(binder, node, "the duration \"%s\" is wrong: %s", text.buf, reason),
                     "write numbers and units: 500ms, 10s, 1m30s");
        return NULL;
    }
    str_clear(&text);
    quantity_duration_print(ns, &text);
    return printed(binder, node, text.buf);
}

static struct node *scalar_mode(struct binder *binder, struct node *node)
{
    int64_t mode = 0;
    STR_AUTO(text);
    if (node_is(node, NODE_INT)) {
        mode = node->u.integer;
    } else if (!node_is(node, NODE_TEXT)) {
        return refuse_kind(binder, node, "a file mode");
    } else if (quantity_mode(node->u.text.bytes, &mode) != 0) {
        bind_refuse(binder, node, "\"%s\" is no octal file mode", node->u.text.bytes);
        return NULL;
    }
    str_printf(&text, mode < 0 ? "0-%llo" : "0%llo",
               (unsigned long long)(mode < 0 ? -mode : mode));
    return printed(binder, node, text.buf);
}

static struct node *scalar_count(struct binder *binder, struct node *node)
{
    int64_t count = -1;
    if (node_is(node, NODE_INT))
        return node;
    if (!node_is(node, NODE_TEXT))
        return refuse_kind(binder, node, "a count");
    if (strcasecmp(node->u.text.bytes, "all") != 0 &&
        text_to_int(node->u.text.bytes, &count) != 0) {
        bind_refuse(binder, node, "\"%s\" is neither \"all\" nor a number", node->u.text.bytes);
        return NULL;
    }
    return node_int(binder->arena, node->at, count);
}

struct node *bind_as_text(struct binder *binder, struct node *node)
{
    if (node_is(node, NODE_NULL))
        return NULL;
    if (node_is(node, NODE_TEXT))
        return node;
    STR_AUTO(text);
    node_scalar_text(node, &text);
    if (node_is(node, NODE_TIME))
        finding_hint(finding_add(binder->findings, FINDING_WARNING, node->at, binder->path.buf,
                                 "a date without quotes becomes \"%s\"", text.buf),
                     "put quotes around it to keep it as it is written");
    return printed(binder, node, text.buf);
}

struct node *bind_scalar(struct binder *binder, struct node *node, const struct schema_row *row)
{
    if (node_is(node, NODE_NULL))
        return NULL;
    switch ((enum schema_bind)row->bind) {
    case BIND_TEXT:
        return scalar_text(binder, node, row->type->kinds);
    case BIND_BOOL:
        return scalar_bool(binder, node);
    case BIND_INT:
        return scalar_int(binder, node, 0);
    case BIND_UINT:
        return scalar_int(binder, node, 64);
    case BIND_UINT16:
        return scalar_int(binder, node, 16);
    case BIND_UINT32:
        return scalar_int(binder, node, 32);
    case BIND_FLOAT:
    case BIND_CPUS:
        return scalar_float(binder, node);
    case BIND_BYTES:
    case BIND_RATE:
        return scalar_bytes(binder, node);
    case BIND_DURATION:
        return scalar_duration(binder, node);
    case BIND_MODE:
        return scalar_mode(binder, node);
    case BIND_COUNT:
        return scalar_count(binder, node);
    case BIND_NODE:
    case BIND_WORDS:
    case BIND_TEXTS:
    case BIND_PAIRS:
    case BIND_TEXT_PAIRS:
    case BIND_ENV:
        break;
    }
    return node;
}
