/*
 * fuzz_yread.c - the YAML reader and writers: whatever is accepted must be written as YAML that is
 * accepted again and gives the same bytes once more, and as JSON that our own reader takes.
 */
#include "base/base.h"

#include "data/jread.h"
#include "data/jwrite.h"
#include "data/yread.h"
#include "data/ywrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static void check_places(const struct node *node)
{
    MUST(node->at.file == 1 && node->at.line > 0 && node->at.column > 0);
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(node, item)
            check_places(*item);
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair) {
            MUST(node_get_pair(node, pair->key, pair->key_len) == pair);
            check_places(pair->value);
        }
    }
}

/* A text of several lines whose first that is not empty begins with a tab: docker compose writes a
 * block that no reader takes, and the writer does as it does. */
static bool is_tab_block(const char *text, size_t len)
{
    return text[strspn(text, "\r\n")] == '\t' && memchr(text, '\n', len);
}

static bool has_tab_block(const struct node *node)
{
    if (node->kind == NODE_TEXT)
        return is_tab_block(node->u.text.bytes, node->u.text.len);
    if (node->kind == NODE_LIST) {
        NODE_EACH_ITEM(node, item) {
            if (has_tab_block(*item))
                return true;
        }
    } else if (node->kind == NODE_MAP) {
        NODE_EACH_PAIR(node, pair) {
            if (is_tab_block(pair->key, pair->key_len) || has_tab_block(pair->value))
                return true;
        }
    }
    return false;
}

static void check_yaml(struct arena *arena, const struct node *node)
{
    struct findings findings = FINDINGS_INIT;
    struct yread_documents again;
    STR_AUTO(first);
    STR_AUTO(second);

    ywrite_node(node, 0, &first);
    int result = yread_parse(arena, 1, first.buf, first.len, &again, &findings);
    /* What is written can be larger than what aliases let in, never wrong in another way. */
    MUST(result == 0 && again.n == 1);
    ywrite_node(again.items[0], 0, &second);
    MUST(first.len == second.len && memcmp(first.buf, second.buf, first.len) == 0);
    findings_release(&findings);
}

static void check_json(struct arena *arena, const struct node *node)
{
    struct node *again;
    STR_AUTO(text);
    ERR_AUTO(err);

    jwrite_node_text(node, JWRITE_HTML | JWRITE_INDENT2, &text);
    int result = jread_parse(arena, 0, text.buf, text.len, &again, &err);
    MUST(result == 0 || err.code == ERR_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct yread_documents documents;

    if (yread_parse(arena, 1, (const char *)data, size, &documents, &findings) == 0) {
        for (size_t i = 0; i < documents.n; i++) {
            check_places(documents.items[i]);
            if (arena_used(arena) < (4u << 20)) {
                if (!has_tab_block(documents.items[i]))
                    check_yaml(arena, documents.items[i]);
                check_json(arena, documents.items[i]);
            }
        }
    } else {
        MUST(findings.n_errors > 0);
    }
    findings_release(&findings);
    arena_free(arena);
    return 0;
}
