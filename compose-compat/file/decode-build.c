/*
 * decode-build.c - builds, watch rules, hooks and the uses of secrets and configs into the model.
 */
#include "base/base.h"

#include "compose-compat/file/decode-parts.h"

static const struct decode_row file_ref_rows[] = {
    DECODE_ROW("source", decode_text, struct file_reference, source),
    DECODE_ROW("target", decode_text, struct file_reference, target),
    DECODE_ROW("uid", decode_text, struct file_reference, uid),
    DECODE_ROW("gid", decode_text, struct file_reference, gid),
    DECODE_ROW("mode", decode_opt_mode, struct file_reference, mode),
    DECODE_END,
};

int decode_file_refs(struct decode *decode, const struct node *value, const struct decode_row *row,
                     void *member)
{
    (void)row;
    if (!node_is(value, NODE_LIST))
        return 0;
    NODE_EACH_ITEM(value, item) {
        struct file_reference *reference = decode_new_item(decode, member, sizeof(*reference));
        decode_map(decode, *item, file_ref_rows, reference);
        reference->at = (*item)->at;
    }
    return 0;
}

static const struct decode_row build_rows[] = {
    DECODE_ROW("context", decode_text, struct build, context),
    DECODE_ROW("dockerfile", decode_text, struct build, dockerfile),
    DECODE_ROW("dockerfile_inline", decode_text, struct build, dockerfile_inline),
    DECODE_ROW("target", decode_text, struct build, target),
    DECODE_ROW("network", decode_text, struct build, network),
    DECODE_ROW("isolation", decode_text, struct build, isolation),
    DECODE_ROW("args", decode_pairs, struct build, args),
    DECODE_ROW("labels", decode_pairs, struct build, labels),
    DECODE_ROW("additional_contexts", decode_pairs, struct build, additional_contexts),
    DECODE_ROW("extra_hosts", decode_hosts, struct build, extra_hosts),
    DECODE_ROW("ssh", decode_keys, struct build, ssh),
    DECODE_ROW("cache_from", decode_texts, struct build, cache_from),
    DECODE_ROW("cache_to", decode_texts, struct build, cache_to),
    DECODE_ROW("tags", decode_texts, struct build, tags),
    DECODE_ROW("platforms", decode_texts, struct build, platforms),
    DECODE_ROW("entitlements", decode_texts, struct build, entitlements),
    DECODE_ROW("no_cache_filter", decode_texts, struct build, no_cache_filter),
    DECODE_ROW("secrets", decode_file_refs, struct build, secrets),
    DECODE_ROW("ulimits", decode_ulimits, struct build, ulimits),
    DECODE_ROW("provenance", decode_text, struct build, provenance),
    DECODE_ROW("sbom", decode_text, struct build, sbom),
    DECODE_ROW("shm_size", decode_size, struct build, shm_size),
    DECODE_ROW("no_cache", decode_bool, struct build, no_cache),
    DECODE_ROW("pull", decode_bool, struct build, pull),
    DECODE_ROW("privileged", decode_bool, struct build, privileged),
    DECODE_END,
};

int decode_build(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    (void)row;
    if (!node_is(value, NODE_MAP))
        return 0;
    struct build *build = ARENA_NEW(decode->arena, struct build);
    build->at = value->at;
    *(struct build **)member = build;
    return decode_map(decode, value, build_rows, build);
}

static const struct decode_row hook_rows[] = {
    DECODE_ROW("command", decode_words, struct hook, command),
    DECODE_ROW("image", decode_text, struct hook, image),
    DECODE_ROW("user", decode_text, struct hook, user),
    DECODE_ROW("working_dir", decode_text, struct hook, working_dir),
    DECODE_ROW("privileged", decode_bool, struct hook, privileged),
    DECODE_ROW("per_replica", decode_bool, struct hook, per_replica),
    DECODE_ROW("environment", decode_pairs, struct hook, environment),
    DECODE_END,
};

int decode_hooks(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    (void)row;
    if (!node_is(value, NODE_LIST))
        return 0;
    NODE_EACH_ITEM(value, item) {
        struct hook *hook = decode_new_item(decode, member, sizeof(*hook));
        decode_map(decode, *item, hook_rows, hook);
        hook->at = (*item)->at;
    }
    return 0;
}

static const struct decode_row watch_rows[] = {
    DECODE_ROW("path", decode_text, struct watch_rule, path),
    DECODE_ROW("action", decode_text, struct watch_rule, action),
    DECODE_ROW("target", decode_text, struct watch_rule, target),
    DECODE_ROW("ignore", decode_texts, struct watch_rule, ignore),
    DECODE_ROW("include", decode_texts, struct watch_rule, include),
    DECODE_MORE("exec", decode_struct, struct watch_rule, exec, hook_rows, sizeof(struct hook)),
    DECODE_ROW("initial_sync", decode_bool, struct watch_rule, initial_sync),
    DECODE_END,
};

int decode_watch(struct decode *decode, const struct node *value, const struct decode_row *row,
                 void *member)
{
    const struct node *rules = node_get(value, "watch");
    (void)row;
    if (!node_is(rules, NODE_LIST))
        return 0;
    NODE_EACH_ITEM(rules, item) {
        struct watch_rule *rule = decode_new_item(decode, member, sizeof(*rule));
        decode_map(decode, *item, watch_rows, rule);
    }
    return 0;
}
